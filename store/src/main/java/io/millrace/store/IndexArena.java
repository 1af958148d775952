package io.millrace.store;

import java.util.Arrays;

/**
 * Memory of all segment indexes of one chain: blocks of 64 longs inside slabs of 1 MiB, so that a growing index
 * allocates once in 2,048 blocks and never copies.
 *
 * <p><b>Threading:</b> the chain's thread.
 *
 * <p>A counting arena holds no memory and only counts entries: the pending overlay needs the count, not the places.
 */
final class IndexArena {
    /** Longs of a block. */
    static final int BLOCK_LONGS = 64;

    private static final int BLOCKS_PER_SLAB = 2048;
    private static final int NONE = 0;

    private final boolean counting;
    private long[][] slabs = new long[8][];
    private int slabCount;
    private int nextBlock = 1;
    private int freeBlock = NONE;
    private long entryCount;
    private int blockCount;

    /** Creates an empty arena; a counting one never holds memory. */
    IndexArena(final boolean counting) {
        this.counting = counting;
    }

    /** Tells whether entries are counted only. */
    boolean isCounting() {
        return counting;
    }

    /** Gives the number of entries of all indexes of this arena. */
    long entryCount() {
        return entryCount;
    }

    /** Adds to the number of entries. */
    void addEntries(final long delta) {
        entryCount += delta;
    }

    /** Sets the number of entries; of a counting arena that follows another one. */
    void entryCount(final long value) {
        entryCount = value;
    }

    /** Gives the number of blocks taken and not given back. */
    int blockCount() {
        return blockCount;
    }

    /** Takes a zeroed block. @return its id, from 1 */
    int take() {
        blockCount++;
        final int block;
        if (freeBlock != NONE) {
            block = freeBlock;
            freeBlock = (int) get(block, 0);
            final int start = startOf(block);
            Arrays.fill(slabs[slabOf(block)], start, start + BLOCK_LONGS, 0L);
        } else {
            block = nextBlock++;
            if (slabOf(block) >= slabCount) {
                addSlab();
            }
        }
        return block;
    }

    /** Gives a block back. */
    void release(final int block) {
        blockCount--;
        set(block, 0, freeBlock);
        freeBlock = block;
    }

    /** Reads a long of a block. */
    long get(final int block, final int index) {
        return slabs[slabOf(block)][startOf(block) + index];
    }

    /** Writes a long of a block. */
    void set(final int block, final int index, final long value) {
        slabs[slabOf(block)][startOf(block) + index] = value;
    }

    private void addSlab() {
        if (slabCount == slabs.length) {
            slabs = Arrays.copyOf(slabs, slabCount * 2);
        }
        slabs[slabCount++] = new long[BLOCKS_PER_SLAB * BLOCK_LONGS];
    }

    private static int slabOf(final int block) {
        return (block - 1) / BLOCKS_PER_SLAB;
    }

    private static int startOf(final int block) {
        return (block - 1) % BLOCKS_PER_SLAB * BLOCK_LONGS;
    }
}
