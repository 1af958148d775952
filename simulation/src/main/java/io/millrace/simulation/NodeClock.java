package io.millrace.simulation;

import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.NanoClock;

/**
 * The clocks of one machine: a monotonic one with an origin and a drift of its own, and a clock of the day that steps.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class NodeClock implements NanoClock {
    /** 2026-11-30, in nanoseconds since 1970. */
    static final long DAY_NS = 1_796_000_000_000_000_000L;

    private static final long MILLION = 1_000_000;

    private final Scheduler scheduler;
    private final long originNs;
    private final long driftPpm;
    private long offsetNs;

    /**
     * Sets the clocks.
     *
     * @param originNs what the monotonic one shows at the beginning
     * @param driftPpm how much faster than virtual time both run, in millionths
     * @param offsetNs of the clock of the day
     */
    NodeClock(final Scheduler scheduler, final long originNs, final long driftPpm, final long offsetNs) {
        this.scheduler = scheduler;
        this.originNs = originNs;
        this.driftPpm = driftPpm;
        this.offsetNs = offsetNs;
    }

    @Override
    public long nanoTime() {
        return originNs + elapsedNs();
    }

    /** Returns the clock of the day. */
    EpochNanoClock epoch() {
        return () -> DAY_NS + offsetNs + elapsedNs();
    }

    /** Sets the clock of the day forwards or back. */
    void step(final long byNs) {
        offsetNs += byNs;
    }

    private long elapsedNs() {
        final long nowNs = scheduler.nowNs();
        return nowNs + nowNs / MILLION * driftPpm;
    }
}
