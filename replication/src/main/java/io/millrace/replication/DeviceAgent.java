package io.millrace.replication;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.control.CreateScopeCommandDecoder;
import io.millrace.codec.control.CreateStreamCommandDecoder;
import io.millrace.codec.control.EffectAction;
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
import io.millrace.store.Segment;
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
    private static final long EPOCH_SAMPLE_INTERVAL_NS = 1_000_000_000L;

    /** An effect and the command that says it is done, as records. */
    private static final long EFFECT_LENGTH = 256;

    private final Journal journal;
    private final NanoClock clock;
    private final EpochNanoClock epochClock;
    private final DeviceChains chains;
    private final ChainReplica[] replicas;
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
    private @Nullable ControlChain control;
    private final LatencyHistogram queueTimes = new LatencyHistogram();
    private final LatencyHistogram journalTimes = new LatencyHistogram();
    private long epochOffsetNs;
    private long epochSampledNs;
    private long committedRecordCount;
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
        this.clock = clock;
        this.epochClock = epochClock;
        journal = Journal.open(journalContext
                .listener(this)
                .clock(clock)
                .readerLimit(Math.max(journalContext.readerLimit(), limits.journalReaders() + 1))); // the cleaner's
        durability = journal.durabilityMode().survivesPowerLoss() ? Durability.MEDIA : Durability.MEMORY;
        acks = new AckProxy(durability);
        sampleEpoch(clock.nanoTime());
        chains = new DeviceChains(
                placement, chain -> new ChainReplica(chain, journal, this::epochNs, storeLimits, limits));
        replicas = chains.held();
        appends = new AppendAdapter(chains, acks, secrets, limits);
        reads = new ReadAdapter(journal, appends, limits);
        checkpointer = new Checkpointer(journal, chains, limits.checkpointIntervalBytes());
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
        for (final ChainReplica replica : replicas) {
            replica.onRecovered();
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
            if (!replica.isRestored(header.position())) {
                afterApply(replica, replica.recover(buffer, index, length), buffer, index, length, true);
            }
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
        final PendingOverlay overlay = replica.overlay();
        final int status = overlay.checkEffect(effectNumber, effect.action(), effect.streamId(), effect.segmentId());
        if (status == StoreStatus.EFFECT_REPEATED
                && effectNumber <= replica.state().lastEffectNumber()) {
            tellEffect(replica, effectNumber);
            return true;
        }
        if (status != StoreStatus.APPEND) {
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
        return queueTimes;
    }

    /** Returns the times of committed appends from their submission to their being durable. */
    public LatencyHistogram journalTimes() {
        return journalTimes;
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
        return committedRecordCount;
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

    /** Returns whether everything taken is committed. */
    public boolean isDrained() {
        for (final ChainReplica replica : replicas) {
            if (replica.commitPosition() != replica.sequencedPosition()) {
                return false;
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
        int work = journal.doWork(nowNs);
        for (final ChainReplica replica : replicas) {
            if (replica.heldAnswers().size() > 0) {
                work += replica.heldAnswers().release(replica.commitPosition(), appends);
            }
        }
        work += acks.doWork();
        work += reads.doWork();
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
    public void onOpen(final Session session) {
        session.attach(new ClientSession());
    }

    @Override
    public void onClose(final Session session) {
        final ClientSession client = AppendAdapter.client(session);
        appends.onClose(client, session);
        reads.onClose(client);
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
                afterApply(replica, replica.applyLocal(buffer, index, length), buffer, index, length, false);
            } else if (replica.onDurable(position)) {
                final long receivedNs = header.timestampNs() - epochOffsetNs;
                final int change = replica.apply(buffer, index, length, position);
                committedRecordCount++;
                if (change == ChainState.APPENDED) {
                    onAppended(replica, submittedNs - receivedNs, durableNs - submittedNs);
                } else {
                    afterApply(replica, change, buffer, index, length, false);
                }
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

    private void onAppended(final ChainReplica replica, final long queueNs, final long journalNs) {
        queueTimes.record(queueNs);
        journalTimes.record(journalNs);
        final WriterBinding binding = replica.binding(replica.state().appliedWriterSlot());
        if (binding != null) {
            binding.queueNs = Math.max(0, queueNs);
            binding.journalNs = journalNs;
            binding.chainNs = 0;
            acks.mark(binding);
        }
        final Segment segment = replica.state().appliedSegment();
        if (segment != null) {
            reads.onSegmentChanged(segment);
        }
    }

    private void afterApply(
            final ChainReplica replica,
            final int change,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final boolean recovering) {
        header.wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        final int bodyIndex = index + LogFormat.RECORD_HEADER_LENGTH;
        if (header.kind() == RecordKind.CONTROL_COMMAND && control != null) {
            control.onCommitted(
                    header.position(),
                    header.timestampNs(),
                    buffer,
                    bodyIndex,
                    length - LogFormat.RECORD_HEADER_LENGTH);
        } else if (change == ChainState.WRITER_EXPIRED) {
            checkpointer.onFreed(); // an event that it never ended
            replica.unbind(replica.state().appliedWriterSlot());
        } else if (header.kind() == RecordKind.SEGMENT_EFFECT && !recovering) {
            controlHeader.wrap(buffer, bodyIndex);
            effect.wrap(
                    buffer,
                    bodyIndex + MessageHeaderDecoder.ENCODED_LENGTH,
                    controlHeader.blockLength(),
                    controlHeader.version());
            tellEffect(replica, header.effectNumber());
            final Segment segment = replica.state().segment(effect.streamId(), effect.segmentId());
            if (segment != null && change == ChainState.SEGMENT_CHANGED) {
                reads.onSegmentChanged(segment);
                if (segment.isDeleted() || effect.action() == EffectAction.TRUNCATE_SEGMENT) {
                    checkpointer.onFreed();
                }
            }
        }
    }

    /** Tells the control plane that the effect in {@link #effect} is committed. */
    private void tellEffect(final ChainReplica replica, final long effectNumber) {
        if (control != null) {
            final Segment segment = replica.state().segment(effect.streamId(), effect.segmentId());
            control.onEffectCommitted(
                    replica.chain(),
                    effectNumber,
                    effect.action(),
                    effect.streamId(),
                    effect.segmentId(),
                    segment == null ? 0 : segment.length());
        }
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

    private ChainReplica replica(final int chain) {
        return chains.get(chain);
    }
}
