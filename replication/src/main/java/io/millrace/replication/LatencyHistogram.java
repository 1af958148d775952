package io.millrace.replication;

/**
 * How often a time fell below each of a few bounds: powers of two from 8.192 µs to 17 s, enough to see a tail and small
 * enough to be copied as a whole.
 *
 * <p><b>Threading</b>: the device thread. Recording allocates nothing.
 */
public final class LatencyHistogram {
    /** Buckets, the last one without a bound. */
    public static final int BUCKET_COUNT = 23;

    private static final int FIRST_BOUND_SHIFT = 13;

    private final long[] counts = new long[BUCKET_COUNT];
    private long sumNs;

    /** Makes an empty one. */
    LatencyHistogram() {}

    /**
     * Counts one time.
     *
     * @param elapsedNs nanoseconds; less than 0 counts as 0.
     */
    void record(final long elapsedNs) {
        final long counted = Math.max(0, elapsedNs);
        final int bits = Long.SIZE - Long.numberOfLeadingZeros(Math.max(0, counted - 1) >> FIRST_BOUND_SHIFT);
        counts[Math.min(bits, BUCKET_COUNT - 1)]++;
        sumNs += counted;
    }

    /**
     * Returns how many times fell into a bucket.
     *
     * @param bucket 0 to {@link #BUCKET_COUNT} - 1.
     * @return count since the start, of this bucket alone.
     */
    public long count(final int bucket) {
        return counts[bucket];
    }

    /** Returns the sum of all times, in nanoseconds. */
    public long sumNs() {
        return sumNs;
    }

    /**
     * Returns the greatest time of a bucket.
     *
     * @param bucket 0 to {@link #BUCKET_COUNT} - 1.
     * @return nanoseconds, inclusive; {@link Long#MAX_VALUE} for the last one.
     */
    public static long boundNs(final int bucket) {
        return bucket == BUCKET_COUNT - 1 ? Long.MAX_VALUE : 1L << (FIRST_BOUND_SHIFT + bucket);
    }
}
