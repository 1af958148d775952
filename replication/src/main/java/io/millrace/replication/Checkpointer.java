package io.millrace.replication;

import io.millrace.journal.CheckpointPart;
import io.millrace.journal.CheckpointWriter;
import io.millrace.journal.Journal;
import io.millrace.store.ChainState;
import io.millrace.store.IndexImage;
import io.millrace.store.PositionRangeVisitor;
import java.util.Objects;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableDirectByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes checkpoints of a device's chains when enough log has come since the last one, or when the journal is full and
 * something was truncated or deleted; and takes them back at recovery.
 *
 * <p>One chain after the other: its committed state is captured in one go (P6), then written piece by piece, then its
 * segment indexes are streamed while the chain goes on. Chain 0 carries the control plane's state, captured at the same
 * position. A chain that still fetches the records of a snapshot is captured as the empty one that a restart would make
 * of it, and what it has fetched is kept for this run: the other chains of the device need their zones freed. Of a full
 * journal the same walk is a trial first, that writes nothing: what room is left is for checkpoints that free a zone.
 *
 * <p><b>Threading</b>: the device thread. One piece a turn.
 *
 * <p><b>Invariants</b>: events leave room in the journal for two checkpoints, so that a full journal can still be
 * relieved, and for what is copied forward before the first; effects and commands leave room for one checkpoint.
 */
final class Checkpointer {
    /** One granule: the look-ups that its entries need are what a turn can spend. */
    private static final int INDEX_BATCH_LENGTH = 4 * 1024;

    private static final int INDEX_ENTRY_LENGTH = 16;
    private static final int SMALLEST_SHARE = 8;
    private static final long PIECES_A_CHAIN = 3;

    /** Log for each byte of the last checkpoint: large states are not written over and over. */
    private static final long LOG_A_CHECKPOINT = 4;

    /** What a copy adds to a record's bytes: two record headers, the body of an append, alignment. */
    private static final int COPY_OVERHEAD = 208;

    private static final long ESTIMATE_INTERVAL_NS = 1_000_000_000L;

    private final Journal journal;
    private final CheckpointWriter writer;
    private final DeviceChains chains;
    private final ChainReplica[] replicas;
    private final long intervalBytes;
    private final ExpandableDirectByteBuffer image = new ExpandableDirectByteBuffer(64 * 1024);
    private final IndexImage indexImage = new IndexImage();
    private final UnsafeBuffer piece;
    private final PositionRangeVisitor keep = this::keep;
    private final Cleaning cleaning;
    private final boolean keepsLive;

    private @Nullable ControlChain control;
    private Step step = Step.IDLE;

    /** Index of the chain at hand in {@link #replicas}. */
    private int chain;

    /** Last position of each chain when the checkpoint began. */
    private final long[] sequencedAtBegin;

    /** How often each chain's log had been cut or emptied when the checkpoint began. */
    private final int[] cutsAtBegin;

    /** What the checkpoint holds of the chain at hand. */
    private @Nullable ChainState captured;

    private int stateLength;
    private int controlLength;
    private int offered;
    private int pieceLength;
    private boolean pending;
    private long countAtBegin;
    private long dueBytes;
    private long freeings = 1; // what was freed before the node ended may not have been noticed
    private boolean trial;
    private long requestCount;
    private long requestsAtBegin;
    private long requestsServed;

    /** One is due, and copies are not durable yet. */
    private boolean isWaiting;

    /** The chain at hand lacks records of the snapshot that it was restored from: what is here of them is kept. */
    private boolean isPartial;

    private long freeingsSeen;
    private long walkedAddress;
    private long stateBytes;
    private long estimatedNs;

    private enum Step {
        IDLE,
        /** A chain has records that are not committed yet. */
        WAIT,
        STATE,
        CONTROL,
        INDEX
    }

    /**
     * Prepares for the chains of a device.
     *
     * @param journal of the device.
     * @param chains of the device.
     * @param intervalBytes of log after which a checkpoint is due; at most an eighth of the journal.
     * @param rules that hold.
     */
    Checkpointer(final Journal journal, final DeviceChains chains, final long intervalBytes, final ChainRules rules) {
        keepsLive = rules.liveZonesKept;
        this.journal = journal;
        this.chains = chains;
        replicas = chains.held();
        sequencedAtBegin = new long[replicas.length];
        cutsAtBegin = new int[replicas.length];
        this.intervalBytes = Math.min(intervalBytes, journal.capacityBytes() / SMALLEST_SHARE);
        dueBytes = this.intervalBytes;
        writer = journal.checkpoint();
        cleaning = new Cleaning(journal, chains);
        piece = new UnsafeBuffer(new byte[writer.capacityIn(INDEX_BATCH_LENGTH)]);
    }

    /** Names who has chain 0's state. */
    void controlChain(final ControlChain controlChain) {
        control = controlChain;
    }

    /** Wants a checkpoint that begins from now on, as soon as one can, and another one if that is given up. */
    void request() {
        requestCount++;
    }

    /** Tells whether one waits until what was copied is durable: nothing more should be copied until it has begun. */
    boolean isWaiting() {
        return isWaiting;
    }

    /** Takes note that a segment was truncated or deleted: a checkpoint may free zones. */
    void onFreed() {
        freeings++;
    }

    /**
     * Runs one turn.
     *
     * @param nowNs the turn's monotonic time.
     * @return work done.
     */
    int doWork(final long nowNs) {
        if (step == Step.IDLE) {
            if (pending && writer.isIdle()) {
                conclude();
            }
            if (nowNs - estimatedNs >= ESTIMATE_INTERVAL_NS) {
                estimatedNs = nowNs;
                reserve();
            }
            final boolean isDue = isDue(nowNs);
            if (isDue && begin(nowNs)) {
                isWaiting = false;
                return 1;
            }
            isWaiting = isDue && journal.settleFills() > 0;
            return writer.isIdle() && cleaning.isBusy() ? cleaning.doWork(nowNs, 2 * estimate()) : 0;
        }
        if (writer.isIdle()) {
            step = Step.IDLE; // given up: the journal is full
            return 1;
        }
        return switch (step) {
            case WAIT -> capture() ? 1 : 0;
            case STATE -> writeState();
            case CONTROL -> writeControl();
            default -> writeIndex();
        };
    }

    private boolean isDue(final long nowNs) {
        if (!writer.isIdle() || cleaning.isWriting()) {
            return false;
        }
        final boolean full = isFull();
        // the room of a full journal is for checkpoints that free a zone
        final boolean isDue = full ? mayFree() && !cleaning.isBusy() : isDueByLog();
        return (isDue || isRequested() || cleaning.wantsCheckpoint(full) || cleaning.wantsWalk(full, nowNs))
                && journal.freeBytes() >= estimate();
    }

    /** Something was freed, or zones were filled by commands, which nobody needs once a checkpoint holds the state. */
    private boolean mayFree() {
        return freeings != freeingsSeen || journal.durableAddress() - walkedAddress >= cleaning.zoneLength();
    }

    /** A walk begins the cleaning of a zone anew, so it waits for it; but not for ever. */
    private boolean isDueByLog() {
        return journal.uncheckpointedBytes() >= (cleaning.isBusy() ? 2 * dueBytes : dueBytes);
    }

    private boolean isRequested() {
        return requestCount != requestsServed;
    }

    private boolean isFull() {
        return replicas[replicas.length - 1].isFull();
    }

    /** No more zones are cleaned: the node ends. */
    void stopCleaning() {
        cleaning.stop();
    }

    /** Tells whether nothing is being cleaned. */
    boolean isDrained() {
        return !cleaning.isBusy();
    }

    /** One that was given up is not tried again at once: it would fill what is left with pieces. */
    private void conclude() {
        pending = false;
        final boolean whole = journal.counters().checkpointCount() > countAtBegin;
        for (int i = 0; whole && i < replicas.length; i++) {
            replicas[i].onCheckpointDurable();
        }
        requestsServed = whole ? requestsAtBegin : requestsServed;
        dueBytes = whole
                ? Math.max(intervalBytes, LOG_A_CHECKPOINT * writer.lastBytes())
                : journal.uncheckpointedBytes() + intervalBytes;
    }

    private boolean begin(final long nowNs) {
        final boolean full = isFull();
        trial = !isRequested() && !cleaning.wantsCheckpoint(full) && (full || !isDueByLog());
        cleaning.prepare(full, nowNs);
        if (isCutting() || (trial ? !writer.beginTrial() : !writer.begin())) {
            return false;
        }
        freeingsSeen = freeings;
        walkedAddress = journal.durableAddress();
        start();
        return true;
    }

    /**
     * A checkpoint begins before a chain's log is cut or emptied, or behind it: what recovery folds is one of the two,
     * never both.
     */
    private boolean isCutting() {
        for (final ChainReplica replica : replicas) {
            if (replica.cuts().isUnderWay()) {
                return true;
            }
        }
        return false;
    }

    private void start() {
        pending = !trial;
        requestsAtBegin = requestCount;
        countAtBegin = journal.counters().checkpointCount();
        stateBytes = 0;
        chain = 0;
        for (int i = 0; i < replicas.length; i++) {
            sequencedAtBegin[i] = replicas[i].sequencedPosition();
            cutsAtBegin[i] = replicas[i].cuts().count();
        }
        capture();
    }

    /**
     * Captures the next chain, once it has applied all that lies before what recovery will fold: a record that is
     * neither in the state nor folded would be lost.
     */
    private boolean capture() {
        final ChainReplica replica = replicas[chain];
        // Recovery would fold the cut again: without what was recorded before the begin, or before another cut
        if (replica.cuts().count() != cutsAtBegin[chain]) {
            writer.giveUp();
            step = Step.IDLE;
            requestCount += trial ? 0 : 1;
            return false;
        }
        final long needed = sequencedAtBegin[chain];
        if (replica.appliedPosition() < needed || replica.isUncertain()) {
            step = Step.WAIT;
            return false;
        }
        final ChainState state = replica.state();
        captured = state;
        isPartial = replica.orders().lacksRecords;
        if (isPartial) {
            stateLength = replica.emptyState().encode(image, 0);
            writer.leaveOut(number());
        } else {
            replica.onCaptured();
            stateLength = state.encode(image, 0);
        }
        controlLength = number() == 0 && control != null ? control.encode(image, stateLength) : 0;
        stateBytes += stateLength + controlLength;
        offered = 0;
        step = Step.STATE;
        if (trial) {
            beginIndex();
        }
        return true;
    }

    private int writeState() {
        final int length = Math.min(writer.pieceCapacity(), stateLength - offered);
        final boolean last = offered + length == stateLength;
        if (!writer.offer(CheckpointPart.CHAIN_STATE, number(), image, offered, length, last)) {
            return 0;
        }
        offered += length;
        if (last) {
            offered = 0;
            step = Step.CONTROL;
        }
        return 1;
    }

    private int writeControl() {
        if (offered == controlLength) {
            beginIndex();
            return 1;
        }
        final int length = Math.min(writer.pieceCapacity(), controlLength - offered);
        final boolean last = offered + length == controlLength;
        if (!writer.offer(CheckpointPart.CONTROL_STATE, number(), image, stateLength + offered, length, last)) {
            return 0;
        }
        offered += length;
        return 1;
    }

    private void beginIndex() {
        if (isPartial) {
            stateLength =
                    Objects.requireNonNull(captured).encode(image, 0); // what it lists, not what recovery will find
        }
        indexImage.begin(Objects.requireNonNull(captured), image, 0, stateLength);
        indexImage.visitOpenEvents(keep);
        pieceLength = 0;
        step = Step.INDEX;
    }

    private int writeIndex() {
        if (pieceLength == 0) {
            pieceLength = indexImage.next(piece, 0, piece.capacity(), keep);
        }
        if (pieceLength > 0) {
            if (!trial
                    && !isPartial
                    && !writer.offer(CheckpointPart.CHAIN_INDEX, number(), piece, 0, pieceLength, false)) {
                return 0;
            }
            pieceLength = 0;
        } else if (++chain < replicas.length) {
            capture();
        } else if (trial) {
            trial = false;
            step = Step.IDLE;
            final boolean frees = writer.endTrial() > 0;
            if (frees && !isCutting() && writer.begin()) {
                start();
            } else if (frees) {
                freeingsSeen--; // again
            }
        } else {
            writer.finish();
            step = Step.IDLE;
        }
        return 1;
    }

    private int number() {
        return replicas[chain].chain();
    }

    /** What was emptied since it was captured has no records any more: recovery folds the reset behind it. */
    private void keep(final long firstPosition, final long lastPosition, final long bytes) {
        if (!keepsLive || replicas[chain].state() != captured) {
            return;
        }
        if (isPartial) {
            writer.keepIfHere(number(), firstPosition, lastPosition, bytes + COPY_OVERHEAD);
        } else {
            writer.keep(number(), firstPosition, lastPosition, bytes + COPY_OVERHEAD);
        }
    }

    private long estimate() {
        long entries = 0;
        for (final ChainReplica replica : replicas) {
            entries += replica.state().indexEntryCount();
        }
        final long own = Math.max(writer.ownBytes(), writer.lastBytes());
        // pieces fill batches of their own when nothing else is written: three a chain at least
        return own
                + (stateBytes + entries * INDEX_ENTRY_LENGTH) * 9 / 8
                + replicas.length * PIECES_A_CHAIN * INDEX_BATCH_LENGTH;
    }

    private void reserve() {
        final long checkpoint = estimate();
        for (final ChainReplica replica : replicas) {
            replica.checkpointReserve(2 * checkpoint + cleaning.reserveBytes(), checkpoint);
        }
    }

    /**
     * Takes a piece back at recovery.
     *
     * @param part that the piece belongs to.
     * @param ofChain chain number.
     * @param buffer holds the piece.
     * @param index of its first byte.
     * @param length in bytes.
     * @param last piece of the part.
     */
    void restore(
            final CheckpointPart part,
            final int ofChain,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final boolean last) {
        if (part == CheckpointPart.CHAIN_INDEX) {
            chains.get(ofChain).state().restoreIndex(buffer, index, length);
            return;
        }
        image.putBytes(offered, buffer, index, length);
        offered += length;
        if (!last) {
            return;
        }
        if (part == CheckpointPart.CHAIN_STATE) {
            chains.get(ofChain).state().restore(image, 0, offered);
        } else if (control != null) {
            control.restore(image, 0, offered);
        }
        stateBytes += offered;
        offered = 0;
    }

    /** Every piece was given: records follow. */
    void restored() {
        for (final ChainReplica replica : replicas) {
            replica.restored();
        }
    }
}
