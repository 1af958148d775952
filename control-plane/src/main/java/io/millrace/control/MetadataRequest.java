package io.millrace.control;

import io.millrace.codec.wire.CreateScopeDecoder;
import io.millrace.codec.wire.CreateStreamDecoder;
import io.millrace.codec.wire.DeleteScopeDecoder;
import io.millrace.codec.wire.DeleteStreamDecoder;
import io.millrace.codec.wire.DescribeClusterDecoder;
import io.millrace.codec.wire.DescribeStreamDecoder;
import io.millrace.codec.wire.ListStreamsDecoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.OperateClusterDecoder;
import io.millrace.codec.wire.SealStreamDecoder;
import io.millrace.codec.wire.SetStreamHeaderDecoder;
import io.millrace.codec.wire.TruncateStreamDecoder;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one metadata frame, read once and in order.
 *
 * <p><b>Threading:</b> one thread; valid until the next {@link #read}, texts for ever.
 */
final class MetadataRequest {
    private static final byte[] NO_BYTES = {};
    private static final long[] NO_CUT = {};

    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final CreateScopeDecoder createScopeFrame = new CreateScopeDecoder();
    private final DeleteScopeDecoder deleteScopeFrame = new DeleteScopeDecoder();
    private final CreateStreamDecoder createStreamFrame = new CreateStreamDecoder();
    private final SealStreamDecoder sealStreamFrame = new SealStreamDecoder();
    private final DeleteStreamDecoder deleteStreamFrame = new DeleteStreamDecoder();
    private final DescribeStreamDecoder describeStreamFrame = new DescribeStreamDecoder();
    private final ListStreamsDecoder listStreamsFrame = new ListStreamsDecoder();
    private final SetStreamHeaderDecoder setStreamHeaderFrame = new SetStreamHeaderDecoder();

    private final TruncateStreamDecoder truncateStreamFrame = new TruncateStreamDecoder();
    private final DescribeClusterDecoder describeClusterFrame = new DescribeClusterDecoder();

    private int templateId;
    private long requestId;
    private String scopeName = "";
    private String streamName = "";
    private byte[] header = NO_BYTES;
    private int segmentCount;
    private boolean createScope;
    private int maxStreams;
    private String after = "";
    private long streamId;
    private long[] cutSegmentIds = NO_CUT;
    private long[] cutOffsets = NO_CUT;
    private @Nullable OperatorOrder order;
    private int fromNode;
    private int fromChain;

    /**
     * Reads a frame that {@code WireFrames} has found well-formed.
     *
     * @param template of the frame, one that {@link ControlService#handles}.
     * @param buffer with the frame.
     * @param offset of its SBE header.
     */
    void read(final int template, final DirectBuffer buffer, final int offset) {
        templateId = template;
        streamName = "";
        header = NO_BYTES;
        order = null;
        switch (template) {
            case CreateScopeDecoder.TEMPLATE_ID -> {
                requestId = createScopeFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                scopeName = createScopeFrame.scopeName();
            }
            case DeleteScopeDecoder.TEMPLATE_ID -> {
                requestId = deleteScopeFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                scopeName = deleteScopeFrame.scopeName();
            }
            case CreateStreamDecoder.TEMPLATE_ID -> readCreateStream(buffer, offset);
            case SealStreamDecoder.TEMPLATE_ID -> {
                requestId = sealStreamFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                scopeName = sealStreamFrame.scopeName();
                streamName = sealStreamFrame.streamName();
            }
            case DeleteStreamDecoder.TEMPLATE_ID -> {
                requestId = deleteStreamFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                scopeName = deleteStreamFrame.scopeName();
                streamName = deleteStreamFrame.streamName();
            }
            case DescribeStreamDecoder.TEMPLATE_ID -> {
                requestId = describeStreamFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                scopeName = describeStreamFrame.scopeName();
                streamName = describeStreamFrame.streamName();
            }
            case ListStreamsDecoder.TEMPLATE_ID -> {
                requestId = listStreamsFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                maxStreams = listStreamsFrame.maxStreams();
                scopeName = listStreamsFrame.scopeName();
                after = listStreamsFrame.after();
            }
            case OperateClusterDecoder.TEMPLATE_ID -> {
                final OperatorOrder read = OperatorOrder.read(buffer, offset);
                order = read;
                requestId = read.requestId();
                scopeName = "";
            }
            case DescribeClusterDecoder.TEMPLATE_ID -> {
                requestId = describeClusterFrame
                        .wrapAndApplyHeader(buffer, offset, messageHeader)
                        .requestId();
                fromNode = describeClusterFrame.fromNode();
                fromChain = describeClusterFrame.fromChain();
                scopeName = "";
            }
            case TruncateStreamDecoder.TEMPLATE_ID -> readTruncateStream(buffer, offset);
            case SetStreamHeaderDecoder.TEMPLATE_ID -> readSetStreamHeader(buffer, offset);
            default -> throw new IllegalArgumentException("template " + template + " is no metadata request");
        }
    }

    private void readCreateStream(final DirectBuffer buffer, final int offset) {
        final CreateStreamDecoder frame = createStreamFrame.wrapAndApplyHeader(buffer, offset, messageHeader);
        requestId = frame.requestId();
        segmentCount = frame.segmentCount();
        createScope = frame.createScope() != 0;
        scopeName = frame.scopeName();
        streamName = frame.streamName();
        header = new byte[frame.headerLength()];
        frame.getHeader(header, 0, header.length);
    }

    private void readTruncateStream(final DirectBuffer buffer, final int offset) {
        final TruncateStreamDecoder frame = truncateStreamFrame.wrapAndApplyHeader(buffer, offset, messageHeader);
        requestId = frame.requestId();
        streamId = frame.streamId();
        final TruncateStreamDecoder.CutDecoder cut = frame.cut();
        cutSegmentIds = new long[cut.count()];
        cutOffsets = new long[cutSegmentIds.length];
        for (int i = 0; i < cutSegmentIds.length; i++) {
            cut.next();
            cutSegmentIds[i] = cut.segmentId();
            cutOffsets[i] = cut.startOffset();
        }
        scopeName = frame.scopeName();
        streamName = frame.streamName();
    }

    private void readSetStreamHeader(final DirectBuffer buffer, final int offset) {
        final SetStreamHeaderDecoder frame = setStreamHeaderFrame.wrapAndApplyHeader(buffer, offset, messageHeader);
        requestId = frame.requestId();
        scopeName = frame.scopeName();
        streamName = frame.streamName();
        header = new byte[frame.headerLength()];
        frame.getHeader(header, 0, header.length);
    }

    /** Returns the template of the frame. */
    int templateId() {
        return templateId;
    }

    /** Returns the request's id, unique in its client. */
    long requestId() {
        return requestId;
    }

    /** Returns the name of the scope; of ListStreams, empty for all. */
    String scopeName() {
        return scopeName;
    }

    /** Returns the name of the stream, empty when the request has none. */
    String streamName() {
        return streamName;
    }

    /** Tells whether the request is about a stream, not a scope. */
    boolean isAboutStream() {
        return templateId != CreateScopeDecoder.TEMPLATE_ID
                && templateId != DeleteScopeDecoder.TEMPLATE_ID
                && templateId != ListStreamsDecoder.TEMPLATE_ID
                && templateId != DescribeClusterDecoder.TEMPLATE_ID
                && order == null;
    }

    /** Returns the note of CreateStream and SetStreamHeader; a copy of its own. */
    byte[] header() {
        return header;
    }

    /** Returns the stream that the cut of TruncateStream was made of. */
    long streamId() {
        return streamId;
    }

    /** Returns the segments of TruncateStream's cut; a copy of its own. */
    long[] cutSegmentIds() {
        return cutSegmentIds;
    }

    /** Returns the offset of the first byte that stays of each of {@link #cutSegmentIds}; a copy of its own. */
    long[] cutOffsets() {
        return cutOffsets;
    }

    /** Returns how many segments CreateStream asks for. */
    int segmentCount() {
        return segmentCount;
    }

    /** Tells whether CreateStream makes a missing scope as well. */
    boolean createScope() {
        return createScope;
    }

    /** Returns how many streams ListStreams asks for. */
    int maxStreams() {
        return maxStreams;
    }

    /** Returns the last stream ListStreams has seen as scope/stream, empty at first. */
    String after() {
        return after;
    }

    /** Returns what an operator orders, null: the request is another one. */
    @Nullable
    OperatorOrder order() {
        return order;
    }

    /** Returns how many nodes DescribeCluster skips, below 0: all. */
    int fromNode() {
        return fromNode;
    }

    /** Returns how many chains DescribeCluster skips, below 0: all. */
    int fromChain() {
        return fromChain;
    }

    /** Returns what the request is about, for people: printable, however odd the frame was. */
    String subject() {
        final OperatorOrder ordered = order;
        if (ordered != null) {
            return ordered.action().name();
        }
        final String text = isAboutStream() ? scopeName + "/" + streamName : scopeName;
        return ReplyWriter.printable(text);
    }
}
