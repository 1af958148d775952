package io.millrace.replication;

import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalStatus;
import io.millrace.store.ChainState;
import io.millrace.store.PendingOverlay;
import io.millrace.store.StoreLimits;
import java.util.Arrays;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.EpochNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * One chain on this device: gives records their position and hash, knows how far they are durable and committed, and
 * applies what is committed.
 *
 * <p>A chain of one is head and tail: its predecessor's durable position is boundless, so that commit = own durable
 * position. Longer chains come through the same three numbers.
 *
 * <p><b>Threading</b>: the device thread.
 *
 * <p><b>Invariants</b>: commit ≤ durable ≤ sequenced; {@link #state()} holds exactly the records up to commit (P6), the
 * overlay those above it.
 */
final class ChainReplica {
    /** Epoch of a chain that was never reconfigured. */
    static final long FIRST_EPOCH = 1;

    /** A head has no predecessor: nobody holds its commit position back but its own device. */
    private static final long NO_PREDECESSOR = Long.MAX_VALUE;

    /**
     * What events leave of a journal: starts of the node, seals and deletes must still be recorded, or a full journal
     * could be neither read after a restart nor relieved. 1/16 of the smallest journal, some hundred small batches.
     */
    private static final long MAX_RESERVE_BYTES = 4L << 20;

    private static final int RESERVE_DIVISOR = 16;
    private static final int CONTROL_CHAIN = 0;

    private final int chain;
    private final Journal journal;
    private final long reserveBytes;
    private final EpochNanoClock epochClock;
    private final ChainState state;
    private final PendingOverlay overlay;
    private final HeldAnswers heldAnswers;
    private final RecordHeaderEncoder headerEncoder = new RecordHeaderEncoder();
    private @Nullable WriterBinding[] bindings = new WriterBinding[64];
    private long durablePosition;
    private long commitPosition;
    private long checkpointReserveBytes;
    private long checkpointFloorBytes;
    private long restoredPosition;

    /** Starts an empty chain; {@link #recover} fills it. */
    ChainReplica(
            final int chain,
            final Journal journal,
            final EpochNanoClock epochClock,
            final StoreLimits storeLimits,
            final ReplicationLimits limits) {
        this.chain = chain;
        this.journal = journal;
        this.epochClock = epochClock;
        reserveBytes =
                chain == CONTROL_CHAIN ? 0 : Math.min(MAX_RESERVE_BYTES, journal.capacityBytes() / RESERVE_DIVISOR);
        state = new ChainState(chain, storeLimits);
        overlay = new PendingOverlay(state);
        heldAnswers = new HeldAnswers(limits.maxHeldAnswers());
    }

    /** Gives the chain's number. */
    int chain() {
        return chain;
    }

    /** Gives the configuration the chain is in. */
    long chainEpoch() {
        return FIRST_EPOCH;
    }

    /** Gives the committed state; nothing else is ever shown. */
    ChainState state() {
        return state;
    }

    /** Gives what the head validates against. */
    PendingOverlay overlay() {
        return overlay;
    }

    /** Gives the answers that wait for commit. */
    HeldAnswers heldAnswers() {
        return heldAnswers;
    }

    /** Gives the last position given to a record. */
    long sequencedPosition() {
        return overlay.lastPosition();
    }

    /** Gives the position up to which all is durable here. */
    long durablePosition() {
        return durablePosition;
    }

    /** Gives the position up to which all is committed and applied. */
    long commitPosition() {
        return commitPosition;
    }

    /** Tells whether the journal's last room is kept from this chain's events. */
    boolean isFull() {
        return spareBytes() < 0;
    }

    /** Gives the room that is left for this chain's events; negative when it is used up. */
    long spareBytes() {
        return journal.freeBytes() - reserveBytes - checkpointReserveBytes;
    }

    /**
     * Sets what events leave of the journal for checkpoints, and what every record leaves.
     *
     * @param bytes left by events: two checkpoints, and the copies that may precede one.
     * @param floorBytes left by effects and commands, too: the checkpoint that makes room again.
     */
    void checkpointReserve(final long bytes, final long floorBytes) {
        checkpointReserveBytes = chain == CONTROL_CHAIN ? 0 : Math.min(bytes, journal.capacityBytes() / 2);
        checkpointFloorBytes = Math.min(floorBytes, journal.capacityBytes() / 4);
    }

    /**
     * Starts the next record of the chain: claims its room in the open batch and writes all of the header but the CRC.
     * The caller fills the body and calls {@link #sequence}, or nothing at all: an unfinished claim is claimed again.
     *
     * @param kind of the record.
     * @param bodyLength in bytes.
     * @param effectNumber of an effect, else 0.
     * @return index of the header in {@link #buffer()}, or a negative code of {@link JournalStatus}.
     */
    int begin(final RecordKind kind, final int bodyLength, final long effectNumber) {
        if ((effectNumber == 0 && isFull()) || journal.freeBytes() < checkpointFloorBytes) {
            return JournalStatus.FULL;
        }
        return begin(kind, bodyLength, effectNumber, overlay.nextPosition(), overlay.lastHash());
    }

    /**
     * Starts a record about this device alone: it has no place in the chain log (P5: membership).
     *
     * @param kind of the record.
     * @param bodyLength in bytes.
     * @return index as {@link #begin}; {@link #sequenceLocal} ends it.
     */
    int beginLocal(final RecordKind kind, final int bodyLength) {
        return begin(kind, bodyLength, 0, 0, 0);
    }

    private int begin(
            final RecordKind kind,
            final int bodyLength,
            final long effectNumber,
            final long position,
            final long previousHash) {
        final int length = LogFormat.RECORD_HEADER_LENGTH + bodyLength;
        final int index = journal.tryClaim(length);
        if (index < 0) {
            return index;
        }
        headerEncoder
                .wrap(journal.buffer(), index)
                .length(length)
                .kind(kind)
                .flags((short) 0)
                .bodyVersion(0)
                .chain(chain)
                .chainEpoch(chainEpoch())
                .position(position)
                .previousHash(previousHash)
                .commitMark(commitPosition)
                .timestampNs(Math.max(overlay.lastTimestampNs(), epochClock.nanoTime()))
                .effectNumber(effectNumber);
        return index;
    }

    /** Tells whether a write failed: nothing sequenced since will ever commit here. */
    boolean isFenced() {
        return journal.isFenced();
    }

    /** Gives the buffer that {@link #begin} gives an index into. */
    MutableDirectBuffer buffer() {
        return journal.buffer();
    }

    /**
     * Takes the record begun at an index into the chain log.
     *
     * @param index as {@link #begin} gave it.
     * @param bodyLength as it was told.
     * @return the record's position.
     */
    long sequence(final int index, final int bodyLength) {
        final int length = LogFormat.RECORD_HEADER_LENGTH + bodyLength;
        journal.commit(index, length);
        overlay.onSequenced(journal.buffer(), index, length);
        return overlay.lastPosition();
    }

    /** Takes a record begun by {@link #beginLocal}. */
    void sequenceLocal(final int index, final int bodyLength) {
        journal.commit(index, LogFormat.RECORD_HEADER_LENGTH + bodyLength);
    }

    /** Applies a record about this device alone. */
    int applyLocal(final DirectBuffer buffer, final int index, final int length) {
        return state.apply(buffer, index, length);
    }

    /**
     * Notes that the chain's next record is durable here.
     *
     * @param position of it.
     * @return {@code true} when it is committed by that: {@link #apply} it.
     */
    boolean onDurable(final long position) {
        if (position != durablePosition + 1) {
            throw new IllegalStateException(
                    "chain " + chain + ": position " + position + " durable after " + durablePosition);
        }
        durablePosition = position;
        return Math.min(durablePosition, NO_PREDECESSOR) >= position;
    }

    /**
     * Applies the next committed record.
     *
     * @return what it changed, as {@link ChainState#apply} says.
     */
    int apply(final DirectBuffer buffer, final int index, final int length, final long position) {
        final int change = state.apply(buffer, index, length);
        commitPosition = position;
        overlay.onCommitted(position);
        return change;
    }

    /**
     * Takes a record found on the device at start: a chain of one has committed whatever lies there whole.
     *
     * @return what it changed, as {@link ChainState#apply} says.
     */
    int recover(final DirectBuffer buffer, final int index, final int length) {
        final int change = state.apply(buffer, index, length);
        durablePosition = state.lastPosition();
        commitPosition = durablePosition;
        return change;
    }

    /** Tells whether a record is part of the checkpoint that the chain was restored from. */
    boolean isRestored(final long position) {
        return position > 0 && position <= restoredPosition;
    }

    /** Takes note that the chain's state came out of a checkpoint, as far as there is one. */
    void restored() {
        state.restored();
        restoredPosition = state.lastPosition();
        durablePosition = restoredPosition;
        commitPosition = restoredPosition;
    }

    /** Starts the overlay on what was recovered. */
    void onRecovered() {
        overlay.discard();
    }

    /** Finds the binding of a writer's slot. */
    @Nullable
    WriterBinding binding(final int slot) {
        return slot >= 0 && slot < bindings.length ? bindings[slot] : null;
    }

    /** Forgets the binding of a slot whose writer has expired: the next writer in the slot gets one of its own. */
    void unbind(final int slot) {
        final WriterBinding binding = binding(slot);
        if (binding != null) {
            binding.forgetAll();
            bindings[slot] = null;
        }
    }

    /** Finds or makes the binding of a writer's slot; set-up only, never per append. */
    WriterBinding bind(final int slot) {
        if (slot >= bindings.length) {
            bindings = Arrays.copyOf(bindings, Math.max(slot + 1, bindings.length * 2));
        }
        WriterBinding binding = bindings[slot];
        if (binding == null) {
            binding = new WriterBinding(this, slot);
            bindings[slot] = binding;
        }
        return binding;
    }
}
