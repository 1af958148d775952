package io.millrace.control.consensus;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.IdleStrategy;

/**
 * Sleeps a little when there was no work, and longer when there has been none for a while: what follows a message at
 * once finds its thread awake, and a group at rest costs little.
 *
 * <p><b>Threading:</b> one thread.
 */
final class RestingIdleStrategy implements IdleStrategy {
    private static final long MIN_PARK_NS = TimeUnit.MICROSECONDS.toNanos(50);

    /** So many sleeps of the middle length, about 30 ms, before the long ones. */
    private static final int MIDDLE_COUNT = 30;

    private final long middleParkNs;
    private final long restParkNs;
    private long parkNs;
    private int middleCount;

    /**
     * Makes a strategy.
     *
     * @param times with the lengths of sleeps.
     */
    RestingIdleStrategy(final GroupTimes times) {
        middleParkNs = times.maxParkNs();
        restParkNs = times.restParkNs();
        reset();
    }

    @Override
    public void idle(final int workCount) {
        if (workCount > 0) {
            reset();
        } else {
            idle();
        }
    }

    @Override
    public void idle() {
        LockSupport.parkNanos(parkNs);
        if (parkNs < middleParkNs) {
            parkNs = Math.min(middleParkNs, 2 * parkNs);
        } else if (middleCount < MIDDLE_COUNT) {
            middleCount++;
        } else {
            parkNs = restParkNs;
        }
    }

    @Override
    public void reset() {
        parkNs = Math.min(MIN_PARK_NS, middleParkNs);
        middleCount = 0;
    }

    @Override
    public String alias() {
        return "resting";
    }
}
