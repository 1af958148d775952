package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.CheckpointBodyEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteOrder;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.collections.IntHashSet;
import org.agrona.concurrent.EpochNanoClock;

/**
 * Writes checkpoints into the journal, a piece at a time between the records of the chains, and frees the zones that a
 * durable checkpoint no longer needs (P7).
 *
 * <p>The owner of the chains calls {@link #begin}, offers the committed state of each chain, names the positions that
 * hold live data by {@link #keep}, and ends with {@link #finish}. The rest goes by itself in the journal's duty cycle:
 * where the live zones lie, which batches in them hold which positions, the end. When the end is durable, a superblock
 * names the checkpoint; when that is durable, zones older than the checkpoint without live data are free.
 *
 * <p>Recovery folds from the batch that was the last durable one at {@link #begin}: each chain's state is captured
 * later, so records behind that batch may be in it already and are skipped by their positions.
 *
 * <p><b>Threading</b>: device thread. At most one piece a duty cycle, so that no batch waits for a checkpoint.
 *
 * <p><b>Invariants</b>: a zone is freed only when the superblock that does without it is durable. A checkpoint that was
 * given up leaves pieces that nobody names.
 */
public final class CheckpointWriter {
    /** A piece alone fills a batch of four granules of 4 KiB. */
    private static final int BATCH_LENGTH = 16 * 1024;

    private static final int PREFIX_LENGTH = LogFormat.RECORD_HEADER_LENGTH + CheckpointBodyEncoder.BLOCK_LENGTH;
    private static final int PAIR_LENGTH = 2 * Long.BYTES;
    private static final int RUN_LENGTH = 3 * Long.BYTES;
    private static final int ENTRIES_A_TURN = 4096;
    private static final int SMALLEST_BATCH_LENGTH = 4 * 1024;

    private final Journal journal;
    private final PositionIndex index;
    private final ZoneMap zones;
    private final ZoneCleaner cleaner;
    private final EpochNanoClock epochClock;
    private final RecordHeaderEncoder header = new RecordHeaderEncoder();
    private final CheckpointBodyEncoder body = new CheckpointBodyEncoder();

    private final IntHashSet leftOut = new IntHashSet();

    private State state = State.IDLE;
    private long number;
    private long lastNumber;
    private long startAddress;
    private int pieceCount;
    private long pieceBytes;
    private int chainOrdinal;
    private int chunk;
    private int entry;
    private boolean isHole;
    private long movedFrom;
    private int place;
    private long endSequence;
    private long lastPieceBytes;

    private enum State {
        IDLE,
        TRIAL,
        OPEN,
        ZONES,
        POSITIONS,
        MOVED,
        END,
        AWAITING_END,
        NAMING,
        PRUNING
    }

    /**
     * Made by the journal only.
     *
     * @param journal to write to
     * @param index of its positions
     * @param zones of its device
     * @param crc over the journal's buffer
     * @param granule of the device
     * @param warnings takes one line about a zone that cannot be cleaned
     * @param epochClock for the timestamps of records
     */
    CheckpointWriter(
            final Journal journal,
            final PositionIndex index,
            final ZoneMap zones,
            final Crc32c crc,
            final int granule,
            final Consumer<String> warnings,
            final EpochNanoClock epochClock) {
        this.journal = journal;
        this.index = index;
        this.zones = zones;
        this.epochClock = epochClock;
        cleaner = new ZoneCleaner(journal, index, zones, crc, granule, warnings, epochClock);
    }

    /**
     * Returns what copies remnants forward between two checkpoints.
     *
     * @return cleaner, always the same one
     */
    public ZoneCleaner cleaner() {
        return cleaner;
    }

    /**
     * Starts a checkpoint. Everything durable must have been applied: call it between two duty cycles.
     *
     * @return false while one is under way, copies wait to become durable, nothing is in the journal, or nothing was
     *     made durable since one was given up
     */
    public boolean begin() {
        final WriteRing ring = journal.ring();
        if (state != State.IDLE
                || journal.isFenced()
                || ring.durableBatchAddress() < 0
                || cleaner.isWriting()
                || index.settle(journal.durableAddress()) > 0) {
            return false;
        }
        number = ring.durable();
        if (number == lastNumber) {
            return false; // pieces of one that was given up have that number
        }
        startAddress = ring.durableBatchAddress();
        pieceCount = 0;
        pieceBytes = 0;
        index.beginMarks(number);
        leftOut.clear();
        cleaner.onWalkBegin(startAddress);
        state = State.OPEN;
        return true;
    }

    /**
     * Starts what only finds out, by {@link #keep} and {@link #endTrial}, whether a checkpoint would free anything.
     *
     * @return as {@link #begin}
     */
    public boolean beginTrial() {
        if (!begin()) {
            return false;
        }
        state = State.TRIAL;
        return true;
    }

    /**
     * Ends what {@link #beginTrial} began.
     *
     * @return zones that a checkpoint would free now
     */
    public int endTrial() {
        state = State.IDLE;
        cleaner.onWalkEnd(true);
        return zones.countUnmarked(zones.zoneOf(startAddress), number);
    }

    /**
     * Writes one piece. Pieces come back in the order in which they were offered.
     *
     * @param part {@link CheckpointPart#CHAIN_STATE}, {@code CHAIN_INDEX} or {@code CONTROL_STATE}
     * @param chain it belongs to
     * @param source of the bytes
     * @param offset of the first
     * @param length at most {@link #pieceCapacity()}
     * @param last true for the last piece of this part of the chain
     * @return false when the journal takes nothing now: again later; when it is full the checkpoint is given up,
     *     {@link #isIdle} tells
     */
    public boolean offer(
            final CheckpointPart part,
            final int chain,
            final DirectBuffer source,
            final int offset,
            final int length,
            final boolean last) {
        if (state != State.OPEN) {
            throw new IllegalStateException("no checkpoint is open");
        }
        final int at = claim(length);
        if (at < 0) {
            return false;
        }
        journal.buffer().putBytes(at + PREFIX_LENGTH, source, offset, length);
        commit(part, chain, at, length, last);
        return true;
    }

    /**
     * Says that records hold live data.
     *
     * @param chain they belong to
     * @param firstPosition of them
     * @param lastPosition of them
     * @param bytes of live data that they hold, as far as is known: what is live in each zone is counted by it
     */
    public void keep(final int chain, final long firstPosition, final long lastPosition, final long bytes) {
        if (!index.mark(chain, firstPosition, lastPosition, bytes, zones, number, cleaner)) {
            throw new IllegalStateException("live positions " + firstPosition + " to " + lastPosition + " of chain "
                    + chain + " are nowhere in the journal");
        }
    }

    /**
     * Says that records hold live data, as far as they are in the journal: of a log that is being fetched.
     *
     * @param chain they belong to
     * @param firstPosition of them
     * @param lastPosition of them
     * @param bytes of live data that they hold, as far as is known
     */
    public void keepIfHere(final int chain, final long firstPosition, final long lastPosition, final long bytes) {
        index.mark(chain, firstPosition, lastPosition, bytes, zones, number, cleaner);
    }

    /**
     * Leaves a chain's positions out of the checkpoint: recovery will know none of those before it. What is named by
     * {@link #keepIfHere} is kept for this run all the same.
     *
     * @param chain number
     */
    public void leaveOut(final int chain) {
        leftOut.add(chain);
    }

    /** Everything was offered and every live position was named. */
    public void finish() {
        if (state != State.OPEN) {
            throw new IllegalStateException("no checkpoint is open");
        }
        cleaner.onWalkEnd(true);
        place = 0;
        state = State.ZONES;
    }

    /** Gives up what is open: nothing names it, so recovery goes on from the checkpoint before. */
    public void giveUp() {
        if (state == State.OPEN || state == State.TRIAL) {
            cleaner.onWalkEnd(false);
            state = State.IDLE;
        }
    }

    /**
     * Tells whether {@link #begin} may be called.
     *
     * @return true when no checkpoint is under way
     */
    public boolean isIdle() {
        return state == State.IDLE;
    }

    /**
     * Returns the longest piece.
     *
     * @return bytes
     */
    public int pieceCapacity() {
        return capacityIn(BATCH_LENGTH);
    }

    /**
     * Returns the longest piece that fits into a batch of its own.
     *
     * @param batchLength bytes
     * @return bytes
     */
    public int capacityIn(final int batchLength) {
        final int room = Math.min(batchLength - LogFormat.BATCH_HEADER_LENGTH, journal.maxRecordLength());
        return (room - PREFIX_LENGTH) & -PAIR_LENGTH;
    }

    /**
     * Returns what the next checkpoint takes for the journal's own parts, at most.
     *
     * @return bytes
     */
    public long ownBytes() {
        return ((index.entryCount() + zones.count()) * PAIR_LENGTH + index.movedRunCount() * RUN_LENGTH) * 9 / 8
                + (2L * index.chainCount() + 2) * SMALLEST_BATCH_LENGTH;
    }

    /**
     * Returns the bytes of the last whole checkpoint.
     *
     * @return bytes, 0 when there is none since the journal was opened
     */
    public long lastBytes() {
        return lastPieceBytes;
    }

    /**
     * Goes on with what is under way.
     *
     * @return work done
     */
    int doWork() {
        return switch (state) {
            case IDLE, TRIAL, OPEN, NAMING -> 0;
            case ZONES -> writeZones();
            case POSITIONS -> writePositions();
            case MOVED -> writeMoved();
            case END -> writeEnd();
            case AWAITING_END -> nameWhenDurable();
            case PRUNING -> prune();
        };
    }

    /** The superblock that names the checkpoint is durable. */
    void onSuperblockDurable() {
        journal.counters().freedZoneCount += zones.freeUnmarked(zones.zoneOf(startAddress), number);
        journal.counters().checkpointCount++;
        lastPieceBytes = pieceBytes;
        chainOrdinal = 0;
        chunk = 0;
        entry = 0;
        state = State.PRUNING;
    }

    /** Tells whether a superblock is being written. */
    boolean isNaming() {
        return state == State.NAMING;
    }

    private int writeZones() {
        final long first = zones.zoneOf(startAddress);
        final int at = claim(pieceCapacity());
        if (at < 0) {
            return 0;
        }
        int length = 0;
        int next = place;
        while (next < zones.count() && length < pieceCapacity()) {
            final long zone = zones.zoneAt(next);
            if (zone != ZoneMap.ABSENT && zone < first && zones.isMarked(zones.addressOf(zone), number)) {
                putPair(at + PREFIX_LENGTH + length, zone, next);
                length += PAIR_LENGTH;
            }
            next++;
        }
        if (length > 0) {
            commit(CheckpointPart.ZONES, 0, at, length, next == zones.count());
        }
        place = next;
        if (next == zones.count()) {
            chainOrdinal = 0;
            beginChain();
            state = State.POSITIONS;
        }
        return 1;
    }

    /** One piece, or one chunk without anything to write: entries of live zones that recovery will not fold. */
    private int writePositions() {
        if (chainOrdinal == index.chainCount()) {
            chainOrdinal = 0;
            beginChain();
            state = State.MOVED;
            return 1;
        }
        if (leftOut.contains(index.chainAt(chainOrdinal))) {
            chainOrdinal++;
            return 1;
        }
        final int at = claim(pieceCapacity());
        if (at < 0) {
            return 0;
        }
        final int from = at + PREFIX_LENGTH;
        int length = Long.BYTES;
        int looked = 0;
        boolean more = true;
        while (more && length + PAIR_LENGTH <= pieceCapacity() && looked++ < ENTRIES_A_TURN) {
            if (chunk == index.chunkCount(chainOrdinal)) {
                more = false;
            } else if (entry == index.entryCount(chainOrdinal, chunk)) {
                chunk++;
                entry = 0;
            } else {
                final long address = index.addressAt(chainOrdinal, chunk, entry);
                more = address < startAddress;
                final boolean isLive = address != PositionIndex.HOLE && zones.isMarked(address, number);
                if (more && (isLive || !isHole)) {
                    final long position = index.positionAt(chainOrdinal, chunk, entry);
                    putPair(from + length, position, isLive ? address : PositionIndex.HOLE);
                    length += PAIR_LENGTH;
                    isHole = !isLive;
                }
                entry++;
            }
        }
        if (length > Long.BYTES || !more) { // how far the chain goes must be known whatever is left of it
            journal.buffer().putLong(from, index.lastPositionAt(chainOrdinal), ByteOrder.LITTLE_ENDIAN);
            commit(CheckpointPart.POSITIONS, index.chainAt(chainOrdinal), at, length, !more);
        }
        if (!more) {
            chainOrdinal++;
            beginChain();
        }
        return 1;
    }

    private void beginChain() {
        chunk = 0;
        entry = 0;
        isHole = true; // before the first position there is nothing
        movedFrom = 1;
    }

    /** One piece: runs whose copies recovery will not fold. */
    private int writeMoved() {
        if (chainOrdinal == index.chainCount()) {
            state = State.END;
            return 1;
        }
        if (leftOut.contains(index.chainAt(chainOrdinal))) {
            chainOrdinal++;
            return 1;
        }
        final int at = claim(pieceCapacity());
        if (at < 0) {
            return 0;
        }
        final MovedPositions moved = index.movedAt(chainOrdinal);
        final int from = at + PREFIX_LENGTH;
        int length = Long.BYTES;
        int looked = 0;
        boolean more = true;
        while (more && length + RUN_LENGTH <= pieceCapacity() && looked++ < ENTRIES_A_TURN) {
            more = moved.seek(movedFrom);
            if (more) {
                movedFrom = moved.last() + 1;
                if (moved.address() < startAddress && zones.isMarked(moved.address(), number)) {
                    putPair(from + length, moved.first(), moved.last());
                    journal.buffer().putLong(from + length + PAIR_LENGTH, moved.address(), ByteOrder.LITTLE_ENDIAN);
                    length += RUN_LENGTH;
                }
            }
        }
        if (length > Long.BYTES) {
            journal.buffer().putLong(from, index.lastPositionAt(chainOrdinal), ByteOrder.LITTLE_ENDIAN);
            commit(CheckpointPart.MOVED, index.chainAt(chainOrdinal), at, length, !more);
        }
        if (!more) {
            chainOrdinal++;
            beginChain();
        }
        return 1;
    }

    private int writeEnd() {
        final int at = claim(0);
        if (at < 0) {
            return 0;
        }
        commit(CheckpointPart.END, 0, at, 0, true);
        endSequence = journal.ring().sealed() + 1;
        state = State.AWAITING_END;
        return 1;
    }

    private int nameWhenDurable() {
        if (journal.ring().durable() >= endSequence && journal.submitSuperblock(startAddress, number)) {
            state = State.NAMING;
            return 1;
        }
        return 0;
    }

    /** One chunk a turn, as far as the zones that may have been freed. */
    private int prune() {
        if (chainOrdinal == index.chainCount()) {
            state = State.IDLE;
        } else if (entry < index.movedAt(chainOrdinal).chunkCount()) {
            if (index.movedAt(chainOrdinal).sweep(entry, number, zones)) {
                entry++;
            }
        } else if (chunk >= index.chunkCount(chainOrdinal) || index.addressAt(chainOrdinal, chunk, 0) >= startAddress) {
            chainOrdinal++;
            chunk = 0;
            entry = 0;
        } else if (index.prune(chainOrdinal, chunk, zones)) {
            chunk++;
        }
        return 1;
    }

    /** A checkpoint that finds no room is given up: what makes room again is for the owner to decide. */
    private int claim(final int length) {
        final int at = journal.tryClaim(PREFIX_LENGTH + length);
        if (at == JournalStatus.FULL) {
            if (state == State.OPEN) {
                cleaner.onWalkEnd(false);
            }
            state = State.IDLE;
        }
        return at;
    }

    private void commit(
            final CheckpointPart part, final int chain, final int at, final int length, final boolean last) {
        lastNumber = number;
        final int recordLength = PREFIX_LENGTH + length;
        header.wrap(journal.buffer(), at)
                .length(recordLength)
                .kind(RecordKind.CHECKPOINT)
                .flags((short) 0)
                .bodyVersion(0)
                .chain(chain)
                .chainEpoch(0)
                .position(0)
                .previousHash(0)
                .commitMark(0)
                .timestampNs(epochClock.nanoTime())
                .effectNumber(0);
        body.wrap(journal.buffer(), at + LogFormat.RECORD_HEADER_LENGTH)
                .checkpoint(number)
                .piece(pieceCount)
                .part((short) part.number())
                .last((short) (last ? 1 : 0));
        journal.buffer().putShort(at + PREFIX_LENGTH - Short.BYTES, (short) 0, ByteOrder.LITTLE_ENDIAN);
        journal.commit(at, recordLength);
        pieceCount++;
        pieceBytes += LogFormat.align(recordLength);
    }

    private void putPair(final int at, final long first, final long second) {
        journal.buffer().putLong(at, first, ByteOrder.LITTLE_ENDIAN);
        journal.buffer().putLong(at + Long.BYTES, second, ByteOrder.LITTLE_ENDIAN);
    }
}
