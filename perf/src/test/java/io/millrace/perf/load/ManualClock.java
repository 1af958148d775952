package io.millrace.perf.load;

import org.agrona.concurrent.NanoClock;

/** A clock that a test moves; every reading may move it by a fixed step. */
public final class ManualClock implements NanoClock {
    private final long stepNs;
    private long nowNs;

    /**
     * Starts at 0.
     *
     * @param stepNs added at each reading.
     */
    public ManualClock(final long stepNs) {
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
    public void advance(final long byNs) {
        nowNs += byNs;
    }

    /** The time without moving it. */
    public long now() {
        return nowNs;
    }
}
