package io.millrace.perf.load;

import org.agrona.concurrent.NanoClock;

/** A clock that a test moves; every reading may move it by a fixed step. */
final class ManualClock implements NanoClock {
    private final long stepNs;
    private long nowNs;

    /**
     * Starts at 0.
     *
     * @param stepNs added at each reading.
     */
    ManualClock(final long stepNs) {
        this.stepNs = stepNs;
    }

    @Override
    public long nanoTime() {
        nowNs += stepNs;
        return nowNs;
    }

    /**
     * Moves on.
     *
     * @param byNs nanoseconds.
     */
    void advance(final long byNs) {
        nowNs += byNs;
    }

    /** The time without moving it. */
    long now() {
        return nowNs;
    }
}
