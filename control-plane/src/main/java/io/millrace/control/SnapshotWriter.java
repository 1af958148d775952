package io.millrace.control;

import io.millrace.codec.control.ChainEffectsSnapshotEncoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.EffectSnapshotEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.NodeSnapshotEncoder;
import io.millrace.codec.control.RequestSnapshotEncoder;
import io.millrace.codec.control.ScopeSnapshotEncoder;
import io.millrace.codec.control.SegmentSnapshotEncoder;
import io.millrace.codec.control.SnapshotBeginEncoder;
import io.millrace.codec.control.SnapshotEndEncoder;
import io.millrace.codec.control.SnapshotPositionEncoder;
import io.millrace.codec.control.StreamSnapshotEncoder;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.agrona.MutableDirectBuffer;

/**
 * Writes a snapshot of the control plane: the messages 30 to 39 and, by {@link ClusterWriter}, 70 to 75 of
 * {@code millrace-control.xml} in the order that {@code docs/formats.md} draws, each behind its length.
 * {@link SnapshotReader} reads it back.
 *
 * <p><b>Threading:</b> one thread; one writer for one snapshot.
 */
final class SnapshotWriter {
    /** Of the messages, their order, and how the state hash is computed. */
    static final int VERSION = 3;

    /** Of a cluster whose control plane is no group of members with settings of its own. */
    static final int VERSION_WITHOUT_GROUP = 2;

    /** Of a state that knows no cluster: what a single node always wrote. */
    static final int VERSION_WITHOUT_CLUSTER = 1;

    /** The length before each message: int32, of the SBE header and what follows it. */
    static final int LENGTH_LENGTH = Integer.BYTES;

    private final MutableDirectBuffer buffer;
    private final int offset;
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final SnapshotPositionEncoder snapshotPosition = new SnapshotPositionEncoder();
    private final SnapshotBeginEncoder snapshotBegin = new SnapshotBeginEncoder();
    private final ScopeSnapshotEncoder scopeSnapshot = new ScopeSnapshotEncoder();
    private final StreamSnapshotEncoder streamSnapshot = new StreamSnapshotEncoder();
    private final SegmentSnapshotEncoder segmentSnapshot = new SegmentSnapshotEncoder();
    private final ChainEffectsSnapshotEncoder chainSnapshot = new ChainEffectsSnapshotEncoder();
    private final EffectSnapshotEncoder effectSnapshot = new EffectSnapshotEncoder();
    private final NodeSnapshotEncoder nodeSnapshot = new NodeSnapshotEncoder();
    private final RequestSnapshotEncoder requestSnapshot = new RequestSnapshotEncoder();
    private final SnapshotEndEncoder snapshotEnd = new SnapshotEndEncoder();
    private int next;
    private int messageCount;

    /**
     * Starts a snapshot.
     *
     * @param buffer to write to; one that expands, or with room for all of it.
     * @param offset of the first byte.
     */
    SnapshotWriter(final MutableDirectBuffer buffer, final int offset) {
        this.buffer = buffer;
        this.offset = offset;
        next = offset;
    }

    /** Returns the bytes written. */
    int length() {
        return next - offset;
    }

    /**
     * Writes up to where chain 0 is in the snapshot.
     *
     * @param position of the last command applied, 0: none.
     * @param stateHash of the state that follows.
     */
    void position(final long position, final long stateHash) {
        snapshotPosition
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .position(position)
                .positionHash(positionHash(position, stateHash));
        finish(snapshotPosition.encodedLength());
    }

    /**
     * Returns what holds a position and a state together.
     *
     * @param position of the last command applied, 0: none.
     * @param stateHash of the state it led to.
     * @return the hash of both.
     */
    static long positionHash(final long position, final long stateHash) {
        return new StateHash().add(stateHash).add(position).value();
    }

    /**
     * Writes how much of what follows.
     *
     * @param chainCount data chains.
     * @param lastStreamId the last id ever given.
     * @param lastRequestOrder requests ever remembered.
     * @param scopeCount scopes.
     * @param nodeCount nodes.
     * @param requestCount requests, open and answered.
     * @param version of what follows: {@link #VERSION} or one that was enough.
     */
    void begin(
            final int chainCount,
            final long lastStreamId,
            final long lastRequestOrder,
            final int scopeCount,
            final int nodeCount,
            final int requestCount,
            final int version) {
        messageCount = 0;
        snapshotBegin
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .snapshotVersion(version)
                .chainCount(chainCount)
                .lastStreamId(lastStreamId)
                .lastRequestOrder(lastRequestOrder)
                .scopeCount(scopeCount)
                .nodeCount(nodeCount)
                .requestCount(requestCount);
        finish(snapshotBegin.encodedLength());
    }

    /**
     * Writes a scope.
     *
     * @param name of the scope.
     * @param streamCount streams that follow.
     */
    void scope(final String name, final int streamCount) {
        scopeSnapshot
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .streamCount(streamCount)
                .scopeName(name);
        finish(scopeSnapshot.encodedLength());
    }

    /**
     * Writes a stream and its segments.
     *
     * @param stream of the scope written last.
     */
    void stream(final Stream stream) {
        final byte[] header = stream.header();
        streamSnapshot
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .streamId(stream.id())
                .createdNs(stream.createdNs())
                .segmentCount(stream.segments().length)
                .sealOrdered((short) (stream.isSealOrdered() ? 1 : 0))
                .deleteOrdered((short) (stream.isDeleteOrdered() ? 1 : 0))
                .streamName(stream.name())
                .putHeader(header, 0, header.length);
        finish(streamSnapshot.encodedLength());
        for (final Segment segment : stream.segments()) {
            segmentSnapshot
                    .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                    .segmentId(segment.id())
                    .keyLow(segment.keyLow())
                    .keyHigh(segment.keyHigh())
                    .startOffset(segment.startOffset())
                    .finalLength(segment.finalLength())
                    .chain(segment.chain());
            finish(segmentSnapshot.encodedLength());
        }
    }

    /**
     * Writes a chain and its effects that are not done.
     *
     * @param chain the next one.
     */
    void chain(final ChainEffects chain) {
        chainSnapshot
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .lastEffectNumber(chain.lastNumber())
                .chain(chain.chain())
                .pendingCount(chain.pendingCount());
        finish(chainSnapshot.encodedLength());
        for (final ChainEffects.Pending effect : chain.pending()) {
            effectSnapshot
                    .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                    .effectNumber(effect.number())
                    .streamId(effect.stream().id())
                    .segmentId(effect.segment().id())
                    .startOffset(effect.startOffset())
                    .action(effect.action());
            finish(effectSnapshot.encodedLength());
        }
    }

    /**
     * Writes a node.
     *
     * @param id of the node.
     * @param node what is known of it.
     */
    void node(final UUID id, final Node node) {
        final byte[] endpoint = node.endpoint().getBytes(StandardCharsets.UTF_8);
        nodeSnapshot
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .nodeIdHigh(id.getMostSignificantBits())
                .nodeIdLow(id.getLeastSignificantBits())
                .deviceUuidHigh(node.device().getMostSignificantBits())
                .deviceUuidLow(node.device().getLeastSignificantBits())
                .incarnation(node.incarnation())
                .putEndpoint(endpoint, 0, endpoint.length);
        finish(nodeSnapshot.encodedLength());
    }

    /**
     * Writes a request.
     *
     * @param request open or answered.
     */
    void request(final RequestTable.Request request) {
        final RequestKey key = request.key();
        final EffectAction waitsFor = request.waitsFor();
        requestSnapshot
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .clientIdHigh(key.clientIdHigh())
                .clientIdLow(key.clientIdLow())
                .requestId(key.requestId())
                .requestOrder(request.order())
                .commandHash(request.commandHash())
                .streamId(request.streamId())
                .detail(request.detail())
                .result(request.outcome())
                .waitsFor(waitsFor == null ? 0 : waitsFor.value());
        finish(requestSnapshot.encodedLength());
    }

    /**
     * Writes the end.
     *
     * @param stateHash of the state written.
     */
    void end(final long stateHash) {
        snapshotEnd
                .wrapAndApplyHeader(buffer, next + LENGTH_LENGTH, messageHeader)
                .messageCount(messageCount + 1)
                .stateHash(stateHash);
        finish(snapshotEnd.encodedLength());
    }

    /** Returns the buffer that is written to. */
    MutableDirectBuffer buffer() {
        return buffer;
    }

    /** Returns where the SBE header of the next message begins. */
    int next() {
        return next + LENGTH_LENGTH;
    }

    /** Returns the encoder of headers. */
    MessageHeaderEncoder messageHeader() {
        return messageHeader;
    }

    /**
     * Ends a message that was encoded at {@link #next}.
     *
     * @param encodedLength of it in bytes, without header.
     */
    void finish(final int encodedLength) {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + encodedLength;
        buffer.putInt(next, length, ByteOrder.LITTLE_ENDIAN);
        next += LENGTH_LENGTH + length;
        messageCount++;
    }
}
