package io.millrace.simulation;

/**
 * How one device behaves: its times, and the faults it shows. Changed by the schedule of faults while it runs.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class DeviceBehaviour {
    private static final double TAIL = 0.01;
    private static final long HELD_STEP_NS = 100_000;

    private final long typicalWriteNs;
    private final long longestWriteNs;
    private final long readNs;
    private double slowFactor = 1;
    private long stalledUntilNs;
    private boolean isHeld;
    private double failingWrites;
    private double failingReads;
    private double lyingWrites;
    private Fate fate = Fate.CHANCE;

    /** What a power cut leaves of the writes in flight. */
    enum Fate {
        /** Every sector old, new or torn, for itself. */
        CHANCE,
        /** Nothing. */
        LOST,
        /** A piece of the first sector. */
        TORN
    }

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

    /** Lets nothing complete before {@link #heal}. */
    void hold() {
        isHeld = true;
        stalledUntilNs = Long.MAX_VALUE;
    }

    /** Returns after how long to look again whether a stall is over. */
    long stallStepNs() {
        return isHeld ? HELD_STEP_NS : Long.MAX_VALUE;
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

    /** Says what a power cut leaves of the writes in flight. */
    void atPowerCut(final Fate next) {
        fate = next;
    }

    /** Returns what a power cut leaves of the writes in flight. */
    Fate fate() {
        return fate;
    }

    /** Heals the device, but for what it has done. */
    void heal() {
        fate = Fate.CHANCE;
        slowFactor = 1;
        isHeld = false;
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
