package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import java.nio.file.Path;
import java.util.UUID;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.OffsetEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Settings and components of a {@link Journal}.
 *
 * <p><b>Threading</b>: filled by one thread, then read by {@link Journal#open}.
 */
public final class JournalContext {
    /** What lies before the data of a device, and is read at once. */
    static final int HEAD_LENGTH = (int) LogFormat.DEFAULT_DATA_ADDRESS;

    /** Largest K. */
    static final int MAX_WRITES_IN_FLIGHT = 64;

    private static final int MAX_READERS = 256;
    private static final DurableListener NO_LISTENER = new DurableListener() {
        @Override
        public void onDurable(
                final DirectBuffer buffer,
                final int payloadIndex,
                final int payloadLength,
                final int recordCount,
                final long batchAddress,
                final long submittedNs,
                final long durableNs) {}

        @Override
        public void onFenced(final ErrorCode code, final String message) {}
    };

    private Path file = Path.of("journal.mrj");
    private @Nullable BlockDevice device;
    private @Nullable UUID nodeId;
    private Backend backend = Backend.AUTO;
    private int bufferLength = 32 << 20;
    private int maxBatchLength = LogFormat.MAX_BATCH_LENGTH;
    private int writesInFlight = 1;
    private int readerLimit = 8;
    private long stallThresholdNs = 20_000_000L;
    private long idleMarkDelayNs = 1_000_000L;
    private long ioDeadlineNs = 30_000_000_000L;
    private long scrubBytesPerSecond;
    private boolean calibratedWritesInFlight;
    private NanoClock clock = SystemNanoClock.INSTANCE;
    private EpochNanoClock epochClock = new OffsetEpochNanoClock();
    private DurableListener listener = NO_LISTENER;
    private Consumer<String> warnings = text -> {};
    private IoUringProbe probe = IoUringProbe.system();
    private MemoryLockLimit memoryLockLimit = MemoryLockLimit.system();
    private ResourceLedger ledger = ResourceLedger.process();

    /** Makes a context with the defaults. */
    public JournalContext() {}

    /**
     * Sets the journal file.
     *
     * @param value path
     * @return this
     */
    public JournalContext file(final Path value) {
        file = value;
        return this;
    }

    /**
     * Returns the journal file.
     *
     * @return path
     */
    public Path file() {
        return file;
    }

    /**
     * Sets a device to use instead of the file, e.g. a simulated one; the journal closes it.
     *
     * @param value device; null: open the file
     * @return this
     */
    public JournalContext device(final @Nullable BlockDevice value) {
        device = value;
        return this;
    }

    /**
     * Returns a device to use instead of the file, e.g. a simulated one; the journal closes it.
     *
     * @return device; null: open the file
     */
    public @Nullable BlockDevice device() {
        return device;
    }

    /**
     * Sets the node that must own the device (P5).
     *
     * @param value node id; null: any, for tools and tests
     * @return this
     */
    public JournalContext nodeId(final @Nullable UUID value) {
        nodeId = value;
        return this;
    }

    /**
     * Returns the node that must own the device (P5).
     *
     * @return node id; null: any, for tools and tests
     */
    public @Nullable UUID nodeId() {
        return nodeId;
    }

    /**
     * Sets the backend.
     *
     * @param value backend; {@code journal.backend}
     * @return this
     */
    public JournalContext backend(final Backend value) {
        backend = value;
        return this;
    }

    /**
     * Returns the backend.
     *
     * @return backend; {@code journal.backend}
     */
    public Backend backend() {
        return backend;
    }

    /**
     * Sets the size of the write ring: how much may wait for the device, and how far back tail reads need no device.
     *
     * @param value bytes, a multiple of 4096, at least twice {@link #maxBatchLength()}; {@code journal.buffer-size}
     * @return this
     */
    public JournalContext bufferLength(final int value) {
        bufferLength = value;
        return this;
    }

    /**
     * Returns the size of the write ring: how much may wait for the device, and how far back tail reads need no device.
     *
     * @return bytes, a multiple of 4096, at least twice {@link #maxBatchLength()}; {@code journal.buffer-size}
     */
    public int bufferLength() {
        return bufferLength;
    }

    /**
     * Sets the longest batch.
     *
     * @param value bytes, a multiple of the granule, at most 1 MiB
     * @return this
     */
    public JournalContext maxBatchLength(final int value) {
        maxBatchLength = value;
        return this;
    }

    /**
     * Returns the longest batch.
     *
     * @return bytes, a multiple of the granule, at most 1 MiB
     */
    public int maxBatchLength() {
        return maxBatchLength;
    }

    /**
     * Sets the number of writes in flight (K).
     *
     * @param value 1 to 64; {@code journal.writes-in-flight}
     * @return this
     */
    public JournalContext writesInFlight(final int value) {
        writesInFlight = value;
        return this;
    }

    /**
     * Returns the number of writes in flight (K).
     *
     * @return 1 to 64; {@code journal.writes-in-flight}
     */
    public int writesInFlight() {
        return writesInFlight;
    }

    /**
     * Sets whether the device's calibration goes before {@link #writesInFlight()}.
     *
     * @param value true: K as calibrated, where the device is
     * @return this
     */
    public JournalContext calibratedWritesInFlight(final boolean value) {
        calibratedWritesInFlight = value;
        return this;
    }

    /**
     * Returns whether the device's calibration goes before {@link #writesInFlight()}.
     *
     * @return true: K as calibrated, where the device is
     */
    public boolean calibratedWritesInFlight() {
        return calibratedWritesInFlight;
    }

    /**
     * Sets the most readers; each takes one longest batch of registered memory.
     *
     * @param value 1 to 256; {@code journal.readers}
     * @return this
     */
    public JournalContext readerLimit(final int value) {
        readerLimit = value;
        return this;
    }

    /**
     * Returns the most readers; each takes one longest batch of registered memory.
     *
     * @return 1 to 256; {@code journal.readers}
     */
    public int readerLimit() {
        return readerLimit;
    }

    /**
     * Sets the age at which a write in flight counts as stalled.
     *
     * @param value nanoseconds
     * @return this
     */
    public JournalContext stallThresholdNs(final long value) {
        stallThresholdNs = value;
        return this;
    }

    /**
     * Returns the age at which a write in flight counts as stalled.
     *
     * @return nanoseconds
     */
    public long stallThresholdNs() {
        return stallThresholdNs;
    }

    /**
     * Sets after which time without anything to write an empty batch names all before it durable (P4).
     *
     * @param value nanoseconds, default 1 ms; 0: never
     * @return this
     */
    public JournalContext idleMarkDelayNs(final long value) {
        idleMarkDelayNs = value;
        return this;
    }

    /**
     * Sets the age at which a write that has not completed is given up: its outcome is unknown, the journal fences.
     *
     * @param value nanoseconds; {@code journal.io-deadline}
     * @return this
     */
    public JournalContext ioDeadlineNs(final long value) {
        ioDeadlineNs = value;
        return this;
    }

    /**
     * Returns after which time without anything to write an empty batch names all before it durable (P4).
     *
     * @return nanoseconds; 0: never
     */
    public long idleMarkDelayNs() {
        return idleMarkDelayNs;
    }

    /**
     * Returns the age at which a write that has not completed is given up.
     *
     * @return nanoseconds; {@code journal.io-deadline}
     */
    public long ioDeadlineNs() {
        return ioDeadlineNs;
    }

    /**
     * Sets how fast the scrub reads.
     *
     * @param value bytes a second, 0: no scrub; {@code journal.scrub-rate}
     * @return this
     */
    public JournalContext scrubBytesPerSecond(final long value) {
        scrubBytesPerSecond = value;
        return this;
    }

    /**
     * Returns how fast the scrub reads.
     *
     * @return bytes a second, 0: no scrub
     */
    public long scrubBytesPerSecond() {
        return scrubBytesPerSecond;
    }

    /**
     * Sets the clock of submitted and durable times.
     *
     * @param value nanoseconds from any origin
     * @return this
     */
    public JournalContext clock(final NanoClock value) {
        clock = value;
        return this;
    }

    /**
     * Returns the clock of submitted and durable times.
     *
     * @return nanoseconds from any origin
     */
    public NanoClock clock() {
        return clock;
    }

    /**
     * Sets the clock that stamps batches.
     *
     * @param value nanoseconds since 1970
     * @return this
     */
    public JournalContext epochClock(final EpochNanoClock value) {
        epochClock = value;
        return this;
    }

    /**
     * Returns the clock that stamps batches.
     *
     * @return nanoseconds since 1970
     */
    public EpochNanoClock epochClock() {
        return epochClock;
    }

    /**
     * Sets who is told what has become durable.
     *
     * @param value listener
     * @return this
     */
    public JournalContext listener(final DurableListener value) {
        listener = value;
        return this;
    }

    /**
     * Returns who is told what has become durable.
     *
     * @return listener
     */
    public DurableListener listener() {
        return listener;
    }

    /**
     * Sets who is told what an operator should know at start: a fallback, a mended superblock, an uncertain tail.
     *
     * @param value takes one line
     * @return this
     */
    public JournalContext warnings(final Consumer<String> value) {
        warnings = value;
        return this;
    }

    /**
     * Returns who is told what an operator should know at start: a fallback, a mended superblock, an uncertain tail.
     *
     * @return takes one line
     */
    public Consumer<String> warnings() {
        return warnings;
    }

    /**
     * Sets the probe that says whether io_uring may be used.
     *
     * @param value probe
     * @return this
     */
    public JournalContext probe(final IoUringProbe value) {
        probe = value;
        return this;
    }

    /**
     * Returns the probe that says whether io_uring may be used.
     *
     * @return probe
     */
    public IoUringProbe probe() {
        return probe;
    }

    /**
     * Sets the reader of the limit of locked memory.
     *
     * @param value reader
     * @return this
     */
    public JournalContext memoryLockLimit(final MemoryLockLimit value) {
        memoryLockLimit = value;
        return this;
    }

    /**
     * Returns the reader of the limit of locked memory.
     *
     * @return reader
     */
    public MemoryLockLimit memoryLockLimit() {
        return memoryLockLimit;
    }

    /**
     * Sets the ledger that counts native memory and descriptors.
     *
     * @param value ledger
     * @return this
     */
    public JournalContext ledger(final ResourceLedger value) {
        ledger = value;
        return this;
    }

    /**
     * Returns the ledger that counts native memory and descriptors.
     *
     * @return ledger
     */
    public ResourceLedger ledger() {
        return ledger;
    }

    /**
     * Checks the settings against each other.
     *
     * @return bytes of memory that all I/O uses: write ring, readers, scrub, head of the device
     * @throws MillraceException MR-7002 naming the setting
     */
    int conclude() {
        check(
                maxBatchLength >= LogFormat.MIN_GRANULE
                        && maxBatchLength <= LogFormat.MAX_BATCH_LENGTH
                        && maxBatchLength % LogFormat.MIN_GRANULE == 0,
                "maxBatchLength " + maxBatchLength);
        check(
                bufferLength >= 2L * maxBatchLength
                        && bufferLength >= HEAD_LENGTH
                        && bufferLength % LogFormat.MIN_GRANULE == 0,
                "bufferLength " + bufferLength);
        check(writesInFlight >= 1 && writesInFlight <= MAX_WRITES_IN_FLIGHT, "writesInFlight " + writesInFlight);
        check(ioDeadlineNs > 0, "ioDeadlineNs " + ioDeadlineNs);
        check(scrubBytesPerSecond >= 0, "scrubBytesPerSecond " + scrubBytesPerSecond);
        check(readerLimit >= 1 && readerLimit <= MAX_READERS, "readerLimit " + readerLimit);
        final long length = bufferLength + (long) readerLimit * maxBatchLength + Scrub.CHUNK_LENGTH + HEAD_LENGTH;
        check(length <= 1 << 30, "buffers of " + length + " bytes (at most 1 GiB can be registered)");
        return (int) length;
    }

    /**
     * Refuses a setting.
     *
     * @param good whether it is in its range
     * @param what name and value
     */
    static void check(final boolean good, final String what) {
        if (!good) {
            throw new MillraceException(ErrorCode.CONFIGURATION_VALUE, "journal: " + what + " is out of its range");
        }
    }
}
