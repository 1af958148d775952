package io.millrace.perf.load;

import org.agrona.concurrent.IdleStrategy;

/**
 * Gives the core away in every turn without work and now and then in busy ones: with as many busy threads as cores,
 * whoever completes the device's writes waits for the scheduler's tick otherwise, and each such wait makes the turns
 * after it busier. It is the same for every system.
 *
 * <p><b>Threading:</b> the loop's thread.
 */
public final class SharingIdle implements IdleStrategy {
    /** Busy turns of some microseconds each between two yields. */
    private static final int BUSY_TURNS = 16;

    private int busyTurns;

    /** Starts with no turn counted. */
    public SharingIdle() {}

    @Override
    public void idle(final int workCount) {
        if (workCount <= 0 || ++busyTurns >= BUSY_TURNS) {
            idle();
        }
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // a yield is the point
    public void idle() {
        busyTurns = 0;
        Thread.yield();
    }

    @Override
    public void reset() {
        busyTurns = 0;
    }

    @Override
    public String alias() {
        return "sharing";
    }
}
