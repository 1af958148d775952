package io.millrace.control;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.wire.CommandDoneEncoder;
import io.millrace.codec.wire.CommandOutcome;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.RefusalEncoder;
import io.millrace.codec.wire.StreamDescriptionEncoder;
import io.millrace.codec.wire.StreamListEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Encodes what a session is answered: CommandDone, Refusal, StreamDescription and StreamList.
 *
 * <p><b>Threading:</b> one thread; the bytes stand in {@link #buffer()} from index 0 until the next message.
 * <b>Invariant:</b> no message is longer than {@link ControlLimits#maxReplyLength()}.
 */
final class ReplyWriter {
    private static final int DEFAULT_PAGE_COUNT = 1_000;
    private static final int MAX_SUBJECT_LENGTH = 512;
    private static final int TEXT_HEADER_LENGTH = RefusalEncoder.textHeaderLength();

    private final UnsafeBuffer buffer;
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final CommandDoneEncoder commandDone = new CommandDoneEncoder();
    private final RefusalEncoder refusal = new RefusalEncoder();
    private final StreamDescriptionEncoder description = new StreamDescriptionEncoder();
    private final StreamListEncoder streamList = new StreamListEncoder();
    private final ClusterReplyWriter clusterReplies;
    private final ArrayList<Stream> page = new ArrayList<>();
    private int pageLength;
    private boolean more;

    /**
     * Allocates the buffer.
     *
     * @param maxReplyLength bytes.
     */
    ReplyWriter(final int maxReplyLength) {
        buffer = new UnsafeBuffer(new byte[maxReplyLength]);
        clusterReplies = new ClusterReplyWriter(buffer);
    }

    /** Returns the buffer with the last message. */
    DirectBuffer buffer() {
        return buffer;
    }

    /**
     * Encodes the answer to a command.
     *
     * @param requestTemplateId of the request.
     * @param requestId of the request.
     * @param result a code of {@link ControlStatus} or the negated number of a RefusalCode.
     * @param streamId it was about, 0: none.
     * @param detail of a refusal.
     * @param subject what it was about, for people.
     * @return bytes of the message.
     */
    int answer(
            final int requestTemplateId,
            final long requestId,
            final int result,
            final long streamId,
            final long detail,
            final String subject) {
        if (ControlStatus.isRefusal(result)) {
            return refusal(requestTemplateId, requestId, -result, streamId, detail, subject);
        }
        return MessageHeaderEncoder.ENCODED_LENGTH
                + commandDone
                        .wrapAndApplyHeader(buffer, 0, messageHeader)
                        .requestId(requestId)
                        .streamId(streamId)
                        .outcome(result == ControlStatus.ALREADY ? CommandOutcome.ALREADY : CommandOutcome.DONE)
                        .encodedLength();
    }

    private int refusal(
            final int requestTemplateId,
            final long requestId,
            final int code,
            final long streamId,
            final long detail,
            final String subject) {
        final StringBuilder text = new StringBuilder(ErrorCode.of(code).summary());
        if (!subject.isEmpty()) {
            text.append(": ").append(subject);
        }
        if (detail != 0) {
            text.append(" (")
                    .append(detailName(code))
                    .append(' ')
                    .append(detail)
                    .append(')');
        }
        return MessageHeaderEncoder.ENCODED_LENGTH
                + refusal.wrapAndApplyHeader(buffer, 0, messageHeader)
                        .correlationId(requestId)
                        .streamId(streamId)
                        .segmentId(0)
                        .detail(detail)
                        .writerIdHigh(0)
                        .writerIdLow(0)
                        .code(RefusalCode.get(code))
                        .requestTemplateId(requestTemplateId)
                        .text(text.toString())
                        .encodedLength();
    }

    private static String detailName(final int code) {
        return switch (RefusalCode.get(code)) {
            case STREAM_CONFLICT -> "segments it has:";
            case SCOPE_NOT_EMPTY -> "streams in it:";
            case BAD_SEGMENT_COUNT, LIMIT_REACHED, THROTTLED -> "limit";
            case OFFSET_OUT_OF_RANGE -> "bytes in the segment:";
            case SEGMENT_NOT_FOUND -> "segment";
            case NOT_READY -> "the device of this chain does not answer:";
            default -> "detail";
        };
    }

    /**
     * Encodes a description.
     *
     * @param query with what is known of all segments of the stream.
     * @param places of the chains.
     * @return bytes of the message.
     */
    int description(final SegmentQuery<?> query, final ChainPlaces places) {
        final Stream stream = query.stream();
        final Segment[] segments = query.segments();
        final TreeMap<Integer, Long> chainEpochs = new TreeMap<>();
        final StreamDescriptionEncoder.SegmentsEncoder group = description
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .requestId(query.requestId())
                .streamId(stream.id())
                .createdNs(stream.createdNs())
                .epoch(0)
                .state(stream.state())
                .segmentsCount(segments.length);
        for (int i = 0; i < segments.length; i++) {
            final Segment segment = segments[i];
            final long known = query.length(i);
            final long length = known >= 0 ? known : Math.max(0, segment.finalLength());
            final boolean sealed = segment.finalLength() != Segment.LENGTH_UNKNOWN || query.isSealed(i);
            chainEpochs.put(segment.chain(), query.chainEpoch(i));
            group.next()
                    .segmentId(segment.id())
                    .keyLow(segment.keyLow())
                    .keyHigh(segment.keyHigh())
                    .startOffset(query.startOffset(i))
                    .length(length)
                    .chain(segment.chain())
                    .segmentSealed((short) (sealed ? 1 : 0));
        }
        final StreamDescriptionEncoder.ChainsEncoder chains = description.chainsCount(chainEpochs.size());
        chainEpochs.forEach((chain, epoch) -> chains.next()
                .chainEpoch(epoch)
                .chain(chain)
                .head(places.head(chain))
                .tail(places.tail(chain)));
        return MessageHeaderEncoder.ENCODED_LENGTH
                + description
                        .scopeName(stream.scopeName())
                        .streamName(stream.name())
                        .putHeader(stream.header(), 0, stream.header().length)
                        .encodedLength();
    }

    /** Returns what describes clusters, into the same buffer. */
    ClusterReplyWriter clusterReplies() {
        return clusterReplies;
    }

    /**
     * Encodes one page of a list, in the order of names.
     *
     * @param requestId of the request.
     * @param scopes all committed streams.
     * @param scopeName only these; empty: all.
     * @param after begins behind this scope/stream; empty: at the first. It need not exist.
     * @param maxStreams in the page; 0 or less: {@value #DEFAULT_PAGE_COUNT}.
     * @return bytes of the message.
     */
    int list(
            final long requestId,
            final NavigableMap<String, NavigableMap<String, Stream>> scopes,
            final String scopeName,
            final String after,
            final int maxStreams) {
        fillPage(scopes, scopeName, after, maxStreams < 1 ? DEFAULT_PAGE_COUNT : maxStreams);
        final StreamListEncoder.StreamsEncoder group = streamList
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .requestId(requestId)
                .more((short) (more ? 1 : 0))
                .streamsCount(page.size());
        for (final Stream stream : page) {
            group.next()
                    .streamId(stream.id())
                    .segmentCount(stream.segments().length)
                    .state(stream.state())
                    .scopeName(stream.scopeName())
                    .streamName(stream.name());
        }
        page.clear();
        return MessageHeaderEncoder.ENCODED_LENGTH + streamList.encodedLength();
    }

    private void fillPage(
            final NavigableMap<String, NavigableMap<String, Stream>> scopes,
            final String scopeName,
            final String after,
            final int maxStreams) {
        page.clear();
        pageLength = MessageHeaderEncoder.ENCODED_LENGTH
                + StreamListEncoder.BLOCK_LENGTH
                + StreamListEncoder.StreamsEncoder.HEADER_SIZE;
        more = false;
        final int slash = after.indexOf('/');
        final String afterScope = slash < 0 ? "" : after.substring(0, slash);
        final String afterStream = after.substring(slash + 1);
        for (final var scope : scopes.tailMap(afterScope, true).entrySet()) {
            if (!scopeName.isEmpty() && !scope.getKey().equals(scopeName)) {
                continue;
            }
            final boolean first = slash >= 0 && scope.getKey().equals(afterScope);
            final NavigableMap<String, Stream> streams =
                    first ? scope.getValue().tailMap(afterStream, false) : scope.getValue();
            for (final Stream stream : streams.values()) {
                final int length = StreamListEncoder.StreamsEncoder.sbeBlockLength()
                        + 2 * TEXT_HEADER_LENGTH
                        + stream.scopeName().length()
                        + stream.name().length();
                if (page.size() == maxStreams || pageLength + length > buffer.capacity()) {
                    more = true;
                    return;
                }
                page.add(stream);
                pageLength += length;
            }
        }
    }

    /**
     * Makes a text from a frame fit for a terminal and a log.
     *
     * @param text anything.
     * @return at most {@value #MAX_SUBJECT_LENGTH} characters of visible ASCII; others are shown as {@code ?}.
     */
    static String printable(final String text) {
        final byte[] bytes =
                text.substring(0, Math.min(text.length(), MAX_SUBJECT_LENGTH)).getBytes(StandardCharsets.US_ASCII);
        for (int i = 0; i < bytes.length; i++) {
            if (bytes[i] < ' ' || bytes[i] > '~') {
                bytes[i] = '?';
            }
        }
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
