package io.millrace.client.core;

import org.agrona.concurrent.NanoClock;

/** A clock that tests move. */
final class ManualClock implements NanoClock {
    private long nowNs = 1_000_000_000L;
    private long stepNs;

    /** Moves on by so much at each reading, so that blocking calls come to their end. */
    void stepNs(final long value) {
        stepNs = value;
    }

    void advanceNs(final long value) {
        nowNs += value;
    }

    @Override
    public long nanoTime() {
        nowNs += stepNs;
        return nowNs;
    }
}
