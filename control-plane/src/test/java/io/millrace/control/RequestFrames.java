package io.millrace.control;

import io.millrace.codec.Ids;
import io.millrace.codec.WireFrames;
import io.millrace.codec.wire.CreateScopeEncoder;
import io.millrace.codec.wire.CreateStreamEncoder;
import io.millrace.codec.wire.DeleteScopeEncoder;
import io.millrace.codec.wire.DeleteStreamEncoder;
import io.millrace.codec.wire.DescribeStreamEncoder;
import io.millrace.codec.wire.ListStreamsEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.SealStreamEncoder;
import io.millrace.codec.wire.SetStreamHeaderEncoder;
import io.millrace.codec.wire.TruncateStreamEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** Makes the frames that clients send. */
final class RequestFrames {
    private RequestFrames() {}

    /** A frame and its template. */
    record Frame(int templateId, UnsafeBuffer buffer) {}

    static Frame createScope(final long requestId, final String scope) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final CreateScopeEncoder encoder = new CreateScopeEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(scope);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame deleteScope(final long requestId, final String scope) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final DeleteScopeEncoder encoder = new DeleteScopeEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(scope);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame createStream(
            final long requestId,
            final String scope,
            final String stream,
            final int segmentCount,
            final boolean createScope,
            final String header) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final CreateStreamEncoder encoder = new CreateStreamEncoder();
        final byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .segmentCount(segmentCount)
                .createScope((short) (createScope ? 1 : 0))
                .scopeName(scope)
                .streamName(stream)
                .putHeader(bytes, 0, bytes.length);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame createStream(final long requestId, final String scope, final String stream, final int segmentCount) {
        return createStream(requestId, scope, stream, segmentCount, true, "");
    }

    static Frame sealStream(final long requestId, final String scope, final String stream) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final SealStreamEncoder encoder = new SealStreamEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(scope)
                .streamName(stream);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame deleteStream(final long requestId, final String scope, final String stream) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final DeleteStreamEncoder encoder = new DeleteStreamEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(scope)
                .streamName(stream);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame setStreamHeader(final long requestId, final String scope, final String stream, final String header) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final SetStreamHeaderEncoder encoder = new SetStreamHeaderEncoder();
        final byte[] bytes = header.getBytes(StandardCharsets.UTF_8);
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(scope)
                .streamName(stream)
                .putHeader(bytes, 0, bytes.length);
        return frame(buffer, encoder.encodedLength());
    }

    /** A cut of segments 0, 1, 2 … of epoch 0. */
    static Frame truncateStream(
            final long requestId, final long streamId, final String scope, final String stream, final long... offsets) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final TruncateStreamEncoder encoder = new TruncateStreamEncoder();
        final TruncateStreamEncoder.CutEncoder cut = encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .streamId(streamId)
                .cutCount(offsets.length);
        for (int i = 0; i < offsets.length; i++) {
            cut.next().segmentId(Ids.segmentId(0, i)).startOffset(offsets[i]);
        }
        encoder.scopeName(scope).streamName(stream);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame describeStream(final long requestId, final String scope, final String stream) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final DescribeStreamEncoder encoder = new DescribeStreamEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .scopeName(scope)
                .streamName(stream);
        return frame(buffer, encoder.encodedLength());
    }

    static Frame listStreams(final long requestId, final String scope, final String after, final int maxStreams) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final ListStreamsEncoder encoder = new ListStreamsEncoder();
        encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(requestId)
                .maxStreams(maxStreams)
                .scopeName(scope)
                .after(after);
        return frame(buffer, encoder.encodedLength());
    }

    private static Frame frame(final ExpandableArrayBuffer buffer, final int bodyLength) {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + bodyLength;
        final UnsafeBuffer exact = new UnsafeBuffer(Arrays.copyOf(buffer.byteArray(), length));
        final int templateId = WireFrames.check(exact, 0, length);
        if (!ControlService.handles(templateId)) {
            throw new AssertionError("frame is " + templateId);
        }
        return new Frame(templateId, exact);
    }
}
