package io.millrace.control;

import io.millrace.codec.ControlFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.FrameStatus;
import io.millrace.codec.MillraceException;
import io.millrace.codec.Names;
import io.millrace.codec.control.ChainEffectsSnapshotDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.EffectSnapshotDecoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.NodeSnapshotDecoder;
import io.millrace.codec.control.RequestSnapshotDecoder;
import io.millrace.codec.control.ScopeSnapshotDecoder;
import io.millrace.codec.control.SegmentSnapshotDecoder;
import io.millrace.codec.control.SnapshotBeginDecoder;
import io.millrace.codec.control.SnapshotEndDecoder;
import io.millrace.codec.control.SnapshotPositionDecoder;
import io.millrace.codec.control.StreamSnapshotDecoder;
import io.millrace.codec.wire.RefusalCode;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@link SnapshotWriter} wrote. The bytes come from a disk: nothing is used before it is checked against the
 * limits and against what was read before, and no more is allocated than the bytes stand for.
 *
 * <p><b>Threading:</b> one thread; one reader for one snapshot. <b>Invariant:</b> it builds a state of its own and
 * touches no other; what it says is to be used only when {@link #read} has returned.
 */
final class SnapshotReader {
    /** An endpoint of the longest text, each byte of which became a replacement character of three. */
    private static final int MAX_ENDPOINT_LENGTH = 3 * 4096;

    private final ControlLimits limits;
    private final Cluster cluster;
    private final DirectBuffer buffer;
    private final int offset;
    private final int limit;
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final SnapshotPositionDecoder snapshotPosition = new SnapshotPositionDecoder();
    private final SnapshotBeginDecoder snapshotBegin = new SnapshotBeginDecoder();
    private final ScopeSnapshotDecoder scopeSnapshot = new ScopeSnapshotDecoder();
    private final StreamSnapshotDecoder streamSnapshot = new StreamSnapshotDecoder();
    private final SegmentSnapshotDecoder segmentSnapshot = new SegmentSnapshotDecoder();
    private final ChainEffectsSnapshotDecoder chainSnapshot = new ChainEffectsSnapshotDecoder();
    private final EffectSnapshotDecoder effectSnapshot = new EffectSnapshotDecoder();
    private final NodeSnapshotDecoder nodeSnapshot = new NodeSnapshotDecoder();
    private final RequestSnapshotDecoder requestSnapshot = new RequestSnapshotDecoder();
    private final SnapshotEndDecoder snapshotEnd = new SnapshotEndDecoder();

    private final TreeMap<String, NavigableMap<String, Stream>> scopes = new TreeMap<>();
    private final TreeMap<UUID, Node> nodes = new TreeMap<>();
    private final RequestTable requests;
    private ChainEffects[] chains = {};
    private long lastStreamId;
    private int streamCount;
    private int segmentCount;
    private long stateHash;
    private long position;
    private long positionHash;
    private boolean hasPosition;

    // Only looked up in, never iterated.
    private final Map<Long, Stream> streamsById = new HashMap<>();
    private final Map<SegmentKey, Place> places = new HashMap<>();
    private int next;
    private int at;
    private int messageCount;

    private record SegmentKey(long streamId, long segmentId) {}

    /** A segment with its stream, and of which actions an effect was read. */
    private static final class Place {
        private final Stream stream;
        private final Segment segment;
        private int pendingActions;

        private Place(final Stream stream, final Segment segment) {
            this.stream = stream;
            this.segment = segment;
        }
    }

    /**
     * Looks at bytes; {@link #read} reads them.
     *
     * @param limits of the state.
     * @param cluster empty, to be filled.
     * @param buffer with the snapshot.
     * @param offset of its first byte.
     * @param length in bytes.
     */
    SnapshotReader(
            final ControlLimits limits,
            final Cluster cluster,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        this.limits = limits;
        this.cluster = cluster;
        this.buffer = buffer;
        this.offset = offset;
        requests = new RequestTable(limits.maxKeptReplies());
        next = offset;
        if (offset < 0 || length < 0 || length > buffer.capacity() - offset) {
            throw invalid("its " + length + " bytes from " + offset + " on do not lie in a buffer of "
                    + buffer.capacity() + " bytes");
        }
        limit = offset + length;
    }

    /** Returns the streams of all scopes by name. */
    NavigableMap<String, NavigableMap<String, Stream>> scopes() {
        return scopes;
    }

    /** Returns the nodes by id. */
    NavigableMap<UUID, Node> nodes() {
        return nodes;
    }

    /** Returns the requests. */
    RequestTable requests() {
        return requests;
    }

    /** Returns the data chains. */
    ChainEffects[] chains() {
        return chains;
    }

    /** Returns the last stream id ever given. */
    long lastStreamId() {
        return lastStreamId;
    }

    /** Returns the number of streams. */
    int streamCount() {
        return streamCount;
    }

    /** Returns the number of segments of all streams. */
    int segmentCount() {
        return segmentCount;
    }

    /** Returns the hash of the state that was written. */
    long stateHash() {
        return stateHash;
    }

    /**
     * Reads up to where chain 0 is in the snapshot; before {@link #read}.
     *
     * @return position of the last command applied, 0: none.
     * @throws MillraceException when the bytes do not say.
     */
    long readPosition() {
        expect(SnapshotPositionDecoder.TEMPLATE_ID, "SnapshotPosition");
        snapshotPosition.wrapAndApplyHeader(buffer, at, messageHeader);
        position = snapshotPosition.position();
        positionHash = snapshotPosition.positionHash();
        hasPosition = true;
        if (position < 0) {
            throw invalid("position " + position + " is below 0");
        }
        return position;
    }

    /**
     * Reads the state.
     *
     * @throws MillraceException when the bytes are no snapshot of this version and within the limits.
     */
    void read() {
        messageCount = 0;
        expect(SnapshotBeginDecoder.TEMPLATE_ID, "SnapshotBegin");
        snapshotBegin.wrapAndApplyHeader(buffer, at, messageHeader);
        final int version = snapshotBegin.snapshotVersion();
        final boolean hasCluster = version >= SnapshotWriter.VERSION_WITHOUT_GROUP;
        if (version < SnapshotWriter.VERSION_WITHOUT_CLUSTER || version > SnapshotWriter.VERSION) {
            throw new MillraceException(
                    ErrorCode.FORMAT_VERSION,
                    "the snapshot of the control plane has version " + version + ", this program knows up to "
                            + SnapshotWriter.VERSION);
        }
        lastStreamId = checkCounter(snapshotBegin.lastStreamId(), "last stream id");
        final long lastRequestOrder = checkCounter(snapshotBegin.lastRequestOrder(), "last request order");
        final int chainCount = checkCount(snapshotBegin.chainCount(), 0, limits.maxChains(), "chains");
        final int scopeCount = checkCount(snapshotBegin.scopeCount(), 0, limits.maxScopes(), "scopes");
        final int nodeCount = checkCount(snapshotBegin.nodeCount(), 0, limits.maxNodes(), "nodes");
        final long maxRequests = (long) limits.maxKeptReplies() + limits.maxOpenRequests();
        final int requestCount = checkCount(snapshotBegin.requestCount(), 0, maxRequests, "requests");
        if (!hasCluster && (chainCount == 0) != (nodeCount == 0)) {
            throw invalid(chainCount + " chains with " + nodeCount + " nodes: the first start of a node makes both");
        }
        chains = new ChainEffects[chainCount];
        for (int i = 0; i < chainCount; i++) {
            chains[i] = new ChainEffects(i + 1);
        }
        for (int i = 0; i < scopeCount; i++) {
            readScope();
        }
        for (final ChainEffects chain : chains) {
            readChain(chain);
        }
        checkStreams();
        for (int i = 0; i < nodeCount; i++) {
            readNode();
        }
        requests.lastOrder(lastRequestOrder);
        long order = 0;
        for (int i = 0; i < requestCount; i++) {
            order = readRequest(order);
        }
        checkCount(requests.openCount(), 0, limits.maxOpenRequests(), "open requests");
        checkCount(requests.answeredCount(), 0, limits.maxKeptReplies(), "kept replies");
        if (hasCluster) {
            new ClusterReader(this, limits, cluster).read(chainCount, version == SnapshotWriter.VERSION);
        }
        readEnd();
    }

    /**
     * Reads the snapshot, and checks its hash.
     *
     * @return whether it is the state of one node that was alone, and has started.
     */
    boolean readAlone() {
        read();
        ControlStateHash.require(this);
        return cluster.isEmpty() && nodes.size() == 1 && chains.length > 0;
    }

    /** Returns the cluster, empty when the snapshot has none. */
    Cluster cluster() {
        return cluster;
    }

    /** Returns the buffer that is read. */
    DirectBuffer buffer() {
        return buffer;
    }

    private void readScope() {
        expect(ScopeSnapshotDecoder.TEMPLATE_ID, "ScopeSnapshot");
        scopeSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        final int count = checkCount(scopeSnapshot.streamCount(), 0, limits.maxStreams() - streamCount, "streams");
        final String name = checkName(scopeSnapshot.scopeName(), "scope");
        final NavigableMap<String, Stream> streams = new TreeMap<>();
        if (scopes.put(name, streams) != null) {
            throw invalid("scope " + name + " comes twice");
        }
        for (int i = 0; i < count; i++) {
            readStream(name, streams);
        }
    }

    private void readStream(final String scopeName, final NavigableMap<String, Stream> streams) {
        expect(StreamSnapshotDecoder.TEMPLATE_ID, "StreamSnapshot");
        streamSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        final long id = streamSnapshot.streamId();
        if (id < 1 || id > lastStreamId) {
            throw invalid("stream id " + id + " is not in 1 to " + lastStreamId);
        }
        final long createdNs = streamSnapshot.createdNs();
        final int count = checkCount(streamSnapshot.segmentCount(), 1, limits.maxSegmentsPerStream(), "segments");
        checkCount(count, 1, limits.maxSegments() - segmentCount, "segments in all that are left");
        final boolean isSealOrdered = checkFlag(streamSnapshot.sealOrdered(), "sealOrdered");
        final boolean isDeleteOrdered = checkFlag(streamSnapshot.deleteOrdered(), "deleteOrdered");
        if (isDeleteOrdered && !isSealOrdered) {
            throw invalid("stream " + id + " is being deleted and was not sealed");
        }
        final String name = checkName(streamSnapshot.streamName(), "stream");
        final byte[] header =
                new byte[checkCount(streamSnapshot.headerLength(), 0, limits.maxHeaderLength(), "bytes of header")];
        streamSnapshot.getHeader(header, 0, header.length);
        final Stream stream =
                new Stream(id, scopeName, name, createdNs, readSegments(id, count, isSealOrdered), header);
        stream.restoreOrdered(isSealOrdered, isDeleteOrdered);
        if (streams.put(name, stream) != null) {
            throw invalid("stream " + scopeName + "/" + name + " comes twice");
        }
        if (streamsById.put(id, stream) != null) {
            throw invalid("stream id " + id + " comes twice");
        }
        for (final Segment segment : stream.segments()) {
            if (places.put(new SegmentKey(id, segment.id()), new Place(stream, segment)) != null) {
                throw invalid("segment " + id + "/" + segment.id() + " comes twice");
            }
            chains[segment.chain() - 1].changeSegmentCount(1);
        }
        streamCount++;
        segmentCount += count;
    }

    private Segment[] readSegments(final long streamId, final int count, final boolean isSealOrdered) {
        final int least = SnapshotWriter.LENGTH_LENGTH
                + MessageHeaderDecoder.ENCODED_LENGTH
                + SegmentSnapshotDecoder.BLOCK_LENGTH;
        if (count > (limit - next) / least) {
            throw invalid("it ends within the " + count + " segments of stream " + streamId);
        }
        final Segment[] segments = new Segment[count];
        long keyLow = 0;
        for (int i = 0; i < count; i++) {
            segments[i] = readSegment(streamId, isSealOrdered);
            final long keyHigh = segments[i].keyHigh();
            final boolean isOpenAbove = keyHigh != -1;
            if (segments[i].keyLow() != keyLow
                    || Long.compareUnsigned(keyLow, keyHigh) > 0
                    || isOpenAbove != (i < count - 1)) {
                throw invalid("the segments of stream " + streamId + " do not tile the key space at segment "
                        + segments[i].id());
            }
            keyLow = keyHigh + 1;
        }
        return segments;
    }

    private Segment readSegment(final long streamId, final boolean isSealOrdered) {
        expect(SegmentSnapshotDecoder.TEMPLATE_ID, "SegmentSnapshot");
        segmentSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        final long id = segmentSnapshot.segmentId();
        final int chain = checkCount(segmentSnapshot.chain(), 1, chains.length, "as the chain of a segment");
        final long startOffset = segmentSnapshot.startOffset();
        final long finalLength = segmentSnapshot.finalLength();
        if (startOffset < 0) {
            throw invalid("segment " + streamId + "/" + id + " starts at " + startOffset);
        }
        if (!isSealOrdered && finalLength != Segment.LENGTH_UNKNOWN) {
            throw invalid("segment " + streamId + "/" + id + " has a final length and was not sealed");
        }
        final Segment segment = new Segment(id, segmentSnapshot.keyLow(), segmentSnapshot.keyHigh(), chain);
        segment.startOffset(startOffset);
        segment.finalLength(finalLength);
        return segment;
    }

    private void readChain(final ChainEffects chain) {
        expect(ChainEffectsSnapshotDecoder.TEMPLATE_ID, "ChainEffectsSnapshot");
        chainSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        if (chainSnapshot.chain() != chain.chain()) {
            throw invalid("chain " + chainSnapshot.chain() + " stands where chain " + chain.chain() + " should");
        }
        final long lastNumber = checkCounter(chainSnapshot.lastEffectNumber(), "last effect number");
        final int count = checkCount(chainSnapshot.pendingCount(), 0, lastNumber, "pending effects");
        chain.restoreLastNumber(lastNumber);
        long number = 0;
        for (int i = 0; i < count; i++) {
            number = readEffect(chain, number, lastNumber);
        }
    }

    private long readEffect(final ChainEffects chain, final long previousNumber, final long lastNumber) {
        expect(EffectSnapshotDecoder.TEMPLATE_ID, "EffectSnapshot");
        effectSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        final long number = effectSnapshot.effectNumber();
        if (number <= previousNumber || number > lastNumber) {
            throw invalid("effect " + number + " of chain " + chain.chain() + " after " + previousNumber
                    + ", the last one being " + lastNumber);
        }
        final EffectAction action = effectSnapshot.action();
        final long startOffset = effectSnapshot.startOffset();
        final Place place = places.get(new SegmentKey(effectSnapshot.streamId(), effectSnapshot.segmentId()));
        if (place == null || place.segment.chain() != chain.chain() || !isPossible(place, action, startOffset)) {
            throw invalid("effect " + number + " of chain " + chain.chain() + ", " + action + " of segment "
                    + effectSnapshot.streamId() + "/" + effectSnapshot.segmentId()
                    + ", does not follow from the streams");
        }
        place.pendingActions |= 1 << action.value();
        place.stream.restorePending(action);
        chain.restorePending(new ChainEffects.Pending(number, action, place.stream, place.segment, startOffset));
        return number;
    }

    private static boolean isPossible(final Place place, final EffectAction action, final long startOffset) {
        if (action == EffectAction.TRUNCATE_SEGMENT) {
            return startOffset > 0 && startOffset <= place.segment.startOffset();
        }
        final boolean isOrdered =
                switch (action) {
                    case CREATE_SEGMENT -> !place.stream.isDeleteOrdered();
                    case SEAL_SEGMENT ->
                        place.stream.isSealOrdered()
                                && !place.stream.isDeleteOrdered()
                                && place.segment.finalLength() == Segment.LENGTH_UNKNOWN;
                    default -> place.stream.isDeleteOrdered();
                };
        return isOrdered && startOffset == 0 && (place.pendingActions & 1 << action.value()) == 0;
    }

    private void checkStreams() {
        for (final NavigableMap<String, Stream> streams : scopes.values()) {
            for (final Stream stream : streams.values()) {
                if (stream.isGone()) {
                    throw invalid("stream " + stream.id() + " is gone: none of its effects is left to be done");
                }
            }
        }
    }

    private void readNode() {
        expect(NodeSnapshotDecoder.TEMPLATE_ID, "NodeSnapshot");
        nodeSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        final UUID id = new UUID(nodeSnapshot.nodeIdHigh(), nodeSnapshot.nodeIdLow());
        final UUID device = new UUID(nodeSnapshot.deviceUuidHigh(), nodeSnapshot.deviceUuidLow());
        final long incarnation = nodeSnapshot.incarnation();
        if (incarnation < 1) {
            throw invalid("node " + id + " has incarnation " + incarnation);
        }
        final byte[] endpoint =
                new byte[checkCount(nodeSnapshot.endpointLength(), 0, MAX_ENDPOINT_LENGTH, "bytes of endpoint")];
        nodeSnapshot.getEndpoint(endpoint, 0, endpoint.length);
        if (nodes.put(id, new Node(device, incarnation, new String(endpoint, StandardCharsets.UTF_8))) != null) {
            throw invalid("node " + id + " comes twice");
        }
    }

    private long readRequest(final long previousOrder) {
        expect(RequestSnapshotDecoder.TEMPLATE_ID, "RequestSnapshot");
        requestSnapshot.wrapAndApplyHeader(buffer, at, messageHeader);
        final RequestKey key = new RequestKey(
                requestSnapshot.clientIdHigh(), requestSnapshot.clientIdLow(), requestSnapshot.requestId());
        final long order = requestSnapshot.requestOrder();
        if (order <= previousOrder || order > requests.lastOrder()) {
            throw invalid(
                    "request " + order + " after " + previousOrder + ", the last one being " + requests.lastOrder());
        }
        if (requests.find(key) != null) {
            throw invalid("request " + order + " has the key of another one");
        }
        final short waitsForValue = requestSnapshot.waitsFor();
        if (waitsForValue > EffectAction.TRUNCATE_SEGMENT.value()) {
            throw invalid("request " + order + " waits for an unknown action " + waitsForValue);
        }
        final EffectAction waitsFor = waitsForValue == 0 ? null : EffectAction.get(waitsForValue);
        final int result = requestSnapshot.result();
        final boolean isTaken = result == ControlStatus.DONE || result == ControlStatus.ALREADY;
        if (!isTaken && (waitsFor != null || !isKnownRefusal(result))) {
            throw invalid("request " + order + " has the unknown result " + result);
        }
        final long streamId = requestSnapshot.streamId();
        final RequestTable.Request request = requests.restore(
                key, order, requestSnapshot.commandHash(), result, streamId, requestSnapshot.detail(), waitsFor);
        if (waitsFor != null) {
            final Stream stream = streamsById.get(streamId);
            if (stream == null || !isAwaited(stream, waitsFor)) {
                throw invalid("request " + order + " waits for " + waitsFor + " of stream " + streamId
                        + ", which is not being done");
            }
            stream.waitingFor(waitsFor).add(request);
        }
        return order;
    }

    private static boolean isAwaited(final Stream stream, final EffectAction action) {
        final boolean isOrdered =
                switch (action) {
                    case SEAL_SEGMENT -> stream.isSealOrdered();
                    case DELETE_SEGMENT -> stream.isDeleteOrdered();
                    default -> true;
                };
        return isOrdered && !stream.isReached(action);
    }

    private static boolean isKnownRefusal(final int result) {
        if (ControlStatus.isRefusal(result)) {
            for (final RefusalCode code : RefusalCode.values()) {
                if (code != RefusalCode.NULL_VAL && code.value() == -(long) result) {
                    return true;
                }
            }
        }
        return false;
    }

    private void readEnd() {
        expect(SnapshotEndDecoder.TEMPLATE_ID, "SnapshotEnd");
        snapshotEnd.wrapAndApplyHeader(buffer, at, messageHeader);
        stateHash = snapshotEnd.stateHash();
        if (snapshotEnd.messageCount() != messageCount) {
            throw invalid("it has " + messageCount + " messages and says " + snapshotEnd.messageCount());
        }
        if (next != limit) {
            throw invalid(limit - next + " bytes follow behind its end");
        }
        if (hasPosition && positionHash != SnapshotWriter.positionHash(position, stateHash)) {
            throw invalid("position " + position + " is not the one of this state");
        }
    }

    /**
     * Moves to the next message, which must be whole and of one kind.
     *
     * @param templateId of its kind.
     * @param name of its kind.
     * @return where its SBE header begins.
     */
    int expect(final int templateId, final String name) {
        if (limit - next < SnapshotWriter.LENGTH_LENGTH) {
            throw invalid("it ends where " + name + " should begin");
        }
        final int length = buffer.getInt(next, ByteOrder.LITTLE_ENDIAN);
        if (length < 0 || length > limit - next - SnapshotWriter.LENGTH_LENGTH) {
            throw invalid(name + " should have " + length + " bytes, which the snapshot does not");
        }
        at = next + SnapshotWriter.LENGTH_LENGTH;
        final int found = ControlFrames.checkSnapshot(buffer, at, length);
        if (found != templateId) {
            throw invalid(
                    found < 0
                            ? "where " + name + " should be is a message " + FrameStatus.toText(found)
                            : "where " + name + " should be is template " + found);
        }
        next = at + length;
        messageCount++;
        return at;
    }

    /**
     * Checks that a number is not below 0.
     *
     * @param value of it.
     * @param what it is.
     * @return the value.
     */
    long checkCounter(final long value, final String what) {
        if (value < 0) {
            throw invalid("the " + what + " is " + value);
        }
        return value;
    }

    /**
     * Checks that a number is in its range.
     *
     * @param value of it.
     * @param min least.
     * @param max most.
     * @param what it counts.
     * @return the value.
     */
    int checkCount(final int value, final int min, final long max, final String what) {
        if (value < min || value > max) {
            throw invalid(value + " " + what + ", allowed are " + min + " to " + max);
        }
        return value;
    }

    /**
     * Checks that a number is 0 or 1.
     *
     * @param value of it.
     * @param what it is.
     * @return true when 1.
     */
    boolean checkFlag(final short value, final String what) {
        if (value > 1) {
            throw invalid(what + " is " + value);
        }
        return value == 1;
    }

    private String checkName(final @Nullable String name, final String what) {
        if (name == null || !Names.isValid(name) || Names.isReserved(name)) {
            throw invalid("a " + what + " has a name that no " + what + " may have");
        }
        return name;
    }

    /**
     * Makes what is thrown when the bytes are no snapshot.
     *
     * @param what is wrong.
     * @return to be thrown.
     */
    MillraceException invalid(final String what) {
        return new MillraceException(
                ErrorCode.RECORD_INVALID,
                "the snapshot of the control plane is damaged before its byte " + (next - offset) + ": " + what);
    }
}
