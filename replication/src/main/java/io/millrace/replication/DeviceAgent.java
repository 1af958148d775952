package io.millrace.replication;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ControlFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.chain.EffectOrderDecoder;
import io.millrace.codec.control.CreateScopeCommandDecoder;
import io.millrace.codec.control.CreateStreamCommandDecoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.control.SetStreamHeaderCommandDecoder;
import io.millrace.codec.log.ChainMembershipBodyEncoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.wire.AckEchoDecoder;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.Durability;
import io.millrace.codec.wire.ReadCreditDecoder;
import io.millrace.codec.wire.ReadSubscribeDecoder;
import io.millrace.codec.wire.ReadUnsubscribeDecoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.WriterBindDecoder;
import io.millrace.codec.wire.WriterSetupDecoder;
import io.millrace.journal.CheckpointPart;
import io.millrace.journal.DurableListener;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.journal.JournalStatus;
import io.millrace.journal.RecordVisitor;
import io.millrace.store.ChainState;
import io.millrace.store.PendingOverlay;
import io.millrace.store.StoreLimits;
import io.millrace.store.StoreStatus;
import io.millrace.transport.Session;
import io.millrace.transport.SessionHandler;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Everything one device does, on one thread: takes frames from sessions, sequences them into chains, fills the journal,
 * commits what is durable, acknowledges, and serves reads. There is no queue between network and disk.
 *
 * <p>One turn: the owner polls the network (frames arrive in {@link #onFrame}); then {@link #doWork} submits and reaps
 * the journal (batches arrive in {@link #onDurable}), releases the answers that waited for commit, acknowledges and
 * sends to readers.
 *
 * <p><b>Threading</b>: one thread calls everything, the one that runs the journal.
 *
 * <p><b>Invariants</b>: no acknowledgement, answer or byte leaves before the record behind it is committed, except the
 * refusals that depend on no state (P2).
 */
public final class DeviceAgent implements SessionHandler, DurableListener, AutoCloseable {
    /** Is a chain of one everywhere: in a cluster it only ever holds what the node wrote while it was alone. */
    private static final int CONTROL_CHAIN = 0;

    private static final String COMMANDS_DAMAGED =
            "damaged batches may have held commands of chain 0, which no cluster is known to have";

    private static final long EPOCH_SAMPLE_INTERVAL_NS = 1_000_000_000L;

    /** An effect and the command that says it is done, as records. */
    private static final long EFFECT_LENGTH = 256;

    private final Journal journal;
    private final NanoClock clock;
    private final EpochNanoClock epochClock;
    private final DeviceChains chains;
    private final ChainReplica[] replicas;
    private final Committer committer;
    private final @Nullable ClusterDuties cluster;
    private final Durability durability;
    private final AckProxy acks;
    private final AppendAdapter appends;
    private final ReadAdapter reads;
    private final WriterExpiry[] expiries;
    private final Checkpointer checkpointer;
    private final RecordHeaderDecoder header = new RecordHeaderDecoder();
    private final MessageHeaderDecoder controlHeader = new MessageHeaderDecoder();
    private final SegmentEffectDecoder effect = new SegmentEffectDecoder();
    private final CreateStreamCommandDecoder createStream = new CreateStreamCommandDecoder();
    private final ChainMembershipBodyEncoder membership = new ChainMembershipBodyEncoder();
    private final io.millrace.codec.chain.MessageHeaderDecoder orderHeader =
            new io.millrace.codec.chain.MessageHeaderDecoder();
    private final EffectOrderDecoder order = new EffectOrderDecoder();
    private @Nullable ControlChain control;
    private long epochOffsetNs;
    private long epochSampledNs;
    private boolean damageSeen;
    private @Nullable String fencedReason;

    /**
     * Opens the journal of a device and sets up its chains; {@link #recover} follows.
     *
     * @param journalContext of the journal; its listener, clock and reader limit are set here.
     * @param placement of the node's chains: this device has those that it holds.
     * @param storeLimits of each chain's state.
     * @param limits of the device thread.
     * @param clock monotonic, the owner's turns as well.
     * @param epochClock for the timestamps of records.
     * @param secrets random numbers that bind writers to sessions.
     * @throws io.millrace.codec.MillraceException when the journal cannot be opened.
     */
    public DeviceAgent(
            final JournalContext journalContext,
            final ChainPlacement placement,
            final StoreLimits storeLimits,
            final ReplicationLimits limits,
            final NanoClock clock,
            final EpochNanoClock epochClock,
            final LongSupplier secrets) {
        this(journalContext, placement, storeLimits, limits, clock, epochClock, secrets, null);
    }

    /**
     * Opens the journal of a device whose chains have members elsewhere; {@link #recover} follows, then
     * {@link #incarnation}. The control plane says which chains the device holds: until then each is empty and in no
     * epoch.
     *
     * @param journalContext of the journal; its listener, clock and reader limit are set here.
     * @param placement of chains that the device may hold: all, most often.
     * @param storeLimits of each chain's state.
     * @param limits of the device thread.
     * @param clock monotonic, the owner's turns as well.
     * @param epochClock for the timestamps of records.
     * @param secrets random numbers that bind writers to sessions.
     * @param chainCluster who and where the others are; null for a device whose chains are chains of one.
     * @throws io.millrace.codec.MillraceException when the journal cannot be opened.
     */
    public DeviceAgent(
            final JournalContext journalContext,
            final ChainPlacement placement,
            final StoreLimits storeLimits,
            final ReplicationLimits limits,
            final NanoClock clock,
            final EpochNanoClock epochClock,
            final LongSupplier secrets,
            final @Nullable ChainCluster chainCluster) {
        this.clock = clock;
        this.epochClock = epochClock;
        journal = Journal.open(journalContext
                .listener(this)
                .clock(clock)
                .readerLimit(Math.max(
                        journalContext.readerLimit(),
                        limits.journalReaders()
                                + 1 // the cleaner's
                                + (chainCluster == null
                                        ? 0
                                        : chainCluster.limits().sourceReaders()))));
        durability = journal.durabilityMode().survivesPowerLoss() ? Durability.MEDIA : Durability.MEMORY;
        final ChainRules rules = chainCluster == null ? ChainRules.ALL : chainCluster.rules();
        acks = chainCluster == null
                ? new AckProxy(durability)
                : new AckProxy(durability, chainCluster.limits().backstopNs(), rules);
        sampleEpoch(clock.nanoTime());
        chains = new DeviceChains(
                placement,
                chain -> new ChainReplica(
                        chain,
                        journal,
                        clock,
                        this::epochNs,
                        storeLimits,
                        limits,
                        chain == CONTROL_CHAIN ? null : chainCluster));
        replicas = chains.held();
        appends = new AppendAdapter(chains, acks, secrets, limits, rules);
        reads = new ReadAdapter(journal, appends, limits);
        checkpointer = new Checkpointer(journal, chains, limits.checkpointIntervalBytes(), rules);
        committer = new Committer(acks, reads, checkpointer);
        cluster = chainCluster == null
                ? null
                : new ClusterDuties(journal, chains, chainCluster, committer, checkpointer, reads);
        final int first = placement.holds(0) ? 1 : 0;
        expiries = new WriterExpiry[replicas.length - first];
        for (int i = 0; i < expiries.length; i++) {
            expiries[i] = new WriterExpiry(replicas[i + first], limits.writerRetentionNs(), epochSampledNs);
        }
    }

    /**
     * Names who takes chain 0's commands; before {@link #recover}.
     *
     * @param chain the control plane's carrier.
     */
    public void controlChain(final ControlChain chain) {
        control = chain;
        committer.controlChain(chain);
        checkpointer.controlChain(chain);
    }

    /**
     * Names the address that clients reach this node at; before frames arrive.
     *
     * @param endpoint host:port.
     */
    public void endpoint(final String endpoint) {
        appends.endpoint(endpoint);
    }

    /**
     * Reads the journal and rebuilds every chain, then notes for each chain that this device is a member (P5).
     *
     * @throws io.millrace.codec.MillraceException when the journal is damaged.
     */
    public void recover() {
        journal.recover(new Recovery());
        if (damageSeen && control != null && control.mustBeWhole()) {
            throw new MillraceException(ErrorCode.JOURNAL_CORRUPT, COMMANDS_DAMAGED);
        }
        for (final ChainReplica replica : replicas) {
            replica.onRecovered();
        }
        if (cluster != null) {
            cluster.onRecovered(journal.recoveryReport());
            return;
        }
        for (final ChainReplica replica : replicas) {
            if (replica.state().memberSinceEpoch() == 0) {
                noteMembership(replica);
            }
        }
    }

    /** Rebuilds the chains: from a checkpoint, then record by record. */
    private final class Recovery implements RecordVisitor {
        @Override
        public void onRecord(final DirectBuffer buffer, final int index, final int length, final long batchAddress) {
            header.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            final ChainReplica replica = replica(header.chain());
            if (cluster != null && header.chain() != CONTROL_CHAIN) {
                replica.fold(buffer, index, length);
            } else if (!replica.isRestored(header.position())) {
                if (damageSeen) { // in a cluster: what is missing may have come before it
                    throw new MillraceException(ErrorCode.JOURNAL_CORRUPT, COMMANDS_DAMAGED);
                }
                committer.afterApply(replica, replica.recover(buffer, index, length), buffer, index, length, true);
            }
        }

        @Override
        public OnDamage onDamage(final long batchAddress, final long batchSequence) {
            if (cluster == null) {
                return OnDamage.REFUSE;
            }
            damageSeen = true;
            if (!cluster.rules().corruptionIsNotTorn) {
                return OnDamage.CUT;
            }
            for (final ChainReplica replica : replicas) {
                replica.onDamage();
            }
            return OnDamage.SKIP;
        }

        @Override
        public void onCheckpoint(
                final CheckpointPart part,
                final int chain,
                final DirectBuffer buffer,
                final int index,
                final int length,
                final boolean last) {
            checkpointer.restore(part, replica(chain).chain(), buffer, index, length, last);
        }

        @Override
        public void onCheckpointEnd() {
            checkpointer.restored();
        }
    }

    /**
     * Appends a command to chain 0.
     *
     * @param command encoded with its SBE header.
     * @param length in bytes.
     * @return its position, or a negative code of {@link JournalStatus}.
     */
    public long appendControl(final DirectBuffer command, final int length) {
        final ChainReplica replica = chains.get(0);
        if (replicas[replicas.length - 1].spareBytes() < roomFor(command)) {
            return JournalStatus.FULL;
        }
        final int index = replica.begin(RecordKind.CONTROL_COMMAND, length, 0);
        if (index < 0) {
            return index;
        }
        replica.buffer().putBytes(index + LogFormat.RECORD_HEADER_LENGTH, command, 0, length);
        return replica.sequence(index, length);
    }

    /**
     * Tells what a command needs of the room that events may use: nothing when it may lead to free room, or must get
     * in.
     */
    private long roomFor(final DirectBuffer command) {
        controlHeader.wrap(command, 0);
        return switch (controlHeader.templateId()) {
            case CreateScopeCommandDecoder.TEMPLATE_ID, SetStreamHeaderCommandDecoder.TEMPLATE_ID -> 1;
            case CreateStreamCommandDecoder.TEMPLATE_ID -> {
                final int segmentCount = createStream
                        .wrap(
                                command,
                                MessageHeaderDecoder.ENCODED_LENGTH,
                                controlHeader.blockLength(),
                                controlHeader.version())
                        .segmentCount();
                // its effects get in later, whatever room there is then
                yield Math.min(segmentCount * EFFECT_LENGTH, journal.capacityBytes() / 4);
            }
            default -> Long.MIN_VALUE;
        };
    }

    /**
     * Appends an effect of the control plane to a data chain, unless the chain has it or waits for one before it (P12).
     *
     * @param chain data chain, from 1.
     * @param effectNumber of the effect in the chain.
     * @param buffer with the SegmentEffect.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @return {@code false} under back-pressure.
     */
    public boolean appendEffect(
            final int chain, final long effectNumber, final DirectBuffer buffer, final int offset, final int length) {
        final ChainReplica replica = replica(chain);
        controlHeader.wrap(buffer, offset);
        effect.wrap(
                buffer,
                offset + MessageHeaderDecoder.ENCODED_LENGTH,
                controlHeader.blockLength(),
                controlHeader.version());
        if (!replica.takesRecords()) {
            return true; // no head, or not in service: the control plane says it again
        }
        final PendingOverlay overlay = replica.overlay();
        final int status = overlay.checkEffect(effectNumber, effect.action(), effect.streamId(), effect.segmentId());
        if (status == StoreStatus.EFFECT_REPEATED
                && effectNumber <= replica.state().lastEffectNumber()) {
            committer.tellEffect(replica, effectNumber, effect.action(), effect.streamId(), effect.segmentId());
            return true;
        }
        if (status != StoreStatus.APPEND && (cluster == null || cluster.rules().effectsNumbered)) {
            return true;
        }
        final int index = replica.begin(RecordKind.SEGMENT_EFFECT, length, effectNumber);
        if (index < 0) {
            return index != JournalStatus.BACK_PRESSURED;
        }
        replica.buffer().putBytes(index + LogFormat.RECORD_HEADER_LENGTH, buffer, offset, length);
        replica.sequence(index, length);
        return true;
    }

    /**
     * Gives a chain's committed state; to be read only.
     *
     * @param chain from 0, held by this device.
     * @return the state.
     */
    public ChainState state(final int chain) {
        return replica(chain).state();
    }

    /**
     * Gives a chain's epoch.
     *
     * @param chain from 0.
     * @return the epoch.
     */
    public long chainEpoch(final int chain) {
        return replica(chain).chainEpoch();
    }

    /** Returns the times of committed appends from their sequencing to their submission. */
    public LatencyHistogram queueTimes() {
        return committer.queueTimes();
    }

    /** Returns the times of committed appends from their submission to their being durable. */
    public LatencyHistogram journalTimes() {
        return committer.journalTimes();
    }

    /** Tells whether the journal has no room for events, but for control records only. */
    public boolean isJournalFull() {
        return replicas[replicas.length - 1].isFull();
    }

    /** Returns what an acknowledgement proves: MEMORY where the medium does not survive a loss of power. */
    public Durability durability() {
        return durability;
    }

    /** Returns the journal, for its counters and its kernel wait. */
    public Journal journal() {
        return journal;
    }

    /** Returns how the node's chains are placed, and which of them this device holds. */
    public ChainPlacement placement() {
        return chains.placement();
    }

    /** Returns the records committed since start. */
    public long committedRecordCount() {
        return committer.committedRecordCount();
    }

    /** Returns the acknowledgements sent since start. */
    public long sentAckCount() {
        return acks.sentCount();
    }

    /** Returns the bytes sent to readers since start. */
    public long sentReadBytes() {
        return reads.sentBytes();
    }

    /** Returns the writers whose expiry was put into the log since start. */
    public long expiredWriterCount() {
        long count = 0;
        for (final WriterExpiry expiry : expiries) {
            count += expiry.proposedCount();
        }
        return count;
    }

    /** Returns the read subscriptions. */
    public int readerCount() {
        return reads.readerCount();
    }

    /** Returns why the device takes nothing any more, or {@code null}. */
    public @Nullable String fencedReason() {
        return fencedReason;
    }

    /**
     * Returns whether everything taken is committed; in longer chains, where that hangs on others and clients send
     * again what was not acknowledged, whether it is durable here.
     */
    public boolean isDrained() {
        if (cluster == null) {
            for (final ChainReplica replica : replicas) {
                if (!replica.isSettled()) {
                    return false;
                }
            }
        }
        return journal.isDrained() && checkpointer.isDrained();
    }

    /** Begins nothing any more that is for later only: the node ends. Call it before waiting for {@link #isDrained}. */
    public void beginDrain() {
        checkpointer.stopCleaning();
    }

    /** Notes on the device that this run ends in order; the last call before {@link #close}. */
    public void markEnd() {
        journal.markEnd();
    }

    /**
     * Runs one turn: journal, answers, acknowledgements, readers, control plane.
     *
     * @param nowNs the turn's monotonic time.
     * @return work done.
     */
    public int doWork(final long nowNs) {
        if (nowNs - epochSampledNs >= EPOCH_SAMPLE_INTERVAL_NS) {
            sampleEpoch(nowNs);
            expireWriters(nowNs);
        }
        int work = cluster == null ? 0 : cluster.forward(nowNs);
        work += journal.doWork(nowNs);
        if (cluster != null) {
            work += cluster.doWork(nowNs);
        }
        for (final ChainReplica replica : replicas) {
            if (replica.heldAnswers().size() > 0) {
                work += replica.heldAnswers().release(releasePosition(replica), appends);
            }
        }
        work += acks.doWork(nowNs);
        work += reads.doWork(nowNs);
        work += checkpointer.doWork(nowNs);
        if (control != null) {
            work += control.doWork(nowNs);
        }
        return work;
    }

    @Override
    public boolean onFrame(
            final Session session,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long receivedNs) {
        return switch (templateId) {
            case AppendDecoder.TEMPLATE_ID -> appends.onAppend(session, buffer, offset);
            case AckEchoDecoder.TEMPLATE_ID -> appends.onAckEcho(session, buffer, offset);
            case ReadCreditDecoder.TEMPLATE_ID -> reads.onCredit(session, buffer, offset);
            case WriterSetupDecoder.TEMPLATE_ID -> appends.onWriterSetup(session, buffer, offset);
            case WriterBindDecoder.TEMPLATE_ID -> appends.onWriterBind(session, buffer, offset);
            case ReadSubscribeDecoder.TEMPLATE_ID -> reads.onSubscribe(session, buffer, offset);
            case ReadUnsubscribeDecoder.TEMPLATE_ID -> reads.onUnsubscribe(session, buffer, offset);
            default -> onOtherFrame(session, templateId, buffer, offset, length);
        };
    }

    private boolean onOtherFrame(
            final Session session,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        if (control != null && control.handles(templateId)) {
            return control.onFrame(session, templateId, buffer, offset, length);
        }
        return session.refuse(
                RefusalCode.UNSUPPORTED, templateId, 0, 0, 0, templateId, 0, 0, "a node takes no such message");
    }

    @Override
    public boolean onChainFrame(final Session session, final DirectBuffer buffer, final int offset, final int length) {
        if (cluster == null) {
            return session.refuse(
                    RefusalCode.UNSUPPORTED, 0, 0, 0, 0, 0, 0, 0, "the chains of this device have no other members");
        }
        final ClientSession client = AppendAdapter.client(session);
        SessionPeer peer = client.peer;
        if (peer == null) {
            peer = new SessionPeer(session);
            client.peer = peer;
            cluster.links().onWayBack(session.clientIdHigh(), session.clientIdLow(), peer);
        }
        onPeerFrame(peer, buffer, offset, length);
        return true;
    }

    @Override
    public void onOpen(final Session session) {
        session.attach(new ClientSession());
    }

    @Override
    public void onClose(final Session session) {
        final ClientSession client = AppendAdapter.client(session);
        appends.onClose(client, session);
        reads.onClose(client);
        if (cluster != null && client.peer != null) {
            cluster.links().onWayBackLost(client.peer);
        }
        if (control != null) {
            control.onSessionClosed(session);
        }
    }

    @Override
    public void onHeartbeat(final Session session) {
        appends.onHeartbeat(session);
    }

    @Override
    public void onDurable(
            final DirectBuffer buffer,
            final int payloadIndex,
            final int payloadLength,
            final int recordCount,
            final long batchAddress,
            final long submittedNs,
            final long durableNs) {
        int index = payloadIndex;
        for (int i = 0; i < recordCount; i++) {
            header.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
            final int length = header.length();
            final long position = header.position();
            final ChainReplica replica = replica(header.chain());
            if (header.kind() == RecordKind.CHECKPOINT || header.kind() == RecordKind.REMNANT) {
                index += LogFormat.align(length);
                continue;
            }
            if (position == 0) {
                onLocalDurable(replica, buffer, index, length, durableNs);
            } else if (replica.onDurable(position)) {
                final long receivedNs = header.timestampNs() - epochOffsetNs;
                committer.commit(
                        replica, buffer, index, length, position, submittedNs - receivedNs, durableNs - submittedNs, 0);
            }
            index += LogFormat.align(length);
        }
    }

    @Override
    public void close() {
        journal.close();
    }

    @Override
    public void onFenced(final ErrorCode code, final String message) {
        fencedReason = code.id() + ": " + message;
        for (final ChainReplica replica : replicas) {
            replica.heldAnswers().discard();
        }
        if (control != null) {
            control.onFenced();
        }
    }

    private void onLocalDurable(
            final ChainReplica replica,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final long durableNs) {
        if (cluster != null) {
            cluster.onLocalDurable(replica, buffer, index, length, durableNs);
        } else {
            committer.afterApply(replica, replica.applyLocal(buffer, index, length), buffer, index, length, false);
        }
    }

    /** P2: an answer waits until what it was evaluated on is committed and applied. */
    private long releasePosition(final ChainReplica replica) {
        return cluster == null || cluster.rules().answersHeld ? replica.appliedPosition() : Long.MAX_VALUE;
    }

    /**
     * Takes over the number of this run that the control plane has issued; before any order of it is heard.
     *
     * @param incarnation of the node.
     */
    public void incarnation(final long incarnation) {
        duties().control().incarnation(incarnation);
    }

    /**
     * Takes a frame of another device's thread.
     *
     * @param sender answers go there.
     * @param buffer holds the frame.
     * @param offset of its SBE header.
     * @param length in bytes.
     */
    public void onPeerFrame(final PeerLink sender, final DirectBuffer buffer, final int offset, final int length) {
        final ClusterDuties duties = duties();
        if (duties.control().incarnation() > 0) { // P5: nobody speaks to a start that has no incarnation yet
            duties.onPeerFrame(sender, buffer, offset, length, clock.nanoTime());
        }
    }

    /**
     * Takes a message of the control plane: Seal, Install, Learn, Retire, EffectOrder.
     *
     * @param buffer holds the message.
     * @param offset of its SBE header.
     * @param length in bytes.
     */
    public void onControlFrame(final DirectBuffer buffer, final int offset, final int length) {
        if (ChainFrames.check(buffer, offset, length) == EffectOrderDecoder.TEMPLATE_ID) {
            onEffectOrder(buffer, offset);
        } else {
            duties().onControlFrame(buffer, offset, length, clock.nanoTime());
        }
    }

    private void onEffectOrder(final DirectBuffer buffer, final int offset) {
        order.wrapAndApplyHeader(buffer, offset, orderHeader);
        final ControlMessages messages = duties().control();
        final ChainReplica replica = chains.findData(order.chain());
        final int length = order.effectLength();
        final int at = order.limit() + EffectOrderDecoder.effectHeaderLength();
        if (replica == null
                || !messages.isForDevice(
                        order.nodeIdHigh(), order.nodeIdLow(), order.deviceUuidHigh(), order.deviceUuidLow())
                || order.incarnation() != messages.incarnation()
                || order.chainEpoch() != replica.chainEpoch()
                || ControlFrames.check(buffer, at, length) != SegmentEffectDecoder.TEMPLATE_ID) {
            return;
        }
        appendEffect(order.chain(), order.effectNumber(), buffer, at, length);
    }

    /**
     * Sends a read barrier through a chain whose head this is.
     *
     * @param chain data chain, from 1.
     * @param barrierId that names it, unique among those under way.
     * @return false when it has to be asked for again, or elsewhere.
     */
    public boolean readBarrier(final int chain, final long barrierId) {
        final ChainReplica replica = chains.findData(chain);
        return replica != null && duties().barriers().request(replica, barrierId);
    }

    /**
     * Names who hears of read barriers.
     *
     * @param handler called within {@link #doWork}.
     */
    public void barrierHandler(final BarrierHandler handler) {
        duties().barriers().handler(handler);
    }

    /**
     * Describes this device's replica of a chain.
     *
     * @param chain from 0, held by this device.
     * @return what it is now; of a device whose chains are chains of one as well.
     */
    public ChainView chainView(final int chain) {
        return ClusterDuties.view(replica(chain), clock.nanoTime());
    }

    /** Returns what the chains of this device count; null where they are chains of one. */
    public @Nullable ChainCounters chainCounters() {
        return cluster == null ? null : cluster.counters();
    }

    private ClusterDuties duties() {
        final ClusterDuties found = cluster;
        if (found == null) {
            throw new IllegalStateException("the chains of this device are chains of one");
        }
        return found;
    }

    private void noteMembership(final ChainReplica replica) {
        final UUID uuid = journal.deviceUuid();
        final int index = replica.beginLocal(RecordKind.CHAIN_MEMBERSHIP, ChainMembershipBodyEncoder.BLOCK_LENGTH);
        if (index < 0) {
            throw new IllegalStateException("the journal takes no record at start: " + JournalStatus.describe(index));
        }
        membership
                .wrap(replica.buffer(), index + LogFormat.RECORD_HEADER_LENGTH)
                .sinceEpoch(replica.chainEpoch())
                .deviceUuidHigh(uuid.getMostSignificantBits())
                .deviceUuidLow(uuid.getLeastSignificantBits())
                .incarnation(journal.incarnation())
                .promisedEpoch(replica.chainEpoch());
        replica.sequenceLocal(index, ChainMembershipBodyEncoder.BLOCK_LENGTH);
    }

    /**
     * Time for records: the monotonic clock plus an offset that is taken anew every second, so it costs no system call.
     */
    private long epochNs() {
        return clock.nanoTime() + epochOffsetNs;
    }

    private void sampleEpoch(final long nowNs) {
        epochOffsetNs = epochClock.nanoTime() - clock.nanoTime();
        epochSampledNs = nowNs;
    }

    /** Once a second: a piece of each chain's writer table, and what writers that are gone left open. */
    private void expireWriters(final long nowNs) {
        for (final WriterExpiry expiry : expiries) {
            expiry.step(nowNs, epochNs());
            expiry.dropOpenEvents(nowNs, epochNs());
        }
    }

    /** Gives the replica of a chain. */
    ChainReplica replica(final int chain) {
        return chains.get(chain);
    }
}
