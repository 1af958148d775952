package io.millrace.replication;

import io.millrace.journal.CheckpointPart;
import io.millrace.journal.CheckpointWriter;
import io.millrace.journal.Journal;
import io.millrace.store.IndexImage;
import io.millrace.store.PositionRangeVisitor;
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
 * position. Of a full journal the same walk is a trial first, that writes nothing: what room is left is for checkpoints
 * that free a zone.
 *
 * <p><b>Threading</b>: the device thread. One piece a turn.
 *
 * <p><b>Invariants</b>: events leave room in the journal for two checkpoints, so that a full journal can still be
 * relieved.
 */
final class Checkpointer {
    /** One granule: the look-ups that its entries need are what a turn can spend. */
    private static final int INDEX_BATCH_LENGTH = 4 * 1024;

    private static final int INDEX_ENTRY_LENGTH = 16;
    private static final int SMALLEST_SHARE = 8;
    private static final long PIECES_A_CHAIN = 3;

    /** Log for each byte of the last checkpoint: large states are not written over and over. */
    private static final long LOG_A_CHECKPOINT = 4;

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

    private @Nullable ControlChain control;
    private Step step = Step.IDLE;

    /** Index of the chain at hand in {@link #replicas}. */
    private int chain;

    private int stateLength;
    private int controlLength;
    private int offered;
    private int pieceLength;
    private boolean pending;
    private long countAtBegin;
    private long dueBytes;
    private long freeings = 1; // what was freed before the node ended may not have been noticed
    private boolean trial;
    private long freeingsSeen;
    private long stateBytes;
    private long estimatedNs;

    private enum Step {
        IDLE,
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
     */
    Checkpointer(final Journal journal, final DeviceChains chains, final long intervalBytes) {
        this.journal = journal;
        this.chains = chains;
        replicas = chains.held();
        this.intervalBytes = Math.min(intervalBytes, journal.capacityBytes() / SMALLEST_SHARE);
        dueBytes = this.intervalBytes;
        writer = journal.checkpoint();
        piece = new UnsafeBuffer(new byte[writer.capacityIn(INDEX_BATCH_LENGTH)]);
    }

    /** Names who has chain 0's state. */
    void controlChain(final ControlChain controlChain) {
        control = controlChain;
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
            return isDue() && begin() ? 1 : 0;
        }
        if (writer.isIdle()) {
            step = Step.IDLE; // given up: the journal is full
            return 1;
        }
        return switch (step) {
            case STATE -> writeState();
            case CONTROL -> writeControl();
            default -> writeIndex();
        };
    }

    private boolean isDue() {
        if (!writer.isIdle()) {
            return false;
        }
        // the room of a full journal is for checkpoints that free a zone
        final boolean isDue = replicas[replicas.length - 1].isFull()
                ? freeings != freeingsSeen
                : journal.uncheckpointedBytes() >= dueBytes;
        return isDue && journal.freeBytes() >= estimate();
    }

    /** One that was given up is not tried again at once: it would fill what is left with pieces. */
    private void conclude() {
        pending = false;
        final boolean whole = journal.counters().checkpointCount() > countAtBegin;
        dueBytes = whole
                ? Math.max(intervalBytes, LOG_A_CHECKPOINT * writer.lastBytes())
                : journal.uncheckpointedBytes() + intervalBytes;
    }

    private boolean begin() {
        trial = replicas[replicas.length - 1].isFull();
        if (trial ? !writer.beginTrial() : !writer.begin()) {
            return false;
        }
        freeingsSeen = freeings;
        start();
        return true;
    }

    private void start() {
        pending = !trial;
        countAtBegin = journal.counters().checkpointCount();
        stateBytes = 0;
        chain = 0;
        capture();
    }

    private void capture() {
        stateLength = replicas[chain].state().encode(image, 0);
        controlLength = number() == 0 && control != null ? control.encode(image, stateLength) : 0;
        stateBytes += stateLength + controlLength;
        offered = 0;
        step = Step.STATE;
        if (trial) {
            beginIndex();
        }
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
        indexImage.begin(replicas[chain].state(), image, 0, stateLength);
        indexImage.visitOpenEvents(keep);
        pieceLength = 0;
        step = Step.INDEX;
    }

    private int writeIndex() {
        if (pieceLength == 0) {
            pieceLength = indexImage.next(piece, 0, piece.capacity(), keep);
        }
        if (pieceLength > 0) {
            if (!trial && !writer.offer(CheckpointPart.CHAIN_INDEX, number(), piece, 0, pieceLength, false)) {
                return 0;
            }
            pieceLength = 0;
        } else if (++chain < replicas.length) {
            capture();
        } else if (trial) {
            trial = false;
            step = Step.IDLE;
            final boolean frees = writer.endTrial() > 0;
            if (frees && writer.begin()) {
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

    private void keep(final long firstPosition, final long lastPosition) {
        writer.keep(number(), firstPosition, lastPosition);
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
        final long bytes = 2 * estimate();
        for (final ChainReplica replica : replicas) {
            replica.checkpointReserve(bytes);
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
