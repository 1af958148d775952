package io.millrace.server.host;

import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.configuration.Units;

/**
 * What a node will use at most, from its settings.
 *
 * @param heapBytes the Java heap's limit.
 * @param lockedBytes buffers registered with the kernel: the journal's ring and its readers.
 * @param sharedBytes the media driver's files with all sessions open.
 * @param diskBytes the journal.
 */
public record Budget(long heapBytes, long lockedBytes, long sharedBytes, long diskBytes) {
    /** A reader's buffer: the largest batch and one granule. */
    private static final long READER_BYTES = (1L << 20) + (64L << 10);

    private static final int JOURNAL_READERS = 8;
    private static final long DRIVER_BYTES = 16L << 20;
    private static final int TERMS_PER_LOG = 3;
    private static final int LOGS_PER_SESSION = 2;
    private static final long OVERHEAD_BYTES = 96L << 20;

    /**
     * Adds up.
     *
     * @param configuration of the node.
     * @param heapBytes the Java heap's limit.
     * @return the budget.
     */
    public static Budget of(final NodeConfiguration configuration, final long heapBytes) {
        final long term = configuration.number(Setting.TRANSPORT_TERM_LENGTH);
        final long sessions = configuration.number(Setting.LIMITS_SESSIONS) + 1;
        return new Budget(
                heapBytes,
                configuration.number(Setting.JOURNAL_BUFFER_SIZE) + JOURNAL_READERS * READER_BYTES,
                DRIVER_BYTES + sessions * LOGS_PER_SESSION * (TERMS_PER_LOG * term + 4096),
                configuration.number(Setting.JOURNAL_SIZE));
    }

    /**
     * All memory: heap, buffers, shared files, and the Java machine's own.
     *
     * @return bytes.
     */
    public long memoryBytes() {
        return heapBytes + lockedBytes + sharedBytes + OVERHEAD_BYTES;
    }

    /**
     * The budget for people.
     *
     * @return one line.
     */
    public String text() {
        return "memory at most " + Units.roundSize(memoryBytes()) + " (heap " + Units.roundSize(heapBytes)
                + ", journal buffers " + Units.roundSize(lockedBytes) + ", transport " + Units.roundSize(sharedBytes)
                + ", rest " + Units.roundSize(OVERHEAD_BYTES) + "); disk " + Units.roundSize(diskBytes);
    }
}
