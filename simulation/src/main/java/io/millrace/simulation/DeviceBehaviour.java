package io.millrace.simulation;

/**
 * How one device behaves: its times, and the faults it shows. Changed by the schedule of faults while it runs.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class DeviceBehaviour {
    private static final double TAIL = 0.01;

    private final long typicalWriteNs;
    private final long longestWriteNs;
    private final long readNs;
    private double slowFactor = 1;
    private long stalledUntilNs;
    private double failingWrites;
    private double failingReads;
    private double lyingWrites;

    /** Takes the times of a healthy device. */
    DeviceBehaviour(final long typicalWriteNs, final long longestWriteNs, final long readNs) {
        this.typicalWriteNs = typicalWriteNs;
        this.longestWriteNs = longestWriteNs;
        this.readNs = readNs;
    }

    /** Makes the device slower. */
    void slowBy(final double factor) {
        slowFactor = factor;
    }

    /** Lets nothing complete before a time. */
    void stallUntil(final long timeNs) {
        stalledUntilNs = Math.max(stalledUntilNs, timeNs);
    }

    /** Lets writes fail. */
    void failWrites(final double probability) {
        failingWrites = probability;
    }

    /** Tells whether writes fail. */
    boolean isFailing() {
        return failingWrites > 0;
    }

    /** Lets reads fail. */
    void failReads(final double probability) {
        failingReads = probability;
    }

    /** Lets writes be reported durable while they lie in a cache. */
    void lie(final double probability) {
        lyingWrites = probability;
    }

    /** Heals the device, but for what it has done. */
    void heal() {
        slowFactor = 1;
        stalledUntilNs = 0;
        failingWrites = 0;
        failingReads = 0;
        lyingWrites = 0;
    }

    /** Draws how long a write takes. */
    long writeNs(final Randomness.Stream random) {
        return (long) (random.durationNs(typicalWriteNs, longestWriteNs, TAIL) * slowFactor);
    }

    /** Draws how long a read takes. */
    long readNs(final Randomness.Stream random) {
        return (long) (random.durationNs(readNs, longestWriteNs, TAIL) * slowFactor);
    }

    /** Draws how long something stays in the cache. */
    long cacheNs(final Randomness.Stream random) {
        return random.between(10_000_000, 1_000_000_000);
    }

    /** Returns until when nothing completes. */
    long stalledUntilNs() {
        return stalledUntilNs;
    }

    /** Draws whether a write fails. */
    boolean failsWrite(final Randomness.Stream random) {
        return random.hits(failingWrites);
    }

    /** Draws whether a read fails. */
    boolean failsRead(final Randomness.Stream random) {
        return random.hits(failingReads);
    }

    /** Draws whether a write is a lie. */
    boolean isLying(final Randomness.Stream random) {
        return random.hits(lyingWrites);
    }
}
