package io.millrace.peers.pravega;

import io.millrace.perf.system.QueueTailReader;
import org.agrona.concurrent.NanoClock;

/**
 * A reader on a thread of its own that waits at the end.
 *
 * <p><b>Threading:</b> a thread of its own reads; {@link #close} by any thread.
 */
final class PravegaTail implements AutoCloseable {
    private static final long STOP_TIMEOUT_MS = 3_000;

    private final PravegaReader reader;
    private final QueueTailReader seen;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * Begins to read.
     *
     * @param reader closed by its thread.
     * @param clock of the times.
     */
    PravegaTail(final PravegaReader reader, final NanoClock clock) {
        this.reader = reader;
        this.seen = new QueueTailReader(clock);
        this.thread = new Thread(this::read, "pravega-tail");
        thread.setDaemon(true);
        thread.start();
    }

    /** What it has seen, for the rig. */
    QueueTailReader seen() {
        return seen;
    }

    @Override
    public void close() {
        stopped = true;
        try {
            thread.join(STOP_TIMEOUT_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        try (reader) {
            while (!stopped) {
                if (reader.next()) {
                    seen.seen(reader.lastIndex());
                }
            }
        } catch (final RuntimeException e) {
            seen.fail("the reader failed: " + e);
        }
    }
}
