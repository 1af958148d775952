package io.millrace.replication;

import java.util.Arrays;

/**
 * Which chain epoch wrote which positions: pairs of an epoch and the first position it may write, epochs rising. Of a
 * log (what its records say) and of a chain (what the control plane says) alike. Of a chain the positions may fall: the
 * longest log of one epoch may be lost before anything was committed behind a shorter one.
 *
 * <p><b>Threading</b>: one thread. Allocates only when it grows.
 */
final class EpochHistory {
    private long[] epochs = new long[8];
    private long[] starts = new long[8];
    private int size;

    /** Gives the number of pairs. */
    int size() {
        return size;
    }

    /** Gives an epoch, oldest first. */
    long epoch(final int index) {
        return epochs[index];
    }

    /** Gives the first position of an epoch. */
    long start(final int index) {
        return starts[index];
    }

    /** Gives the newest epoch, 0 when there is none. */
    long lastEpoch() {
        return size == 0 ? 0 : epochs[size - 1];
    }

    /** Forgets everything. */
    void clear() {
        size = 0;
    }

    /**
     * Adds a pair behind the others.
     *
     * @return false when the epoch does not rise: nothing was added.
     */
    boolean add(final long epoch, final long start) {
        if (size > 0 && epoch <= epochs[size - 1]) {
            return false;
        }
        if (size == epochs.length) {
            epochs = Arrays.copyOf(epochs, size * 2);
            starts = Arrays.copyOf(starts, size * 2);
        }
        epochs[size] = epoch;
        starts[size++] = start;
        return true;
    }

    /** Notes that a log has a record of an epoch at a position. */
    void note(final long epoch, final long position) {
        if (size == 0 || epochs[size - 1] != epoch) {
            add(epoch, position);
        }
    }

    /** Forgets the epochs that began behind a position: their records were cut off. */
    void truncate(final long toPosition) {
        while (size > 0 && starts[size - 1] > toPosition) {
            size--;
        }
    }

    /** Takes over another one. */
    void copyFrom(final EpochHistory other) {
        if (epochs.length < other.size) {
            epochs = new long[other.epochs.length];
            starts = new long[other.epochs.length];
        }
        System.arraycopy(other.epochs, 0, epochs, 0, other.size);
        System.arraycopy(other.starts, 0, starts, 0, other.size);
        size = other.size;
    }

    /** Gives the first position that any epoch behind one may write: records of that epoch lie below. */
    private long endOf(final long epoch) {
        long end = Long.MAX_VALUE;
        for (int i = size - 1; i >= 0 && epochs[i] > epoch; i--) {
            end = Math.min(end, starts[i]);
        }
        return end;
    }

    /**
     * Computes how much of a log is valid by the chain's history: the longest prefix whose every record lies below the
     * start of every later epoch.
     *
     * @param log what the records of the log say.
     * @param lastPosition of the log.
     * @return position of the last valid record.
     */
    long validPrefix(final EpochHistory log, final long lastPosition) {
        for (int i = 0; i < log.size; i++) {
            final long end = endOf(log.epochs[i]);
            final long last = i + 1 < log.size ? log.starts[i + 1] - 1 : lastPosition;
            if (last >= end) {
                return Math.min(lastPosition, Math.max(log.starts[i], end) - 1);
            }
        }
        return lastPosition;
    }
}
