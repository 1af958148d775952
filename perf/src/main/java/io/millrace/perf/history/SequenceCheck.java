package io.millrace.perf.history;

import java.util.BitSet;

/**
 * Judges what was read back: for every key the sequence must be 0, 1, 2 … without a hole, each event once, in order.
 *
 * <p><b>Threading:</b> one thread.
 *
 * <p><b>Invariants:</b> an event is counted once under the first heading that fits: damaged, foreign, duplicated, out
 * of order; a hole that no later event fills is lost.
 */
public final class SequenceCheck {
    private final BitSet[] seen;
    private final long[] expected;
    private final long[] highest;
    private long readBack;
    private long duplicated;
    private long outOfOrder;
    private long damaged;

    /**
     * Prepares the check.
     *
     * @param expectedPerKey how many events each key was given; index is the key.
     */
    public SequenceCheck(final long[] expectedPerKey) {
        this.expected = expectedPerKey.clone();
        this.seen = new BitSet[expectedPerKey.length];
        this.highest = new long[expectedPerKey.length];
        for (int key = 0; key < seen.length; key++) {
            seen[key] = new BitSet();
            highest[key] = -1;
        }
    }

    /**
     * Takes one event that was read with a right checksum.
     *
     * @param key its key index.
     * @param sequence its place in the key's sequence.
     */
    public void onEvent(final int key, final long sequence) {
        readBack++;
        if (key < 0 || key >= seen.length || sequence < 0 || sequence >= expected[key]) {
            damaged++;
        } else if (seen[key].get((int) sequence)) {
            duplicated++;
        } else {
            seen[key].set((int) sequence);
            if (sequence < highest[key]) {
                outOfOrder++;
            }
            highest[key] = Math.max(highest[key], sequence);
        }
    }

    /** Takes one event whose length or checksum is wrong. */
    public void onDamagedEvent() {
        readBack++;
        damaged++;
    }

    /** Events read, whatever they were. */
    public long readBack() {
        return readBack;
    }

    /** Events that were written and not read, or read damaged. */
    public long lost() {
        long lost = 0;
        for (int key = 0; key < seen.length; key++) {
            lost += expected[key] - seen[key].cardinality();
        }
        return lost;
    }

    /** Events read more than once. */
    public long duplicated() {
        return duplicated;
    }

    /** Events read after a later one of their key. */
    public long outOfOrder() {
        return outOfOrder;
    }

    /** Events that nobody wrote: wrong length, checksum, key or number. */
    public long damaged() {
        return damaged;
    }

    /** Whether all expected events were read (more may follow: a duplicate shows only then). */
    public boolean isComplete() {
        return lost() == 0;
    }

    /** Whether nothing was lost, doubled, reordered or damaged. */
    public boolean isClean() {
        return lost() == 0 && duplicated == 0 && outOfOrder == 0 && damaged == 0;
    }
}
