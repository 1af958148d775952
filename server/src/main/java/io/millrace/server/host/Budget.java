package io.millrace.server.host;

import io.millrace.journal.JournalPlace;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.configuration.Units;
import java.nio.file.Path;

/**
 * What a node will use at most, from its settings.
 *
 * @param heapBytes the Java heap's limit.
 * @param indexBytes what of the heap the segment indexes of all chains may take; more is refused with INDEX_FULL.
 * @param lockedBytes buffers registered with the kernel: the ring of each device's journal and its readers.
 * @param sharedBytes the media driver's files with all sessions of all devices open.
 * @param diskBytes the journals of all devices.
 */
public record Budget(long heapBytes, long indexBytes, long lockedBytes, long sharedBytes, long diskBytes) {
    /** A reader's buffer: the largest batch and one granule. */
    private static final long READER_BYTES = (1L << 20) + (64L << 10);

    private static final int JOURNAL_READERS = 9;
    private static final long DRIVER_BYTES = 16L << 20;
    private static final int TERMS_PER_LOG = 3;
    private static final long LOG_META_DATA_BYTES = 4096;

    /** Refusals of sessions on their way, with the smallest terms there are. */
    private static final long REFUSALS_BYTES = 16 * (TERMS_PER_LOG * (64L << 10) + LOG_META_DATA_BYTES);

    /** Terms of a client's publication, which the client chooses. */
    private static final int CLIENT_TERM_BYTES = 1 << 20;

    /** Images of clients that have no session yet, or left without a word, beside those of the sessions. */
    private static final int SPARE_IMAGES = 8;

    private static final int SPARE_IMAGES_DIVISOR = 4;

    private static final int SPARE_MEMORY_DIVISOR = 8;

    /** Most chains grow their index alike; a quarter leaves room for writer tables, segments and garbage. */
    private static final int INDEX_HEAP_DIVISOR = 4;

    private static final long OVERHEAD_BYTES = 96L << 20;

    /** What a device's thread takes besides: stack, client of the media, queues to the control plane. */
    private static final long DEVICE_OVERHEAD_BYTES = 4L << 20;

    /**
     * Adds up.
     *
     * @param configuration of the node.
     * @param heapBytes the Java heap's limit.
     * @return the budget.
     */
    public static Budget of(final NodeConfiguration configuration, final long heapBytes) {
        final int devices = configuration.journalPaths().size();
        return new Budget(
                heapBytes,
                heapBytes / INDEX_HEAP_DIVISOR,
                devices * (configuration.number(Setting.JOURNAL_BUFFER_SIZE) + JOURNAL_READERS * READER_BYTES),
                DRIVER_BYTES
                        + devices * (logBytesLimit(configuration) + REFUSALS_BYTES)
                        + (devices - 1) * DEVICE_OVERHEAD_BYTES,
                diskBytes(configuration));
    }

    /** A journal that is there keeps its length, and a raw device without {@code journal.size} is used whole. */
    private static long diskBytes(final NodeConfiguration configuration) {
        final boolean isSizeSet = configuration.isSet(Setting.JOURNAL_SIZE);
        long bytes = 0;
        for (final Path journal : configuration.journalPaths()) {
            final long length =
                    isSizeSet && JournalPlace.isBlockDevice(journal) ? 0 : JournalPlace.lengthBytes(journal);
            bytes += length == 0 ? configuration.number(Setting.JOURNAL_SIZE) : length;
        }
        return bytes;
    }

    /**
     * The longest term a client may ask the node to keep.
     *
     * @param configuration of the node.
     * @return bytes; a client's own default at least.
     */
    public static int imageTermBytes(final NodeConfiguration configuration) {
        return Math.max(CLIENT_TERM_BYTES, configuration.integer(Setting.TRANSPORT_TERM_LENGTH));
    }

    /**
     * How many clients may send at a time, with or without a session.
     *
     * @param configuration of the node.
     * @return images; the sessions and a quarter more, eight more at least.
     */
    public static int imageLimit(final NodeConfiguration configuration) {
        final int sessions = configuration.integer(Setting.LIMITS_SESSIONS);
        return sessions + Math.max(SPARE_IMAGES, sessions / SPARE_IMAGES_DIVISOR);
    }

    /**
     * The terms of all sessions together.
     *
     * @param configuration of the node.
     * @return bytes; never more than all sessions can take, were each as large as they come.
     */
    public static long sessionBytes(final NodeConfiguration configuration) {
        final long largest =
                logBytes(configuration.number(Setting.TRANSPORT_TERM_LENGTH)) + logBytes(imageTermBytes(configuration));
        return Math.min(
                configuration.number(Setting.LIMITS_SESSION_MEMORY),
                configuration.number(Setting.LIMITS_SESSIONS) * largest);
    }

    /**
     * All terms the media driver may have: those of sessions, of clients that have none yet, and of sessions that are
     * over and linger.
     *
     * @param configuration of the node.
     * @return bytes of one device; those of sessions and an eighth more, eight of the largest images more at least.
     */
    public static long logBytesLimit(final NodeConfiguration configuration) {
        final long sessions = sessionBytes(configuration);
        return sessions
                + Math.max(SPARE_IMAGES * logBytes(imageTermBytes(configuration)), sessions / SPARE_MEMORY_DIVISOR);
    }

    private static long logBytes(final long termBytes) {
        return TERMS_PER_LOG * termBytes + LOG_META_DATA_BYTES;
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
                + " with segment indexes up to " + Units.roundSize(indexBytes) + ", journal buffers "
                + Units.roundSize(lockedBytes) + ", transport " + Units.roundSize(sharedBytes)
                + ", rest " + Units.roundSize(OVERHEAD_BYTES) + "); disk " + Units.roundSize(diskBytes);
    }
}
