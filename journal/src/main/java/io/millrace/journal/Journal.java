package io.millrace.journal;

import java.util.UUID;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/** Skeleton of the public API; the bodies follow with the next landing. */
@SuppressWarnings("DoNotCallSuggester")
public final class Journal implements AutoCloseable {
    private Journal() {}

    /**
     * Makes a journal file: preallocated, zero-written, durable, with both superblocks. Blocks; leaves nothing behind
     * when it fails.
     *
     * @param context what to make
     * @throws io.millrace.codec.MillraceException MR-6009 disk full, MR-6010 exists already, MR-6011 other failures
     */
    public static void format(final FormatContext context) {
        throw new UnsupportedOperationException();
    }

    /**
     * Opens and locks a journal and checks its identity. Nothing is read but the superblocks; call {@link #recover}
     * next.
     *
     * @param context settings and components
     * @return journal, not yet writable
     * @throws io.millrace.codec.MillraceException MR-6001 missing, MR-6002 too small, MR-6003 of another node, MR-6004
     *     locked, MR-6007 both superblocks bad, MR-6008 unknown version, MR-6013 not permitted, MR-5003 limit of locked
     *     memory, MR-5004 io_uring denied though asked for
     */
    public static Journal open(final JournalContext context) {
        throw new UnsupportedOperationException();
    }

    /**
     * Folds all records of the device in order, classifies what lies behind the last valid batch (P4), and makes the
     * next recovery epoch and incarnation durable. Blocks. Call it on the device thread, once, before anything is
     * claimed.
     *
     * @param visitor takes every record
     * @throws io.millrace.codec.MillraceException MR-6005 corrupt, nothing was changed; MR-6011 the device cannot be
     *     read
     */
    public void recover(final RecordVisitor visitor) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns what recovery found.
     *
     * @return report
     * @throws IllegalStateException before {@link #recover}
     */
    public RecoveryReport recoveryReport() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns this run's incarnation, durable since recovery.
     *
     * @return 1, 2, 3 …
     */
    public long incarnation() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the device's identity, made at format (P5).
     *
     * @return UUID
     */
    public UUID deviceUuid() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the node the device belongs to.
     *
     * @return node id
     */
    public UUID nodeId() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns this run's recovery epoch, durable since recovery.
     *
     * @return 1, 2, 3 …
     */
    public long recoveryEpoch() {
        throw new UnsupportedOperationException();
    }

    /**
     * Claims room for a record in the open batch. The claim stands until {@link #commit}, the next claim or the next
     * {@link #doWork}; an unused one costs nothing.
     *
     * @param recordLength header and body in bytes, without alignment
     * @return index in {@link #buffer()}, aligned to 8, where the record header goes; or
     *     {@link JournalStatus#BACK_PRESSURED}, {@link JournalStatus#FULL}, {@link JournalStatus#FENCED},
     *     {@link JournalStatus#TOO_LARGE}
     */
    public int tryClaim(final int recordLength) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the buffer that claims point into; always the same one.
     *
     * @return buffer
     */
    public MutableDirectBuffer buffer() {
        throw new UnsupportedOperationException();
    }

    /**
     * Adds the claimed record to the open batch. The caller has written the whole header but its length and CRC, which
     * are written here, and the body.
     *
     * @param index as returned by {@link #tryClaim}
     * @param recordLength bytes, at most as claimed
     */
    public void commit(final int index, final int recordLength) {
        throw new UnsupportedOperationException();
    }

    /**
     * Runs one duty cycle: takes completions, tells the listener, seals and submits, enters the kernel at most once for
     * what was submitted.
     *
     * @param nowNs the journal's clock, read by the caller at the start of its duty cycle
     * @return work done, 0 when idle
     */
    public int doWork(final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Sleeps in the kernel until a completion, a watched socket, or the time-out; see {@link BlockDevice#await}.
     *
     * @param timeoutNs longest sleep in nanoseconds
     * @return 1 or more when there is something to do
     */
    public int await(final long timeoutNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Lets {@link #await} end when a socket becomes readable; see {@link BlockDevice#watch}.
     *
     * @param fileDescriptor of the socket
     * @return false when the backend cannot
     */
    public boolean watch(final int fileDescriptor) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes a watch back.
     *
     * @param fileDescriptor as given to {@link #watch}
     */
    public void unwatch(final int fileDescriptor) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the end of the contiguous durable prefix.
     *
     * @return address; every batch below it is durable
     */
    public long durableAddress() {
        throw new UnsupportedOperationException();
    }

    /**
     * Tells whether a write failed: nothing is taken or acknowledged any more.
     *
     * @return true once and for ever
     */
    public boolean isFenced() {
        throw new UnsupportedOperationException();
    }

    /**
     * Tells whether everything committed is durable and nothing is in flight.
     *
     * @return true when a graceful stop loses nothing
     */
    public boolean isDrained() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the longest record that can be claimed.
     *
     * @return bytes, header and body
     */
    public int maxRecordLength() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the room for further batches.
     *
     * @return bytes, batch headers and padding included
     */
    public long freeBytes() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the room for batches on the whole device.
     *
     * @return bytes
     */
    public long capacityBytes() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the number of writes in flight.
     *
     * @return 0 to K
     */
    public int inFlightCount() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the age of the oldest write in flight, for the idle policy.
     *
     * @param nowNs the journal's clock
     * @return nanoseconds, 0 when nothing is in flight
     */
    public long oldestInFlightNs(final long nowNs) {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the counters.
     *
     * @return counters, live
     */
    public JournalCounters counters() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns how writes are made durable.
     *
     * @return mode of the device
     */
    public DurabilityMode durabilityMode() {
        throw new UnsupportedOperationException();
    }

    /**
     * Returns the backend in use.
     *
     * @return {@code uring}, {@code channel}, {@code memory} or {@code faulty}
     */
    public String backendName() {
        throw new UnsupportedOperationException();
    }

    /**
     * Describes the device.
     *
     * @return one line
     */
    public String deviceDescription() {
        throw new UnsupportedOperationException();
    }

    /**
     * Finds the batch that holds a record of a chain.
     *
     * @param chain chain number
     * @param position in the chain log
     * @return address of the batch, or -1 when the position was never written here
     */
    public long addressOf(final int chain, final long position) {
        throw new UnsupportedOperationException();
    }

    /**
     * Takes a reader from the pool.
     *
     * @return reader, or null when all are taken
     */
    public @Nullable JournalReader newReader() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
