package io.millrace.replication;

import io.millrace.journal.Journal;

/**
 * Where the newest records of a chain lie in the journal's write ring, so that they are forwarded, resent and applied
 * without being copied or looked up. One entry for each position, in a ring; older ones are found by
 * {@link RecordSource}.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class RecentRecords {
    /** Nothing is known of the position here. */
    static final int ABSENT = -1;

    private final Journal journal;
    private final int mask;
    private final long[] positions;
    private final long[] batches;
    private final long[] arrivedNs;
    private final int[] indexes;

    /**
     * Makes it.
     *
     * @param journal that holds the records.
     * @param capacity of positions, rounded up to a power of two.
     */
    RecentRecords(final Journal journal, final int capacity) {
        this.journal = journal;
        final int length = Integer.highestOneBit(Math.max(2, capacity) - 1) << 1;
        mask = length - 1;
        positions = new long[length];
        batches = new long[length];
        arrivedNs = new long[length];
        indexes = new int[length];
    }

    /**
     * Notes the record that was committed to the open batch just now.
     *
     * @param position of the record.
     * @param index of its header in the journal's buffer.
     * @param nowNs when it came to this replica.
     */
    void put(final long position, final int index, final long nowNs) {
        final int slot = (int) position & mask;
        positions[slot] = position;
        batches[slot] = journal.openBatchSequence();
        arrivedNs[slot] = nowNs;
        indexes[slot] = index;
    }

    /**
     * Finds a record.
     *
     * @param position of it.
     * @return index of its header in the journal's buffer, or {@link #ABSENT}.
     */
    int find(final long position) {
        final int slot = (int) position & mask;
        return positions[slot] == position && journal.holdsBatch(batches[slot]) ? indexes[slot] : ABSENT;
    }

    /** Gives when a record came, 0 when that is not known any more. */
    long arrivedNs(final long position) {
        final int slot = (int) position & mask;
        return positions[slot] == position ? arrivedNs[slot] : 0;
    }

    /** Forgets the records behind a position. */
    void truncate(final long toPosition) {
        for (int i = 0; i <= mask; i++) {
            if (positions[i] > toPosition) {
                positions[i] = 0;
            }
        }
    }
}
