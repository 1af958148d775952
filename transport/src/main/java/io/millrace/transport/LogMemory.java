package io.millrace.transport;

import io.aeron.driver.status.SystemCounterDescriptor;
import io.aeron.driver.status.SystemCounters;
import io.aeron.logbuffer.LogBufferDescriptor;
import org.agrona.concurrent.status.AtomicCounter;
import org.jspecify.annotations.Nullable;

/**
 * How much shared memory the logs of a driver may take: those of senders, which ask for it without having a session, of
 * sessions, and of publications and images that are over and linger. The driver itself counts what it maps.
 *
 * <p><b>Threading</b>: {@link #start} by who launches the driver, the rest by the driver's receiver;
 * {@link #usedBytes()} any.
 */
final class LogMemory {
    private static final int TERMS_PER_LOG = 3;

    private final long limitBytes;
    private volatile @Nullable AtomicCounter mapped;
    private volatile long baseBytes;

    /**
     * Sets the limit.
     *
     * @param limitBytes of all logs together.
     */
    LogMemory(final long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /**
     * Returns what one publication or image takes.
     *
     * @param termLength in bytes.
     * @return bytes: three terms and their metadata.
     */
    static long logBytes(final long termLength) {
        return TERMS_PER_LOG * termLength + LogBufferDescriptor.LOG_META_DATA_LENGTH;
    }

    /**
     * Begins to count; what the driver has mapped by now are its own files.
     *
     * @param counters of the driver, just started.
     */
    void start(final SystemCounters counters) {
        final AtomicCounter counter = counters.get(SystemCounterDescriptor.BYTES_CURRENTLY_MAPPED);
        baseBytes = counter.get();
        mapped = counter;
    }

    /** Returns the bytes of all logs there are now; 0 before the driver has started. */
    long usedBytes() {
        final AtomicCounter counter = mapped;
        return counter == null || counter.isClosed() ? 0 : counter.get() - baseBytes;
    }

    /** Returns the bytes that all logs together may take. */
    long limitBytes() {
        return limitBytes;
    }

    /**
     * Returns whether there is room for one more publication or image.
     *
     * @param termLength of it, in bytes.
     */
    boolean hasRoom(final long termLength) {
        return usedBytes() + logBytes(termLength) <= limitBytes;
    }
}
