package io.millrace.peers.chronicle;

import io.millrace.perf.system.QueueTailReader;
import net.openhft.chronicle.queue.ChronicleQueue;
import org.agrona.concurrent.NanoClock;

/**
 * A tailer that spins at the end of the queue, as is usual for it.
 *
 * <p><b>Threading:</b> a thread of its own reads; {@link #close} by any thread.
 */
final class ChronicleTail implements AutoCloseable {
    private static final long STOP_TIMEOUT_MS = 3_000;

    private final ChronicleQueue queue;
    private final int eventLength;
    private final QueueTailReader seen;
    private final Thread thread;
    private volatile boolean stopped;

    /**
     * Begins to read.
     *
     * @param queue of its own, closed with it.
     * @param eventLength bytes of every event.
     * @param clock of the times.
     */
    ChronicleTail(final ChronicleQueue queue, final int eventLength, final NanoClock clock) {
        this.queue = queue;
        this.eventLength = eventLength;
        this.seen = new QueueTailReader(clock);
        this.thread = new Thread(this::read, "chronicle-tail");
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
        queue.close();
    }

    private void read() {
        try (ChronicleReader reader = new ChronicleReader(queue.createTailer(), eventLength)) {
            while (!stopped) {
                if (reader.next()) {
                    seen.seen(reader.lastIndex());
                } else {
                    Thread.onSpinWait();
                }
            }
        } catch (final RuntimeException e) {
            seen.fail("the tailer failed: " + e);
        }
    }
}
