package io.millrace.journal;

import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyDecoder;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.agrona.DirectBuffer;
import org.agrona.collections.Int2ObjectHashMap;

/**
 * Which batch holds which position, per chain: one entry for the first position of a chain in a batch, in chunks out of
 * a pool that is filled before the steady state and grows by chunks when it must. Entries whose zone was freed are
 * taken out chunk by chunk; where they stood, between others, a hole is left, so that no entry speaks for positions
 * that are gone. Positions that were copied forward stand beside, in {@link MovedPositions}, and go first.
 *
 * <p><b>Threading</b>: device thread.
 *
 * <p><b>Invariants</b>: positions and addresses of a chain rise from entry to entry, holes left out; no chunk is empty.
 * A copy counts only once it is durable.
 */
final class PositionIndex {
    /** Entries of a chunk. */
    static final int CHUNK_LENGTH = 1 << 12;

    /** Address of an entry from which on no position is left. No batch lies there. */
    static final long HOLE = 0;

    /** Copies that may wait to become durable: more than a piece of the cleaner holds. */
    private static final int PENDING_LIMIT = 1024;

    private static final int PENDING_STRIDE = 3;

    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final int CHAIN_OFFSET = RecordHeaderDecoder.chainEncodingOffset();
    private static final int POSITION_OFFSET = RecordHeaderDecoder.positionEncodingOffset();
    private static final int TRUNCATE_TO_OFFSET =
            LogFormat.RECORD_HEADER_LENGTH + TruncateBodyDecoder.toPositionEncodingOffset();
    private static final byte KIND_TRUNCATE = (byte) RecordKind.TRUNCATE.value();
    private static final byte KIND_FILL = (byte) RecordKind.FILL.value();
    private static final byte KIND_REMNANT = (byte) RecordKind.REMNANT.value();

    private final Int2ObjectHashMap<ChainIndex> chains = new Int2ObjectHashMap<>();
    private final List<ChainIndex> ordered = new ArrayList<>();
    private final long[][] pool;
    private int pooled;
    private long entryCount;
    private final long[] pending = new long[PENDING_LIMIT * PENDING_STRIDE];
    private int pendingCount;
    private long lastMark;

    /**
     * Makes an empty index.
     *
     * @param expectedEntries entries to have room for without growing
     */
    PositionIndex(final long expectedEntries) {
        pooled = (int) Math.max(2, expectedEntries / CHUNK_LENGTH + 1);
        pool = new long[pooled][];
        for (int i = 0; i < pooled; i++) {
            pool[i] = new long[2 * CHUNK_LENGTH];
        }
    }

    /**
     * Notes a record that lies in a buffer; records without a position of their own are not looked up, but a copy of
     * one that has: see {@link #settle}.
     *
     * @param buffer holds it
     * @param at index of its header
     * @param batchAddress of its batch
     */
    void note(final DirectBuffer buffer, final int at, final long batchAddress) {
        final long position = buffer.getLong(at + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN);
        if (position > 0) {
            add(buffer.getInt(at + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN), position, batchAddress);
            return;
        }
        final byte kind = buffer.getByte(at + KIND_OFFSET);
        if (kind == KIND_REMNANT) {
            noteCopy(buffer, at + LogFormat.RECORD_HEADER_LENGTH, batchAddress);
        } else if (kind == KIND_FILL) {
            noteCopy(buffer, at + LogFormat.FILL_PREFIX_LENGTH, batchAddress);
        } else if (kind == KIND_TRUNCATE) {
            cut(
                    chain(buffer.getInt(at + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN)),
                    buffer.getLong(at + TRUNCATE_TO_OFFSET, ByteOrder.LITTLE_ENDIAN));
        }
    }

    private void noteCopy(final DirectBuffer buffer, final int copied, final long batchAddress) {
        if (pendingCount == PENDING_LIMIT) {
            throw new IllegalStateException("more than " + PENDING_LIMIT + " copies wait to become durable");
        }
        final int slot = pendingCount++ * PENDING_STRIDE;
        pending[slot] = buffer.getInt(copied + CHAIN_OFFSET, ByteOrder.LITTLE_ENDIAN);
        pending[slot + 1] = buffer.getLong(copied + POSITION_OFFSET, ByteOrder.LITTLE_ENDIAN);
        pending[slot + 2] = batchAddress;
    }

    /** P1: what lies behind a position does not count any more, whether or not the positions are taken again. */
    private void cut(final ChainIndex index, final long toPosition) {
        if (toPosition < index.lastPosition) {
            truncate(index, toPosition + 1);
            index.lastPosition = toPosition;
        }
    }

    /** Tells whether a copy can be noted: else one has to become durable before. */
    boolean hasRoomForCopy() {
        return pendingCount < PENDING_LIMIT;
    }

    /**
     * Lets copies count that have become durable.
     *
     * @param durableAddress end of the durable prefix
     * @return copies that still wait
     */
    int settle(final long durableAddress) {
        int settled = 0;
        while (settled < pendingCount && pending[settled * PENDING_STRIDE + 2] < durableAddress) {
            final int slot = settled++ * PENDING_STRIDE;
            chain((int) pending[slot]).moved.put(pending[slot + 1], pending[slot + 2], lastMark);
        }
        if (settled > 0) {
            pendingCount -= settled;
            System.arraycopy(pending, settled * PENDING_STRIDE, pending, 0, pendingCount * PENDING_STRIDE);
        }
        return pendingCount;
    }

    /** Says which checkpoint's walk begins: its number is the mark of what was moved since, too. */
    void beginMarks(final long mark) {
        lastMark = mark;
    }

    /** Gives what was moved of a chain. */
    MovedPositions moved(final int chain) {
        return chain(chain).moved;
    }

    /** Gives what was moved of a chain by its ordinal. */
    MovedPositions movedAt(final int ordinal) {
        return ordered.get(ordinal).moved;
    }

    /** Gives the number of runs of moved positions of all chains. */
    long movedRunCount() {
        long count = 0;
        for (int i = 0; i < ordered.size(); i++) {
            count += ordered.get(i).moved.runCount();
        }
        return count;
    }

    /**
     * Notes a record.
     *
     * @param chain number
     * @param position of the record
     * @param batchAddress of its batch
     */
    void add(final int chain, final long position, final long batchAddress) {
        final ChainIndex index = chain(chain);
        if (position <= index.lastPosition) {
            truncate(index, position); // P1: records behind a Truncate take the positions again
        }
        index.lastPosition = position;
        if (index.chunkCount == 0 || index.lastAddress() != batchAddress) {
            append(index, position, batchAddress);
        }
    }

    /**
     * Says how far a chain's log goes, where its last records have no entry of their own.
     *
     * @param chain number
     * @param position of its last record, at least that of its last entry
     */
    void lastPosition(final int chain, final long position) {
        final ChainIndex index = chain(chain);
        index.lastPosition = Math.max(index.lastPosition, position);
    }

    private ChainIndex chain(final int chain) {
        ChainIndex index = chains.get(chain);
        if (index == null) {
            index = new ChainIndex(chain);
            chains.put(chain, index);
            ordered.add(index);
        }
        return index;
    }

    private void truncate(final ChainIndex index, final long position) {
        index.moved.remove(position, Long.MAX_VALUE);
        while (index.chunkCount > 0 && index.position(index.chunkCount - 1, index.lastCount() - 1) >= position) {
            entryCount--;
            if (--index.counts[index.chunkCount - 1] == 0) {
                release(index, index.chunkCount - 1);
            }
        }
    }

    private void append(final ChainIndex index, final long position, final long batchAddress) {
        if (index.chunkCount == 0 || index.lastCount() == CHUNK_LENGTH) {
            if (index.chunkCount == index.chunks.length) {
                index.chunks = Arrays.copyOf(index.chunks, index.chunkCount * 2);
                index.counts = Arrays.copyOf(index.counts, index.chunkCount * 2);
            }
            index.chunks[index.chunkCount] = pooled > 0 ? pool[--pooled] : new long[2 * CHUNK_LENGTH];
            index.counts[index.chunkCount++] = 0;
        }
        final int chunk = index.chunkCount - 1;
        final int slot = index.counts[chunk]++ * 2;
        index.chunks[chunk][slot] = position;
        index.chunks[chunk][slot + 1] = batchAddress;
        entryCount++;
    }

    private void release(final ChainIndex index, final int chunk) {
        if (pooled < pool.length) {
            pool[pooled++] = index.chunks[chunk];
        }
        final int behind = index.chunkCount - chunk - 1;
        System.arraycopy(index.chunks, chunk + 1, index.chunks, chunk, behind);
        System.arraycopy(index.counts, chunk + 1, index.counts, chunk, behind);
        index.chunks[--index.chunkCount] = ChainIndex.NONE;
    }

    /**
     * Finds the batch of a position.
     *
     * @param chain number
     * @param position of a record
     * @return address of the batch, or -1 when the position is not known, or gone
     */
    long addressOf(final int chain, final long position) {
        final ChainIndex index = chains.get(chain);
        if (index == null || position > index.lastPosition) {
            return -1;
        }
        final long moved = index.moved.addressOf(position);
        if (moved >= 0) {
            return moved;
        }
        final int chunk = index.chunkOf(position);
        final long address = chunk < 0 ? HOLE : index.address(chunk, index.entryOf(chunk, position));
        return address == HOLE ? -1 : address;
    }

    /**
     * Finds up to which position a chain was written into one batch last.
     *
     * @param chain number
     * @param position to begin with
     * @param batchAddress of the batch
     * @return the last position, wherever copies of it lie since; -1 when the one asked for was written elsewhere, was
     *     cut off, or its zone was freed
     */
    long lastWritten(final int chain, final long position, final long batchAddress) {
        final ChainIndex index = chains.get(chain);
        if (index == null || position > index.lastPosition) {
            return -1;
        }
        final int chunk = index.chunkOf(position);
        if (chunk < 0) {
            return -1;
        }
        final int entry = index.entryOf(chunk, position);
        if (index.address(chunk, entry) != batchAddress) {
            return -1;
        }
        if (entry + 1 < index.counts[chunk]) {
            return index.position(chunk, entry + 1) - 1;
        }
        return chunk + 1 < index.chunkCount ? index.position(chunk + 1, 0) - 1 : index.lastPosition;
    }

    /** Tells whether a position was copied forward. */
    boolean isMoved(final int chain, final long position) {
        final ChainIndex index = chains.get(chain);
        return index != null && index.moved.addressOf(position) >= 0;
    }

    /**
     * Finds the next position that lies anywhere.
     *
     * @param chain number
     * @param position to begin with
     * @param zones that are left
     * @return that position or the next one, or -1 when there is none up to the chain's last
     */
    long ceiling(final int chain, final long position, final ZoneMap zones) {
        final ChainIndex index = chains.get(chain);
        if (index == null || position > index.lastPosition) {
            return -1;
        }
        final long moved = index.moved.ceiling(position);
        if (moved == position) {
            return position;
        }
        int chunk = index.chunkOf(position);
        int entry = chunk < 0 ? 0 : index.entryOf(chunk, position);
        chunk = Math.max(0, chunk);
        // holes are one entry each; between the freeing of a zone and its pruning there are more
        while (chunk < index.chunkCount && index.position(chunk, entry) < moved) {
            if (isHeld(index, chunk, entry, zones)) {
                return Math.max(position, index.position(chunk, entry));
            }
            if (++entry == index.counts[chunk]) {
                chunk++;
                entry = 0;
            }
        }
        return moved == MovedPositions.NONE ? -1 : moved;
    }

    private static boolean isHeld(final ChainIndex index, final int chunk, final int entry, final ZoneMap zones) {
        final long address = index.address(chunk, entry);
        return address != HOLE && zones.holds(address);
    }

    /**
     * Marks the zones of the batches that hold a range of positions, and no zone between them. What the range holds
     * counts in equal parts as live in each of these batches. Zones that were cleaned hold nothing any more.
     *
     * @param chain number
     * @param first position
     * @param last position
     * @param bytes of live data in the range
     * @param zones to mark in
     * @param mark larger than any mark before
     * @param cleaner is told the batches
     * @return false when nothing of the range is anywhere
     */
    boolean mark(
            final int chain,
            final long first,
            final long last,
            final long bytes,
            final ZoneMap zones,
            final long mark,
            final ZoneCleaner cleaner) {
        final ChainIndex index = chains.get(chain);
        if (index == null || last > index.lastPosition) {
            return false;
        }
        final int places = visit(index, first, last, 0, zones, mark, cleaner);
        if (places > 0) {
            visit(index, first, last, bytes / places + 1, zones, mark, cleaner);
        }
        return places > 0;
    }

    /** Counts the places of a range, and marks them unless the share of each is 0. */
    private static int visit(
            final ChainIndex index,
            final long first,
            final long last,
            final long share,
            final ZoneMap zones,
            final long mark,
            final ZoneCleaner cleaner) {
        int places = 0;
        int chunk = index.chunkOf(first);
        int entry = chunk < 0 ? 0 : index.entryOf(chunk, first);
        chunk = Math.max(0, chunk);
        while (chunk < index.chunkCount && index.position(chunk, entry) <= last) {
            final long address = index.address(chunk, entry);
            if (address != HOLE && zones.isKept(address)) {
                places++;
                if (share > 0) {
                    zones.markLive(address, mark, share);
                    cleaner.onLive(index.chain, first, last, address);
                }
            }
            if (++entry == index.counts[chunk]) {
                chunk++;
                entry = 0;
            }
        }
        final MovedPositions moved = index.moved;
        long from = first;
        while (moved.seek(from) && moved.first() <= last) {
            if (zones.isKept(moved.address())) {
                places++;
                if (share > 0) {
                    moved.mark(mark);
                    zones.markLive(moved.address(), mark, share);
                    cleaner.onLive(index.chain, first, last, moved.address());
                }
            }
            from = moved.last() + 1;
        }
        return places;
    }

    /**
     * Takes the entries of freed zones out of one chunk; those between others leave one hole.
     *
     * @param ordinal of the chain, in the order in which chains came
     * @param chunk of the chain
     * @param zones that are left
     * @return true when the chunk still has entries; else the next one has taken its number
     */
    boolean prune(final int ordinal, final int chunk, final ZoneMap zones) {
        final ChainIndex index = ordered.get(ordinal);
        final int before = index.counts[chunk];
        boolean isHole = chunk == 0 || index.address(chunk - 1, index.counts[chunk - 1] - 1) == HOLE;
        int kept = 0;
        for (int i = 0; i < before; i++) {
            final boolean isHeld = isHeld(index, chunk, i, zones);
            if (isHeld || !isHole) {
                index.chunks[chunk][2 * kept] = index.position(chunk, i);
                index.chunks[chunk][2 * kept + 1] = isHeld ? index.address(chunk, i) : HOLE;
                kept++;
            }
            isHole = !isHeld;
        }
        index.counts[chunk] = kept;
        entryCount -= before - kept;
        if (kept == 0) {
            release(index, chunk);
        }
        return kept > 0;
    }

    /** Gives the number of chains. */
    int chainCount() {
        return ordered.size();
    }

    /** Gives the number of a chain by its ordinal. */
    int chainAt(final int ordinal) {
        return ordered.get(ordinal).chain;
    }

    /** Gives the last position of a chain by its ordinal. */
    long lastPositionAt(final int ordinal) {
        return ordered.get(ordinal).lastPosition;
    }

    /** Gives the number of chunks of a chain by its ordinal. */
    int chunkCount(final int ordinal) {
        return ordered.get(ordinal).chunkCount;
    }

    /** Gives the number of entries in a chunk. */
    int entryCount(final int ordinal, final int chunk) {
        return ordered.get(ordinal).counts[chunk];
    }

    /** Gives the position of an entry. */
    long positionAt(final int ordinal, final int chunk, final int entry) {
        return ordered.get(ordinal).position(chunk, entry);
    }

    /** Gives the address of an entry. */
    long addressAt(final int ordinal, final int chunk, final int entry) {
        return ordered.get(ordinal).address(chunk, entry);
    }

    /** Gives the number of entries of all chains. */
    long entryCount() {
        return entryCount;
    }

    /** The entries of one chain. */
    private static final class ChainIndex {
        private static final long[] NONE = {};
        private final int chain;
        private final MovedPositions moved = new MovedPositions();
        private long[][] chunks = new long[64][];
        private int[] counts = new int[64];
        private int chunkCount;
        private long lastPosition;

        private ChainIndex(final int chain) {
            this.chain = chain;
            Arrays.fill(chunks, NONE);
        }

        private int lastCount() {
            return counts[chunkCount - 1];
        }

        private long lastAddress() {
            return address(chunkCount - 1, lastCount() - 1);
        }

        /** Finds the last chunk that begins at or below a position, or -1. */
        private int chunkOf(final long position) {
            int low = 0;
            int high = chunkCount - 1;
            while (low <= high) {
                final int middle = (low + high) >>> 1;
                if (position(middle, 0) <= position) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return high;
        }

        /** Finds the last entry at or below a position in a chunk that begins there or below. */
        private int entryOf(final int chunk, final long position) {
            int low = 0;
            int high = counts[chunk] - 1;
            while (low <= high) {
                final int middle = (low + high) >>> 1;
                if (position(chunk, middle) <= position) {
                    low = middle + 1;
                } else {
                    high = middle - 1;
                }
            }
            return high;
        }

        private long position(final int chunk, final int entry) {
            return chunks[chunk][entry * 2];
        }

        private long address(final int chunk, final int entry) {
            return chunks[chunk][entry * 2 + 1];
        }
    }
}
