package io.millrace.control;

import java.util.Arrays;

/**
 * The epochs of a chain with the first position each may write, by which a log is judged: a record (x, p) is valid when
 * p &lt; start(y) for every epoch y &gt; x (the idea of Kafka's leader epochs, KIP-101 and KIP-279).
 *
 * <p><b>Threading:</b> one thread. <b>Invariant:</b> epochs rise.
 */
final class EpochHistory {
    private static final int INITIAL_LENGTH = 8;

    private long[] epochs = new long[INITIAL_LENGTH];
    private long[] starts = new long[INITIAL_LENGTH];
    private int count;

    /**
     * Adds the next epoch.
     *
     * @param epoch above all others.
     * @param startPosition first position it may write.
     * @throws IllegalArgumentException when the epoch does not rise, or the position is below 1.
     */
    void add(final long epoch, final long startPosition) {
        if ((count > 0 && epoch <= epochs[count - 1]) || startPosition < 1) {
            throw new IllegalArgumentException("epoch " + epoch + " from " + startPosition + " on does not follow");
        }
        if (count == epochs.length) {
            epochs = Arrays.copyOf(epochs, 2 * count);
            starts = Arrays.copyOf(starts, 2 * count);
        }
        epochs[count] = epoch;
        starts[count] = startPosition;
        count++;
    }

    /** Returns the number of epochs. */
    int count() {
        return count;
    }

    /**
     * Returns an epoch.
     *
     * @param index from 0.
     * @return the epoch.
     */
    long epoch(final int index) {
        return epochs[index];
    }

    /**
     * Returns the first position of an epoch.
     *
     * @param index from 0.
     * @return position.
     */
    long start(final int index) {
        return starts[index];
    }

    /**
     * Returns the first position at which records of an epoch are not valid any more.
     *
     * @param epoch of the records.
     * @return position, {@link Long#MAX_VALUE} when no later epoch is known.
     */
    long limit(final long epoch) {
        long limit = Long.MAX_VALUE;
        for (int i = count - 1; i >= 0 && epochs[i] > epoch; i--) {
            limit = Math.min(limit, starts[i]);
        }
        return limit;
    }

    /**
     * Judges a log: returns its longest valid prefix.
     *
     * @param log epochs of the log's records with their first positions, from the base on.
     * @param basePosition of the checkpoint the log stands on, 0: none.
     * @param baseEpoch of the record at the base.
     * @param lastPosition of the log.
     * @return last position of the prefix, or -1 when the base itself is not valid, which no log can come to that
     *     checkpoints committed records only (P6).
     */
    long validPosition(final EpochHistory log, final long basePosition, final long baseEpoch, final long lastPosition) {
        if (basePosition > 0 && basePosition >= limit(baseEpoch)) {
            return -1;
        }
        for (int i = 0; i < log.count; i++) {
            final long limit = limit(log.epochs[i]);
            final long end = i + 1 < log.count ? log.starts[i + 1] - 1 : lastPosition;
            if (end >= limit) {
                return Math.max(basePosition, Math.min(end, Math.max(limit, log.starts[i]) - 1));
            }
        }
        return lastPosition;
    }

    /**
     * Forgets epochs that no replica's log can be judged by any more; the newest one stays.
     *
     * @param lowestBase of all replicas that may be asked for their log again.
     */
    void forgetUpTo(final long lowestBase) {
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (i == count - 1 || starts[i] > lowestBase) {
                epochs[kept] = epochs[i];
                starts[kept++] = starts[i];
            }
        }
        count = kept;
    }

    /** Forgets epochs that begin where a later one begins or behind it: they judge nothing that it does not. */
    void forgetDominated() {
        long limit = Long.MAX_VALUE;
        int kept = count;
        for (int i = count - 1; i >= 0; i--) {
            if (starts[i] < limit) {
                limit = starts[i];
                kept--;
                epochs[kept] = epochs[i];
                starts[kept] = limit;
            }
        }
        System.arraycopy(epochs, kept, epochs, 0, count - kept);
        System.arraycopy(starts, kept, starts, 0, count - kept);
        count -= kept;
    }
}
