package io.millrace.peers.chronicle;

import io.millrace.perf.system.Target;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;

/**
 * Appends; an event is acknowledged when the append has returned.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class ChronicleTarget implements Target, AutoCloseable {
    private final ExcerptAppender appender;
    private final Bytes<?> event;
    private final int eventLength;
    private long offered = -1;
    private long acknowledged = -1;

    /**
     * Makes an appender.
     *
     * @param queue to append to.
     * @param eventLength bytes of every event.
     */
    ChronicleTarget(final ChronicleQueue queue, final int eventLength) {
        this.appender = queue.createAppender();
        this.eventLength = Math.max(Long.BYTES, eventLength);
        this.event = Bytes.allocateElasticDirect(this.eventLength);
    }

    @Override
    public boolean offer(final long index) {
        event.clear();
        event.writeLong(index);
        event.writeSkip(eventLength - Long.BYTES);
        appender.writeBytes(event);
        if (offered < 0) {
            acknowledged = index - 1;
        }
        offered = index;
        return true;
    }

    @Override
    public int poll(final Listener listener) {
        if (offered == acknowledged) {
            return 0;
        }
        final long first = acknowledged + 1;
        acknowledged = offered;
        listener.onAcknowledged(first, offered);
        return 1;
    }

    @Override
    public void close() {
        appender.close();
        event.releaseLast();
    }
}
