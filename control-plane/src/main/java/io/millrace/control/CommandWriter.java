package io.millrace.control;

import io.millrace.codec.control.CreateScopeCommandEncoder;
import io.millrace.codec.control.CreateStreamCommandEncoder;
import io.millrace.codec.control.DeleteScopeCommandEncoder;
import io.millrace.codec.control.DeleteStreamCommandEncoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.EffectDoneEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.NodeStartedEncoder;
import io.millrace.codec.control.SealStreamCommandEncoder;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.control.SetStreamHeaderCommandEncoder;
import io.millrace.codec.control.TruncateStreamCommandEncoder;
import io.millrace.codec.wire.CreateScopeDecoder;
import io.millrace.codec.wire.CreateStreamDecoder;
import io.millrace.codec.wire.DeleteScopeDecoder;
import io.millrace.codec.wire.DeleteStreamDecoder;
import io.millrace.codec.wire.SealStreamDecoder;
import io.millrace.codec.wire.SetStreamHeaderDecoder;
import io.millrace.codec.wire.TruncateStreamDecoder;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * Encodes messages of {@code millrace-control.xml}: commands of chain 0 and the bodies of effects.
 *
 * <p><b>Threading:</b> one thread; the bytes stand in {@link #buffer()} from index 0 until the next message.
 */
final class CommandWriter {
    private static final int INITIAL_LENGTH = 8 * 1024;

    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(INITIAL_LENGTH);
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final NodeStartedEncoder nodeStarted = new NodeStartedEncoder();
    private final CreateScopeCommandEncoder createScope = new CreateScopeCommandEncoder();
    private final DeleteScopeCommandEncoder deleteScope = new DeleteScopeCommandEncoder();
    private final CreateStreamCommandEncoder createStream = new CreateStreamCommandEncoder();
    private final SealStreamCommandEncoder sealStream = new SealStreamCommandEncoder();
    private final DeleteStreamCommandEncoder deleteStream = new DeleteStreamCommandEncoder();
    private final SetStreamHeaderCommandEncoder setStreamHeader = new SetStreamHeaderCommandEncoder();
    private final TruncateStreamCommandEncoder truncateStream = new TruncateStreamCommandEncoder();
    private final EffectDoneEncoder effectDone = new EffectDoneEncoder();
    private final SegmentEffectEncoder segmentEffect = new SegmentEffectEncoder();

    /** Returns the buffer with the last message. */
    DirectBuffer buffer() {
        return buffer;
    }

    /**
     * Encodes the command of a request whose names and lengths were checked.
     *
     * @param key of the request.
     * @param request its fields.
     * @return bytes of the message.
     */
    int command(final RequestKey key, final MetadataRequest request) {
        final OperatorOrder order = request.order();
        if (order != null) {
            return MessageHeaderEncoder.ENCODED_LENGTH + order.encode(key, buffer, messageHeader);
        }
        final int body =
                switch (request.templateId()) {
                    case CreateScopeDecoder.TEMPLATE_ID ->
                        createScope
                                .wrapAndApplyHeader(buffer, 0, messageHeader)
                                .clientIdHigh(key.clientIdHigh())
                                .clientIdLow(key.clientIdLow())
                                .requestId(key.requestId())
                                .scopeName(request.scopeName())
                                .encodedLength();
                    case DeleteScopeDecoder.TEMPLATE_ID ->
                        deleteScope
                                .wrapAndApplyHeader(buffer, 0, messageHeader)
                                .clientIdHigh(key.clientIdHigh())
                                .clientIdLow(key.clientIdLow())
                                .requestId(key.requestId())
                                .scopeName(request.scopeName())
                                .encodedLength();
                    case CreateStreamDecoder.TEMPLATE_ID ->
                        createStream
                                .wrapAndApplyHeader(buffer, 0, messageHeader)
                                .clientIdHigh(key.clientIdHigh())
                                .clientIdLow(key.clientIdLow())
                                .requestId(key.requestId())
                                .segmentCount(request.segmentCount())
                                .createScope((short) (request.createScope() ? 1 : 0))
                                .scopeName(request.scopeName())
                                .streamName(request.streamName())
                                .putHeader(request.header(), 0, request.header().length)
                                .encodedLength();
                    case SealStreamDecoder.TEMPLATE_ID ->
                        sealStream
                                .wrapAndApplyHeader(buffer, 0, messageHeader)
                                .clientIdHigh(key.clientIdHigh())
                                .clientIdLow(key.clientIdLow())
                                .requestId(key.requestId())
                                .scopeName(request.scopeName())
                                .streamName(request.streamName())
                                .encodedLength();
                    case DeleteStreamDecoder.TEMPLATE_ID ->
                        deleteStream
                                .wrapAndApplyHeader(buffer, 0, messageHeader)
                                .clientIdHigh(key.clientIdHigh())
                                .clientIdLow(key.clientIdLow())
                                .requestId(key.requestId())
                                .scopeName(request.scopeName())
                                .streamName(request.streamName())
                                .encodedLength();
                    case SetStreamHeaderDecoder.TEMPLATE_ID ->
                        setStreamHeader
                                .wrapAndApplyHeader(buffer, 0, messageHeader)
                                .clientIdHigh(key.clientIdHigh())
                                .clientIdLow(key.clientIdLow())
                                .requestId(key.requestId())
                                .scopeName(request.scopeName())
                                .streamName(request.streamName())
                                .putHeader(request.header(), 0, request.header().length)
                                .encodedLength();
                    case TruncateStreamDecoder.TEMPLATE_ID -> truncateStream(key, request);
                    default ->
                        throw new IllegalArgumentException("template " + request.templateId() + " is no command");
                };
        return MessageHeaderEncoder.ENCODED_LENGTH + body;
    }

    /**
     * Encodes NodeStarted.
     *
     * @param nodeId of the node.
     * @param device UUID of its device.
     * @param incarnation of this start.
     * @param chainCount data chains.
     * @param endpoint host:port.
     * @return bytes of the message.
     */
    int nodeStarted(
            final UUID nodeId, final UUID device, final long incarnation, final int chainCount, final String endpoint) {
        return MessageHeaderEncoder.ENCODED_LENGTH
                + nodeStarted
                        .wrapAndApplyHeader(buffer, 0, messageHeader)
                        .nodeIdHigh(nodeId.getMostSignificantBits())
                        .nodeIdLow(nodeId.getLeastSignificantBits())
                        .deviceUuidHigh(device.getMostSignificantBits())
                        .deviceUuidLow(device.getLeastSignificantBits())
                        .incarnation(incarnation)
                        .chainCount(chainCount)
                        .endpoint(endpoint)
                        .encodedLength();
    }

    /**
     * Encodes EffectDone.
     *
     * @param chain data chain, from 1.
     * @param effectNumber in the chain.
     * @param action that was done.
     * @param streamId whose.
     * @param segmentId on which.
     * @param finalLength committed length in bytes after it.
     * @return bytes of the message.
     */
    int effectDone(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        return MessageHeaderEncoder.ENCODED_LENGTH
                + effectDone
                        .wrapAndApplyHeader(buffer, 0, messageHeader)
                        .effectNumber(effectNumber)
                        .streamId(streamId)
                        .segmentId(segmentId)
                        .finalLength(finalLength)
                        .chain(chain)
                        .action(action)
                        .encodedLength();
    }

    /**
     * Encodes SegmentEffect.
     *
     * @param action to do.
     * @param streamId whose.
     * @param segmentId on which.
     * @param keyLow lowest key hash, unsigned.
     * @param keyHigh highest key hash, unsigned, inclusive.
     * @param startOffset of a truncation, else 0.
     * @return bytes of the message.
     */
    int segmentEffect(
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long keyLow,
            final long keyHigh,
            final long startOffset) {
        return MessageHeaderEncoder.ENCODED_LENGTH
                + segmentEffect
                        .wrapAndApplyHeader(buffer, 0, messageHeader)
                        .streamId(streamId)
                        .segmentId(segmentId)
                        .keyLow(keyLow)
                        .keyHigh(keyHigh)
                        .action(action)
                        .startOffset(startOffset)
                        .encodedLength();
    }

    private int truncateStream(final RequestKey key, final MetadataRequest request) {
        final long[] segmentIds = request.cutSegmentIds();
        final long[] offsets = request.cutOffsets();
        final TruncateStreamCommandEncoder.CutEncoder cut = truncateStream
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .clientIdHigh(key.clientIdHigh())
                .clientIdLow(key.clientIdLow())
                .requestId(key.requestId())
                .streamId(request.streamId())
                .cutCount(segmentIds.length);
        for (int i = 0; i < segmentIds.length; i++) {
            cut.next().segmentId(segmentIds[i]).startOffset(offsets[i]);
        }
        return truncateStream
                .scopeName(request.scopeName())
                .streamName(request.streamName())
                .encodedLength();
    }
}
