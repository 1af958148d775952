package io.millrace.replication;

import java.util.Arrays;

/**
 * Ranges of positions, in order, both ends inclusive: what is missing in a chain log (P4).
 *
 * <p><b>Threading</b>: one thread. Allocates only when it grows.
 */
final class PositionRanges {
    private long[] firsts = new long[4];
    private long[] lasts = new long[4];
    private int size;

    /** Gives the number of ranges. */
    int size() {
        return size;
    }

    /** Tells whether nothing is missing. */
    boolean isEmpty() {
        return size == 0;
    }

    /** Gives the first position of a range. */
    long first(final int range) {
        return firsts[range];
    }

    /** Gives the last position of a range. */
    long last(final int range) {
        return lasts[range];
    }

    /** Adds a range behind all others. */
    void add(final long first, final long last) {
        if (size == firsts.length) {
            firsts = Arrays.copyOf(firsts, size * 2);
            lasts = Arrays.copyOf(lasts, size * 2);
        }
        firsts[size] = first;
        lasts[size++] = last;
    }

    /** Adds a range that touches no other one, wherever it belongs. */
    void mark(final long first, final long last) {
        int at = 0;
        while (at < size && firsts[at] < first) {
            at++;
        }
        insert(at, first, last);
    }

    /** Tells whether a position lies in a range. */
    boolean holds(final long position) {
        for (int i = 0; i < size; i++) {
            if (position >= firsts[i] && position <= lasts[i]) {
                return true;
            }
        }
        return false;
    }

    /** Takes one position out. */
    void remove(final long position) {
        for (int i = 0; i < size; i++) {
            if (position < firsts[i] || position > lasts[i]) {
                continue;
            }
            final long last = lasts[i];
            if (firsts[i] == position) {
                firsts[i]++;
            } else {
                lasts[i] = position - 1;
                if (position < last) {
                    insert(i + 1, position + 1, last);
                }
            }
            if (firsts[i] > lasts[i]) {
                removeAt(i);
            }
            return;
        }
    }

    /** Takes out everything behind a position. */
    void truncate(final long toPosition) {
        while (size > 0 && lasts[size - 1] > toPosition) {
            if (firsts[size - 1] <= toPosition) {
                lasts[size - 1] = toPosition;
            } else {
                size--;
            }
        }
    }

    private void insert(final int at, final long first, final long last) {
        add(first, last);
        System.arraycopy(firsts, at, firsts, at + 1, size - 1 - at);
        System.arraycopy(lasts, at, lasts, at + 1, size - 1 - at);
        firsts[at] = first;
        lasts[at] = last;
    }

    private void removeAt(final int at) {
        System.arraycopy(firsts, at + 1, firsts, at, size - 1 - at);
        System.arraycopy(lasts, at + 1, lasts, at, size - 1 - at);
        size--;
    }
}
