package io.millrace.client.core;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The friendly client's own thread: turns the duty cycle whenever no caller does, so that sessions live, the transport
 * flows and offered events leave.
 *
 * <p><b>Threading</b>: {@link #run()} on the daemon thread, {@link #close()} on any other.
 */
public final class Housekeeper implements Runnable, AutoCloseable {
    private static final long QUIET_NS = 200_000;
    private static final int YIELD_COUNT = 50;
    private static final long FIRST_PARK_NS = 20_000;
    private static final long LAST_PARK_NS = 1_000_000;
    private static final long JOIN_TIMEOUT_NS = 2_000_000_000L;

    private final ClientConductor conductor;
    private final Thread thread;

    /**
     * Makes the thread; {@link #start()} is next.
     *
     * @param conductor of the client
     * @param name of the thread
     */
    public Housekeeper(final ClientConductor conductor, final String name) {
        this.conductor = conductor;
        this.thread = new Thread(this, name);
        thread.setDaemon(true);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    @Override
    @SuppressWarnings("ThreadPriorityCheck")
    public void run() {
        int idleCount = 0;
        long parkNs = FIRST_PARK_NS;
        while (true) {
            final int work = conductor.keepHouse(QUIET_NS);
            if (work < 0) {
                return;
            }
            if (work > 0) {
                idleCount = 0;
                parkNs = FIRST_PARK_NS;
            } else if (++idleCount < YIELD_COUNT) {
                Thread.yield();
            } else {
                LockSupport.parkNanos(parkNs);
                parkNs = Math.min(LAST_PARK_NS, parkNs * 2);
            }
        }
    }

    /** Waits for the thread's end, once the conductor is closed. */
    @Override
    public void close() {
        if (thread == Thread.currentThread()) {
            return;
        }
        try {
            TimeUnit.NANOSECONDS.timedJoin(thread, JOIN_TIMEOUT_NS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
