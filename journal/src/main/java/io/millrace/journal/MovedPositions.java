package io.millrace.journal;

import java.util.Arrays;

/**
 * Where the positions of one chain lie that were copied forward: runs {@code [first, last]} of positions in one batch,
 * in the order of positions. Their addresses come in no order.
 *
 * <p><b>Threading</b>: device thread. Chunks are allocated as runs come; cleaning is no part of the hot path.
 *
 * <p><b>Invariants</b>: runs do not overlap; no chunk is empty. Each run carries the number of the last checkpoint
 * whose walk found it live, so that {@link #sweep} forgets what is not.
 */
final class MovedPositions {
    /** Answer of {@link #ceiling} when there is none. */
    static final long NONE = Long.MAX_VALUE;

    private static final int CHUNK_RUNS = 128;
    private static final int STRIDE = 4;
    private static final int LAST = 1;
    private static final int ADDRESS = 2;
    private static final int MARK = 3;

    private long[][] chunks = new long[8][];
    private int[] counts = new int[8];
    private int chunkCount;
    private int runCount;
    private int chunk;
    private int run;

    /** Creates it with nothing moved. */
    MovedPositions() {}

    /**
     * Finds where a position lies.
     *
     * @param position of a record
     * @return address of its batch, or -1 when it was not moved
     */
    long addressOf(final long position) {
        return runCount > 0 && locate(position) ? get(ADDRESS) : -1;
    }

    /**
     * Finds the next position that was moved.
     *
     * @param position to begin with
     * @return that position or the next one, or {@link #NONE}
     */
    long ceiling(final long position) {
        if (runCount == 0) {
            return NONE;
        }
        if (locate(position)) {
            return position;
        }
        return step() ? get(0) : NONE;
    }

    /**
     * Stands on the first run that ends at or behind a position; {@link #first}, {@link #last}, {@link #address} tell
     * it.
     *
     * @param position to begin with
     * @return false when there is none
     */
    boolean seek(final long position) {
        return runCount > 0 && (locate(position) || step());
    }

    /** Gives the first position of the run that {@link #seek} found. */
    long first() {
        return get(0);
    }

    /** Gives the last position of the run that {@link #seek} found. */
    long last() {
        return get(LAST);
    }

    /** Gives the address of the run that {@link #seek} found. */
    long address() {
        return get(ADDRESS);
    }

    /** Says that the run that {@link #seek} found is live. */
    void mark(final long mark) {
        chunks[chunk][run * STRIDE + MARK] = mark;
    }

    /**
     * Says where a position lies now.
     *
     * @param position of a record
     * @param address of the batch that holds its copy
     * @param mark of the last checkpoint that was begun
     */
    void put(final long position, final long address, final long mark) {
        putRun(position, position, address, mark);
    }

    /**
     * Says where a run of positions lies now.
     *
     * @param first position
     * @param last position
     * @param address of the batch that holds the copies
     * @param mark of the last checkpoint that was begun
     */
    void putRun(final long first, final long last, final long address, final long mark) {
        remove(first, last);
        locate(first);
        if (run >= 0 && get(LAST) == first - 1 && get(ADDRESS) == address) {
            chunks[chunk][run * STRIDE + LAST] = last;
            mark(Math.max(mark, get(MARK)));
            return;
        }
        insert(first, last, address, mark);
    }

    /**
     * Forgets positions.
     *
     * @param first position
     * @param last position
     */
    void remove(final long first, final long last) {
        while (seek(first) && get(0) <= last) {
            final int at = run * STRIDE;
            final long[] runs = chunks[chunk];
            final long runFirst = runs[at];
            final long runLast = runs[at + LAST];
            if (runFirst < first) {
                runs[at + LAST] = first - 1;
                if (runLast > last) {
                    insert(last + 1, runLast, runs[at + ADDRESS], runs[at + MARK]);
                }
            } else if (runLast > last) {
                runs[at] = last + 1;
            } else {
                delete();
            }
        }
    }

    /**
     * Forgets the runs of one chunk that no checkpoint needs.
     *
     * @param ofChunk number of the chunk
     * @param mark of the checkpoint that is durable; runs with a lower one are not live
     * @param zones that are left
     * @return true when the chunk still has runs; else the next one has taken its number
     */
    boolean sweep(final int ofChunk, final long mark, final ZoneMap zones) {
        final int before = chunkCount;
        chunk = ofChunk;
        for (run = counts[ofChunk] - 1; run >= 0; run--) {
            if (get(MARK) < mark || !zones.holds(get(ADDRESS))) {
                delete();
            }
        }
        return chunkCount == before;
    }

    /** Gives the number of chunks. */
    int chunkCount() {
        return chunkCount;
    }

    /** Gives the number of runs. */
    int runCount() {
        return runCount;
    }

    private long get(final int field) {
        return chunks[chunk][run * STRIDE + field];
    }

    /** Stands on the last run that begins at or below a position; on no run of chunk 0 when there is none. */
    private boolean locate(final long position) {
        int low = 0;
        int high = chunkCount - 1;
        while (low <= high) {
            final int middle = (low + high) >>> 1;
            if (chunks[middle][0] <= position) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        chunk = Math.max(0, high);
        run = -1;
        if (high < 0) {
            return false;
        }
        low = 0;
        high = counts[chunk] - 1;
        while (low <= high) {
            final int middle = (low + high) >>> 1;
            if (chunks[chunk][middle * STRIDE] <= position) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        run = high;
        return get(LAST) >= position;
    }

    private boolean step() {
        if (++run == counts[chunk]) {
            chunk++;
            run = 0;
        }
        return chunk < chunkCount;
    }

    /** Puts a run behind the one that {@link #locate} stands on. */
    private void insert(final long first, final long last, final long address, final long mark) {
        if (chunkCount == 0) {
            insertChunk(0, new long[CHUNK_RUNS * STRIDE], 0);
            run = -1;
        } else if (counts[chunk] == CHUNK_RUNS) {
            split();
        }
        final int at = ++run * STRIDE;
        final long[] runs = chunks[chunk];
        System.arraycopy(runs, at, runs, at + STRIDE, counts[chunk] * STRIDE - at);
        runs[at] = first;
        runs[at + LAST] = last;
        runs[at + ADDRESS] = address;
        runs[at + MARK] = mark;
        counts[chunk]++;
        runCount++;
    }

    private void split() {
        final int half = CHUNK_RUNS / 2;
        final long[] upper = new long[CHUNK_RUNS * STRIDE];
        System.arraycopy(chunks[chunk], half * STRIDE, upper, 0, (CHUNK_RUNS - half) * STRIDE);
        insertChunk(chunk + 1, upper, CHUNK_RUNS - half);
        counts[chunk] = half;
        if (run >= half) {
            chunk++;
            run -= half;
        }
    }

    private void insertChunk(final int at, final long[] runs, final int count) {
        if (chunkCount == chunks.length) {
            chunks = Arrays.copyOf(chunks, chunkCount * 2);
            counts = Arrays.copyOf(counts, chunkCount * 2);
        }
        System.arraycopy(chunks, at, chunks, at + 1, chunkCount - at);
        System.arraycopy(counts, at, counts, at + 1, chunkCount - at);
        chunks[at] = runs;
        counts[at] = count;
        chunkCount++;
    }

    private void delete() {
        final int at = run * STRIDE;
        final int behind = --counts[chunk] * STRIDE - at;
        System.arraycopy(chunks[chunk], at + STRIDE, chunks[chunk], at, behind);
        runCount--;
        if (counts[chunk] == 0) {
            chunkCount--;
            System.arraycopy(chunks, chunk + 1, chunks, chunk, chunkCount - chunk);
            System.arraycopy(counts, chunk + 1, counts, chunk, chunkCount - chunk);
        }
    }
}
