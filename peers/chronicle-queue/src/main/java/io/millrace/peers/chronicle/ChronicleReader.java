package io.millrace.peers.chronicle;

import io.millrace.perf.system.CatchUpReader;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ExcerptTailer;

/**
 * A tailer from the first event.
 *
 * <p><b>Threading:</b> the thread that made it.
 */
final class ChronicleReader implements CatchUpReader {
    private static final int EVENTS_A_TURN = 1024;

    private final ExcerptTailer tailer;
    private final Bytes<?> event;
    private long lastIndex = -1;

    /**
     * Goes to the first event.
     *
     * @param tailer new.
     * @param eventLength bytes of every event.
     */
    ChronicleReader(final ExcerptTailer tailer, final int eventLength) {
        this.tailer = tailer.toStart();
        this.event = Bytes.allocateElasticDirect(Math.max(Long.BYTES, eventLength));
    }

    @Override
    public long poll() {
        for (int i = 0; i < EVENTS_A_TURN; i++) {
            if (!next()) {
                return i;
            }
        }
        return EVENTS_A_TURN;
    }

    /** Whether there is a further event; its number is {@link #lastIndex()} then. */
    boolean next() {
        event.clear();
        if (!tailer.readBytes(event)) {
            return false;
        }
        lastIndex = event.readLong(0);
        return true;
    }

    /** The number of the event that was read last, -1 before the first. */
    long lastIndex() {
        return lastIndex;
    }

    @Override
    public void close() {
        tailer.close();
        event.releaseLast();
    }
}
