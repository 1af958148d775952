package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ControlFrames;
import io.millrace.codec.FrameStatus;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import io.millrace.codec.control.ConfigureChainsCommandDecoder;
import io.millrace.codec.control.CreateScopeCommandDecoder;
import io.millrace.codec.control.CreateStreamCommandDecoder;
import io.millrace.codec.control.DeleteScopeCommandDecoder;
import io.millrace.codec.control.DeleteStreamCommandDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.EffectDoneDecoder;
import io.millrace.codec.control.GroupSettingsDecoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.NodeStartedDecoder;
import io.millrace.codec.control.SealStreamCommandDecoder;
import io.millrace.codec.control.SetStreamHeaderCommandDecoder;
import io.millrace.codec.control.TickDecoder;
import io.millrace.codec.control.TruncateStreamCommandDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StreamState;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The control plane as a pure function of the commands committed in chain 0: scopes, streams, segment maps, the effects
 * ordered on data chains, nodes, and the answers given.
 *
 * <p><b>Threading:</b> one thread. No I/O, no clock, no hash tables that are iterated.
 *
 * <p><b>Invariants:</b> the same commands give the same state, effects and answers, everywhere. Stream ids count 1, 2,
 * 3 … and are never used again: one created anew under an old name shares nothing with the old one. An effect is kept
 * until its EffectDone; the order of EffectDone commands makes no difference. A refused command changes nothing but the
 * kept answer.
 */
public final class ControlState {

    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final NodeStartedDecoder nodeStarted = new NodeStartedDecoder();
    private final CreateScopeCommandDecoder createScope = new CreateScopeCommandDecoder();
    private final DeleteScopeCommandDecoder deleteScope = new DeleteScopeCommandDecoder();
    private final CreateStreamCommandDecoder createStream = new CreateStreamCommandDecoder();
    private final SealStreamCommandDecoder sealStream = new SealStreamCommandDecoder();
    private final DeleteStreamCommandDecoder deleteStream = new DeleteStreamCommandDecoder();
    private final SetStreamHeaderCommandDecoder setStreamHeader = new SetStreamHeaderCommandDecoder();
    private final TruncateStreamCommandDecoder truncateStream = new TruncateStreamCommandDecoder();
    private final EffectDoneDecoder effectDone = new EffectDoneDecoder();

    private final ControlLimits limits;
    private final ReconfigurationLimits reconfigurationLimits;
    private final ControlRules rules;
    private final OperatorCommands operatorCommands = new OperatorCommands();
    private final TreeMap<String, NavigableMap<String, Stream>> scopes = new TreeMap<>();
    private final TreeMap<UUID, Node> nodes = new TreeMap<>();
    private RequestTable requests;
    private Cluster cluster;
    private ChainEffects[] chains = {};
    private long lastStreamId;
    private int streamCount;
    private int segmentCount;

    // Of the command being applied.
    private RequestKey key = new RequestKey(0, 0, 0);
    private long commandHash;
    private long answerStreamId;
    private long answerDetail;

    /**
     * Starts empty.
     *
     * @param limits the same at every replay.
     */
    public ControlState(final ControlLimits limits) {
        this(limits, ReconfigurationLimits.DEFAULT, ControlRules.ALL);
    }

    /**
     * Starts empty.
     *
     * @param limits the same at every replay.
     * @param reconfigurationLimits the same at every replay.
     * @param rules {@link ControlRules#ALL}, but in tests.
     */
    public ControlState(
            final ControlLimits limits, final ReconfigurationLimits reconfigurationLimits, final ControlRules rules) {
        this.limits = limits;
        this.reconfigurationLimits = reconfigurationLimits;
        this.rules = rules;
        cluster = newCluster();
        requests = new RequestTable(limits.maxKeptReplies());
    }

    /**
     * Applies one committed command.
     *
     * @param command buffer with an encoded message of {@code millrace-control.xml}, or with one of
     *     {@code millrace-chain.xml} that a node reports.
     * @param offset of its SBE header.
     * @param length bytes with the header.
     * @param timestampNs of the record, nanoseconds since 1970.
     * @param effects told what is to be done outside.
     * @return a code of {@link ControlStatus}, or the negated number of a RefusalCode.
     * @throws IllegalStateException when the bytes are no command this version knows: the log is corrupt or newer, and
     *     to skip a command would let replicas differ.
     */
    public int apply(
            final DirectBuffer command,
            final int offset,
            final int length,
            final long timestampNs,
            final Effects effects) {
        if (ChainFrames.isChainMessage(command, offset, length)) {
            return cluster.onReport(command, offset, length, effects);
        }
        final int templateId = ControlFrames.check(command, offset, length);
        if (templateId < 0) {
            throw new IllegalStateException("chain 0 holds a command that is " + FrameStatus.toText(templateId));
        }
        answerStreamId = 0;
        answerDetail = 0;
        switch (templateId) {
            case NodeStartedDecoder.TEMPLATE_ID -> {
                nodeStarted.wrapAndApplyHeader(command, offset, messageHeader);
                return onNodeStarted();
            }
            case EffectDoneDecoder.TEMPLATE_ID -> {
                effectDone.wrapAndApplyHeader(command, offset, messageHeader);
                return onEffectDone(effects);
            }
            case TickDecoder.TEMPLATE_ID, GroupSettingsDecoder.TEMPLATE_ID -> {
                return cluster.onGroupCommand(templateId, command, offset, effects);
            }
            default -> {
                key = RequestKey.of(command, offset);
                commandHash = KeyHash.of(command, offset, length);
                final RequestTable.Request known = requests.find(key);
                if (known != null) {
                    onRepeated(known, effects);
                    return ControlStatus.REPEATED;
                }
                return onRequest(templateId, command, offset, timestampNs, effects);
            }
        }
    }

    /**
     * Says again which effects are not done, and what replicas have not answered.
     *
     * @param effects told by {@link Effects#onEffect}, per chain in order of their numbers, and by
     *     {@link Effects#onNodeMessage}.
     */
    public void forEachPendingEffect(final Effects effects) {
        for (final ChainEffects chain : chains) {
            chain.forEachPending(effects);
        }
        cluster.forEachPending(effects);
    }

    /**
     * Writes a snapshot: everything that decides what later commands do, as {@code docs/formats.md} draws it.
     *
     * @param buffer to write to; one that expands, or with room for all of it.
     * @param offset of the first byte.
     * @return bytes written.
     * @throws IndexOutOfBoundsException when the buffer does not expand and is too small.
     */
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        final SnapshotWriter writer = new SnapshotWriter(buffer, offset);
        encode(writer, stateHash());
        return writer.length();
    }

    /**
     * Becomes the state that a snapshot was taken of, without effects or answers: {@link #forEachPendingEffect} says
     * what is not done. Nothing has changed when it throws.
     *
     * @param buffer with the snapshot.
     * @param offset of its first byte.
     * @param length in bytes.
     * @throws MillraceException when the bytes are no snapshot, are damaged, of another version, or beyond the limits.
     * @throws IllegalStateException when a command was applied before.
     */
    public void restore(final DirectBuffer buffer, final int offset, final int length) {
        restore(new SnapshotReader(limits, newCluster(), buffer, offset, length));
    }

    /** Returns the number of data chains, 0 before the first NodeStarted. */
    public int chainCount() {
        return chains.length;
    }

    /**
     * Returns the configuration of a replicated chain as it is now.
     *
     * @param chain data chain, from 1.
     * @return its view, or null when it is not replicated.
     */
    public @Nullable ChainView chainView(final int chain) {
        final ReplicatedChain found = cluster.chain(chain);
        return found == null ? null : cluster.messages().view(found);
    }

    /**
     * Encodes an effect for the head of a replicated chain, as EffectOrder.
     *
     * @param chain data chain, from 1; it is replicated.
     * @param effectNumber dense per chain.
     * @param effect buffer with a SegmentEffect and its SBE header.
     * @param offset of the header.
     * @param length bytes with the header.
     * @param target to write to; expands.
     * @return bytes written from index 0 on.
     * @throws IllegalArgumentException when the chain is not replicated.
     */
    public int encodeEffectOrder(
            final int chain,
            final long effectNumber,
            final DirectBuffer effect,
            final int offset,
            final int length,
            final MutableDirectBuffer target) {
        return cluster.messages()
                .effectOrder(cluster.requireChain(chain), effectNumber, effect, offset, length, target, 0);
    }

    /**
     * Encodes where a replicated chain is served, as ChainMap.
     *
     * @param chain data chain, from 1; it is replicated.
     * @param correlationId of the question, 0: not asked for.
     * @param target to write to; expands.
     * @return bytes written from index 0 on.
     * @throws IllegalArgumentException when the chain is not replicated.
     */
    public int encodeChainMap(final int chain, final long correlationId, final MutableDirectBuffer target) {
        return cluster.messages().chainMap(cluster.requireChain(chain), correlationId, target, 0);
    }

    /** Returns how many orders to replicas (Seal, Install, Learn, Retire) are not answered. */
    public int pendingOrderCount() {
        return cluster.pendingCount();
    }

    /** Returns the time of the control plane, nanoseconds from 0: what its ticks moved it. */
    public long timeNs() {
        return cluster.nodes.timeNs();
    }

    /** Returns what is known of the group that carries this state. */
    public GroupView group() {
        return cluster.group();
    }

    /** Returns the number of scopes. */
    public int scopeCount() {
        return scopes.size();
    }

    /** Returns the number of streams, those being deleted included. */
    public int streamCount() {
        return streamCount;
    }

    /** Returns the number of segments of all streams. */
    public int segmentCount() {
        return segmentCount;
    }

    /** Returns the number of effects that are not done. */
    public int pendingEffectCount() {
        return Arrays.stream(chains).mapToInt(ChainEffects::pendingCount).sum();
    }

    /** Returns the number of requests whose effects are not done. */
    public int openRequestCount() {
        return requests.openCount();
    }

    /**
     * Returns the last incarnation of a node.
     *
     * @param nodeId of the node.
     * @return its incarnation, 0 when it was never started.
     */
    public long incarnation(final UUID nodeId) {
        final Node alone = cluster.nodes.incarnation(nodeId) == 0 ? nodes.get(nodeId) : null;
        return alone == null ? cluster.nodes.incarnation(nodeId) : alone.incarnation();
    }

    /** Returns a hash of everything that decides what later commands do; equal on all members after the same log. */
    public long stateHash() {
        return ControlStateHash.of(lastStreamId, streamCount, segmentCount, scopes, chains, nodes, requests, cluster);
    }

    /**
     * Writes the state.
     *
     * @param writer to write with.
     * @param stateHash of this state.
     */
    void encode(final SnapshotWriter writer, final long stateHash) {
        final List<RequestTable.Request> inOrder = requests.inOrder();
        final int version = cluster.isGroup()
                ? SnapshotWriter.VERSION
                : cluster.isEmpty() ? SnapshotWriter.VERSION_WITHOUT_CLUSTER : SnapshotWriter.VERSION_WITHOUT_GROUP;
        writer.begin(
                chains.length,
                lastStreamId,
                requests.lastOrder(),
                scopes.size(),
                nodes.size(),
                inOrder.size(),
                version);
        scopes.forEach((name, streams) -> {
            writer.scope(name, streams.size());
            streams.values().forEach(writer::stream);
        });
        for (final ChainEffects chain : chains) {
            writer.chain(chain);
        }
        nodes.forEach(writer::node);
        inOrder.forEach(writer::request);
        if (version > SnapshotWriter.VERSION_WITHOUT_CLUSTER) {
            new ClusterWriter(writer).write(cluster);
        }
        writer.end(stateHash);
    }

    /**
     * Takes the state of a snapshot, all of it or nothing.
     *
     * @param reader before the state.
     * @throws MillraceException when it has none to give.
     */
    void restore(final SnapshotReader reader) {
        if (!scopes.isEmpty() || !nodes.isEmpty() || requests.lastOrder() != 0 || !cluster.isEmpty()) {
            throw new IllegalStateException("a snapshot is restored into a state that has seen commands");
        }
        reader.read();
        ControlStateHash.require(reader);
        take(reader);
        cluster = reader.cluster();
    }

    private void take(final SnapshotReader reader) {
        scopes.putAll(reader.scopes());
        nodes.putAll(reader.nodes());
        requests = reader.requests();
        chains = reader.chains();
        lastStreamId = reader.lastStreamId();
        streamCount = reader.streamCount();
        segmentCount = reader.segmentCount();
    }

    /**
     * Takes over the state of a node that was alone, all of it or nothing: chains stay where they are, scopes stay,
     * too.
     *
     * @param reader before the state.
     * @param effects told.
     * @return false when this state has something to lose, or the other one is not that of a node alone.
     * @throws MillraceException when it has none to give.
     */
    boolean takeOver(final SnapshotReader reader, final Effects effects) {
        if (chains.length != 0 || streamCount != 0 || !nodes.isEmpty() || !reader.readAlone()) {
            return false;
        }
        take(reader);
        cluster.adopt(nodes.firstKey(), nodes.firstEntry().getValue().device(), chains.length, effects);
        return true;
    }

    /**
     * Finds a request that is in the log.
     *
     * @param requestKey whose.
     * @return the request, or null when it never came or its answer is no longer kept.
     */
    RequestTable.@Nullable Request findRequest(final RequestKey requestKey) {
        return requests.find(requestKey);
    }

    /**
     * Finds a stream.
     *
     * @param scopeName its scope.
     * @param streamName its name.
     * @return the stream, or null.
     */
    @Nullable
    Stream findStream(final String scopeName, final String streamName) {
        final NavigableMap<String, Stream> streams = scopes.get(scopeName);
        return streams == null ? null : streams.get(streamName);
    }

    /** Returns an empty cluster for a snapshot to fill. */
    Cluster newCluster() {
        return new Cluster(limits, reconfigurationLimits, rules, nodes);
    }

    /** Returns the nodes and replicated chains; to be changed by a carrier that imports a state, and nobody else. */
    Cluster cluster() {
        return cluster;
    }

    /** Returns the streams of all scopes by name; not to be changed. */
    NavigableMap<String, NavigableMap<String, Stream>> scopes() {
        return scopes;
    }

    /** Applies an operator's command; the first configuration makes the chains that segments lie on. */
    private int onOperator(final int templateId, final DirectBuffer command, final int offset, final Effects effects) {
        if (templateId == ConfigureChainsCommandDecoder.TEMPLATE_ID && chains.length != 0 && cluster.chains.isEmpty()) {
            return refuse(RefusalCode.CHAINS_CONFIGURED, chains.length);
        }
        final int result = operatorCommands.apply(cluster, templateId, command, offset, effects);
        if (ControlStatus.isRefusal(result)) {
            answerDetail = cluster.detail();
        }
        if (chains.length == 0 && !cluster.chains.isEmpty()) {
            chains = ChainEffects.create(cluster.chains.size());
        }
        return result;
    }

    private int onNodeStarted() {
        final UUID nodeId = new UUID(nodeStarted.nodeIdHigh(), nodeStarted.nodeIdLow());
        final UUID device = new UUID(nodeStarted.deviceUuidHigh(), nodeStarted.deviceUuidLow());
        final long incarnation = nodeStarted.incarnation();
        final int chainCount = nodeStarted.chainCount();
        final Node known = nodes.get(nodeId);
        if (chains.length == 0 ? chainCount < 1 || chainCount > limits.maxChains() : chainCount != chains.length) {
            return ControlStatus.CHAIN_COUNT_MISMATCH;
        }
        if (known == null && nodes.size() >= limits.maxNodes()) {
            return ControlStatus.NODE_LIMIT;
        }
        final int status = Node.checkStart(known, device, incarnation);
        if (status != ControlStatus.DONE) {
            return status;
        }
        nodes.put(nodeId, new Node(device, incarnation, nodeStarted.endpoint()));
        if (chains.length == 0) {
            chains = ChainEffects.create(chainCount);
        }
        return ControlStatus.DONE;
    }

    private int onEffectDone(final Effects effects) {
        final int chainNumber = effectDone.chain();
        final long number = effectDone.effectNumber();
        if (chainNumber < 1 || chainNumber > chains.length || !chains[chainNumber - 1].wasOrdered(number)) {
            return ControlStatus.EFFECT_MISMATCH;
        }
        final ChainEffects chain = chains[chainNumber - 1];
        final ChainEffects.Pending effect = chain.find(number);
        if (effect == null) {
            return ControlStatus.REPEATED;
        }
        final Stream stream = effect.stream();
        if (effect.action() != effectDone.action()
                || stream.id() != effectDone.streamId()
                || effect.segment().id() != effectDone.segmentId()) {
            return ControlStatus.EFFECT_MISMATCH;
        }
        chain.remove(number);
        effects.onEffectDone(chainNumber, number);
        stream.onDone(effect.action(), effect.segment(), effectDone.finalLength());
        if (stream.isGone()) {
            forget(stream);
        }
        for (final EffectAction action : Stream.ACTIONS) {
            final List<RequestTable.Request> waiting = stream.waitingFor(action);
            if (!waiting.isEmpty() && stream.isReached(action)) {
                requests.answerAll(waiting, effects);
            }
        }
        return ControlStatus.DONE;
    }

    private void forget(final Stream stream) {
        final NavigableMap<String, Stream> streams = scopes.get(stream.scopeName());
        if (streams == null || !streams.remove(stream.name(), stream)) {
            throw new IllegalStateException("stream " + stream.id() + " is not in its scope");
        }
        streamCount--;
        segmentCount -= stream.segments().length;
        Arrays.stream(stream.segments()).forEach(segment -> chains[segment.chain() - 1].changeSegmentCount(-1));
    }

    private int onRequest(
            final int templateId,
            final DirectBuffer command,
            final int offset,
            final long timestampNs,
            final Effects effects) {
        return switch (templateId) {
            case CreateScopeCommandDecoder.TEMPLATE_ID -> {
                createScope.wrapAndApplyHeader(command, offset, messageHeader);
                yield answer(createScope(createScope.scopeName()), effects);
            }
            case DeleteScopeCommandDecoder.TEMPLATE_ID -> {
                deleteScope.wrapAndApplyHeader(command, offset, messageHeader);
                yield answer(deleteScope(deleteScope.scopeName()), effects);
            }
            case CreateStreamCommandDecoder.TEMPLATE_ID -> {
                createStream.wrapAndApplyHeader(command, offset, messageHeader);
                yield onCreateStream(createStream, timestampNs, effects);
            }
            case SealStreamCommandDecoder.TEMPLATE_ID -> {
                sealStream.wrapAndApplyHeader(command, offset, messageHeader);
                yield sealStream(sealStream.scopeName(), sealStream.streamName(), effects);
            }
            case DeleteStreamCommandDecoder.TEMPLATE_ID -> {
                deleteStream.wrapAndApplyHeader(command, offset, messageHeader);
                yield deleteStream(deleteStream.scopeName(), deleteStream.streamName(), effects);
            }
            case SetStreamHeaderCommandDecoder.TEMPLATE_ID -> {
                setStreamHeader.wrapAndApplyHeader(command, offset, messageHeader);
                yield answer(onSetStreamHeader(setStreamHeader), effects);
            }
            case TruncateStreamCommandDecoder.TEMPLATE_ID -> {
                truncateStream.wrapAndApplyHeader(command, offset, messageHeader);
                yield onTruncateStream(truncateStream, effects);
            }
            default -> {
                if (!OperatorCommands.handles(templateId)) {
                    throw new IllegalStateException("chain 0 holds template " + templateId + ", which is no command");
                }
                yield answer(onOperator(templateId, command, offset, effects), effects);
            }
        };
    }

    /** Tells a repeated request its answer once more, when there is one, or that its id stood for something else. */
    private void onRepeated(final RequestTable.Request known, final Effects effects) {
        if (known.commandHash() != commandHash) {
            tellOnce(-RefusalCode.MALFORMED.value(), effects);
        } else if (known.isAnswered()) {
            known.tell(effects);
        }
    }

    private int createScope(final String scopeName) {
        if (!RequestCheck.isUsable(scopeName)) {
            return refuse(RefusalCode.BAD_NAME, scopeName.length());
        }
        if (scopes.containsKey(scopeName)) {
            return ControlStatus.ALREADY;
        }
        if (scopes.size() >= limits.maxScopes()) {
            return refuse(RefusalCode.LIMIT_REACHED, limits.maxScopes());
        }
        scopes.put(scopeName, new TreeMap<>());
        return ControlStatus.DONE;
    }

    private int deleteScope(final String scopeName) {
        final NavigableMap<String, Stream> streams = scopes.get(scopeName);
        if (streams == null) {
            return refuse(RefusalCode.SCOPE_NOT_FOUND, 0);
        }
        if (!streams.isEmpty()) {
            return refuse(RefusalCode.SCOPE_NOT_EMPTY, streams.size());
        }
        scopes.remove(scopeName);
        return ControlStatus.DONE;
    }

    private int onCreateStream(
            final CreateStreamCommandDecoder decoder, final long timestampNs, final Effects effects) {
        final int count = decoder.segmentCount();
        final boolean withScope = decoder.createScope() != 0;
        final String scopeName = decoder.scopeName();
        final String streamName = decoder.streamName();
        final int refusal = checkCreate(scopeName, streamName, count, decoder.headerLength(), withScope);
        if (refusal < 0) {
            return answer(refusal, effects);
        }
        final Stream existing = findStream(scopeName, streamName);
        if (existing != null) {
            answerStreamId = existing.id();
            if (existing.state() == StreamState.DELETING) {
                return answer(refuse(RefusalCode.STREAM_BUSY, 0), effects);
            }
            if (existing.segments().length != count) {
                return answer(refuse(RefusalCode.STREAM_CONFLICT, existing.segments().length), effects);
            }
            return answerWhenReached(ControlStatus.ALREADY, existing, EffectAction.CREATE_SEGMENT, effects);
        }
        final byte[] header = new byte[decoder.headerLength()];
        decoder.getHeader(header, 0, header.length);
        final Stream stream = new Stream(
                ++lastStreamId,
                scopeName,
                streamName,
                timestampNs,
                ChainEffects.place(chains, lastStreamId, count),
                header);
        scopes.computeIfAbsent(scopeName, name -> new TreeMap<>()).put(streamName, stream);
        streamCount++;
        segmentCount += count;
        answerStreamId = stream.id();
        order(EffectAction.CREATE_SEGMENT, stream, effects);
        return answerWhenReached(ControlStatus.DONE, stream, EffectAction.CREATE_SEGMENT, effects);
    }

    private int checkCreate(
            final String scopeName,
            final String streamName,
            final int count,
            final int headerLength,
            final boolean withScope) {
        if (!RequestCheck.isUsable(scopeName) || !RequestCheck.isUsable(streamName)) {
            return refuse(RefusalCode.BAD_NAME, 0);
        }
        if (count < 1 || count > limits.maxSegmentsPerStream()) {
            return refuse(RefusalCode.BAD_SEGMENT_COUNT, limits.maxSegmentsPerStream());
        }
        if (headerLength > limits.maxHeaderLength()) {
            return refuse(RefusalCode.LIMIT_REACHED, limits.maxHeaderLength());
        }
        if (chains.length == 0) {
            return refuse(RefusalCode.NOT_READY, 0);
        }
        if (requests.openCount() >= limits.maxOpenRequests()) {
            return refuse(RefusalCode.THROTTLED, limits.maxOpenRequests());
        }
        if (!scopes.containsKey(scopeName)) {
            if (!withScope) {
                return refuse(RefusalCode.SCOPE_NOT_FOUND, 0);
            }
            if (scopes.size() >= limits.maxScopes()) {
                return refuse(RefusalCode.LIMIT_REACHED, limits.maxScopes());
            }
        }
        if (findStream(scopeName, streamName) == null) {
            if (streamCount >= limits.maxStreams()) {
                return refuse(RefusalCode.LIMIT_REACHED, limits.maxStreams());
            }
            if (segmentCount + count > limits.maxSegments()) {
                return refuse(RefusalCode.LIMIT_REACHED, limits.maxSegments());
            }
        }
        return ControlStatus.DONE;
    }

    private int sealStream(final String scopeName, final String streamName, final Effects effects) {
        final Stream stream = findStream(scopeName, streamName);
        if (stream == null || stream.state() == StreamState.DELETING) {
            return answer(refuse(RefusalCode.STREAM_NOT_FOUND, 0), effects);
        }
        answerStreamId = stream.id();
        if (requests.openCount() >= limits.maxOpenRequests()) {
            return answer(refuse(RefusalCode.THROTTLED, limits.maxOpenRequests()), effects);
        }
        if (stream.state() == StreamState.SEALING || stream.state() == StreamState.SEALED) {
            return answerWhenReached(ControlStatus.ALREADY, stream, EffectAction.SEAL_SEGMENT, effects);
        }
        order(EffectAction.SEAL_SEGMENT, stream, effects);
        return answerWhenReached(ControlStatus.DONE, stream, EffectAction.SEAL_SEGMENT, effects);
    }

    private int deleteStream(final String scopeName, final String streamName, final Effects effects) {
        final Stream stream = findStream(scopeName, streamName);
        if (stream == null) {
            return answer(refuse(RefusalCode.STREAM_NOT_FOUND, 0), effects);
        }
        answerStreamId = stream.id();
        if (requests.openCount() >= limits.maxOpenRequests()) {
            return answer(refuse(RefusalCode.THROTTLED, limits.maxOpenRequests()), effects);
        }
        switch (stream.state()) {
            case DELETING -> {
                return answerWhenReached(ControlStatus.ALREADY, stream, EffectAction.DELETE_SEGMENT, effects);
            }
            case SEALED -> {
                order(EffectAction.DELETE_SEGMENT, stream, effects);
                return answerWhenReached(ControlStatus.DONE, stream, EffectAction.DELETE_SEGMENT, effects);
            }
            case SEALING -> {
                return answer(refuse(RefusalCode.STREAM_BUSY, 0), effects);
            }
            default -> {
                return answer(refuse(RefusalCode.STREAM_NOT_SEALED, 0), effects);
            }
        }
    }

    private int onTruncateStream(final TruncateStreamCommandDecoder decoder, final Effects effects) {
        final long streamId = decoder.streamId();
        final TruncateStreamCommandDecoder.CutDecoder cut = decoder.cut();
        final long[] segmentIds = new long[cut.count()];
        final long[] offsets = new long[segmentIds.length];
        for (int i = 0; i < segmentIds.length; i++) {
            cut.next();
            segmentIds[i] = cut.segmentId();
            offsets[i] = cut.startOffset();
        }
        final Stream stream = findStream(decoder.scopeName(), decoder.streamName());
        if (stream == null || stream.id() != streamId || stream.state() == StreamState.DELETING) {
            return answer(refuse(RefusalCode.STREAM_NOT_FOUND, 0), effects);
        }
        answerStreamId = stream.id();
        for (int i = 0; i < segmentIds.length; i++) {
            if (stream.findSegment(segmentIds[i]) == null) {
                return answer(refuse(RefusalCode.SEGMENT_NOT_FOUND, segmentIds[i]), effects);
            }
            if (offsets[i] < 0) {
                return answer(refuse(RefusalCode.OFFSET_OUT_OF_RANGE, offsets[i]), effects);
            }
        }
        if (requests.openCount() >= limits.maxOpenRequests()) {
            return answer(refuse(RefusalCode.THROTTLED, limits.maxOpenRequests()), effects);
        }
        int outcome = ControlStatus.ALREADY;
        for (int i = 0; i < segmentIds.length; i++) {
            final Segment segment = stream.findSegment(segmentIds[i]);
            if (segment != null && offsets[i] > segment.startOffset()) {
                stream.onTruncationOrdered(segment, offsets[i]);
                chains[segment.chain() - 1].order(EffectAction.TRUNCATE_SEGMENT, stream, segment, offsets[i], effects);
                outcome = ControlStatus.DONE;
            }
        }
        return answerWhenReached(outcome, stream, EffectAction.TRUNCATE_SEGMENT, effects);
    }

    private int onSetStreamHeader(final SetStreamHeaderCommandDecoder decoder) {
        final Stream stream = findStream(decoder.scopeName(), decoder.streamName());
        if (stream == null || stream.state() == StreamState.DELETING) {
            return refuse(RefusalCode.STREAM_NOT_FOUND, 0);
        }
        answerStreamId = stream.id();
        final int headerLength = decoder.headerLength();
        if (headerLength > limits.maxHeaderLength()) {
            return refuse(RefusalCode.LIMIT_REACHED, limits.maxHeaderLength());
        }
        final byte[] header = new byte[headerLength];
        decoder.getHeader(header, 0, headerLength);
        if (Arrays.equals(header, stream.header())) {
            return ControlStatus.ALREADY;
        }
        stream.header(header);
        return ControlStatus.DONE;
    }

    private void order(final EffectAction action, final Stream stream, final Effects effects) {
        stream.onOrdered(action);
        for (final Segment segment : stream.segments()) {
            chains[segment.chain() - 1].order(action, stream, segment, 0, effects);
        }
    }

    private int answerWhenReached(
            final int outcome, final Stream stream, final EffectAction action, final Effects effects) {
        if (stream.isReached(action)) {
            return answer(outcome, effects);
        }
        stream.waitingFor(action).add(requests.open(key, commandHash, outcome, answerStreamId, 0, action));
        return ControlStatus.OPEN;
    }

    /** Answers now. A refusal that will pass by itself is not kept: a retry is judged anew, for nothing was changed. */
    private int answer(final int result, final Effects effects) {
        if (ControlStatus.isPassing(result)) {
            return tellOnce(result, effects);
        }
        final RequestTable.Request request =
                requests.open(key, commandHash, result, answerStreamId, answerDetail, null);
        requests.answer(request);
        request.tell(effects);
        return result;
    }

    /** Answers the request at hand without remembering it. */
    private int tellOnce(final int result, final Effects effects) {
        effects.onAnswer(
                key.clientIdHigh(),
                key.clientIdLow(),
                key.requestId(),
                commandHash,
                result,
                answerStreamId,
                answerDetail);
        return result;
    }

    private int refuse(final RefusalCode code, final long detail) {
        answerDetail = detail;
        return -code.value();
    }
}
