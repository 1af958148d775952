package io.millrace.journal;

import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * The client of a calibration's load: a thread that never rests and hands over events as they fall due.
 *
 * <p><b>Threading</b>: its own thread; {@link #arrived} and {@link #close} by the device thread.
 */
final class CalibrationClient implements AutoCloseable {
    private final AtomicLong arrived = new AtomicLong();
    private final NanoClock clock;
    private final Thread thread;
    private volatile boolean stopping;

    /**
     * Starts the thread.
     *
     * @param clock of the schedule
     * @param startNs when the schedule begins
     * @param intervalNs from one event to the next
     * @param eventCount events in all
     */
    CalibrationClient(final NanoClock clock, final long startNs, final long intervalNs, final long eventCount) {
        this.clock = clock;
        thread = new Thread(() -> run(startNs, intervalNs, eventCount), "millrace-calibration-client");
        thread.setDaemon(true);
        thread.start();
    }

    private void run(final long startNs, final long intervalNs, final long eventCount) {
        while (!stopping) {
            arrived.setRelease(Math.min(eventCount, (clock.nanoTime() - startNs) / intervalNs));
            YieldingIdleStrategy.INSTANCE.idle();
        }
    }

    /**
     * Returns the events that were handed over.
     *
     * @return count since the start
     */
    long arrived() {
        return arrived.getAcquire();
    }

    @Override
    public void close() {
        stopping = true;
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt(); // it ends by itself, at its next turn
        }
    }
}
