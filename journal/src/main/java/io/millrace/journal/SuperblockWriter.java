package io.millrace.journal;

import io.millrace.codec.Crc32c;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes superblocks, over the older or the bad one of the two, so that a torn write never hits the newest.
 *
 * <p><b>Threading</b>: device thread.
 */
final class SuperblockWriter {
    private static final int RETRY_LIMIT = 3;

    private final BlockDevice device;
    private final UnsafeBuffer buffer;
    private final int index;
    private final Crc32c crc;
    private Superblock current;
    private Superblock next;
    private long address;
    private int retries;
    private boolean inFlight;
    private long submittedNs;

    /**
     * Makes a writer behind the superblocks of a device.
     *
     * @param device to write to
     * @param buffer registered
     * @param index of a granule in it for this writer alone
     * @param crc over the buffer
     * @param pair on the device
     * @param newest of the pair
     */
    SuperblockWriter(
            final BlockDevice device,
            final UnsafeBuffer buffer,
            final int index,
            final Crc32c crc,
            final SuperblockPair pair,
            final Superblock newest) {
        this.device = device;
        this.buffer = buffer;
        this.index = index;
        this.crc = crc;
        current = newest;
        next = newest;
        address = pair.nextAddress(newest.granule());
    }

    /**
     * Makes the recovery epoch and incarnation of a run durable. Blocks.
     *
     * @param io of the device
     * @param lastEpoch of the last batch
     * @param badCount 1 when one of the pair was bad: it may have been one run ahead of the one that is left
     * @return the newest superblock
     */
    Superblock nextRun(final BlockingIo io, final long lastEpoch, final int badCount) {
        final int step = 1 + badCount;
        next = current.next(
                current.sequence() + step,
                Math.max(current.recoveryEpoch() + step, lastEpoch + 1),
                current.incarnation() + step);
        next.encode(buffer, index, crc);
        io.write(index, next.granule(), address);
        take();
        return current;
    }

    /**
     * Says where the log of this run ends. Blocks.
     *
     * @param io of the device, with nothing else in flight
     * @param batchSequence of the last batch
     */
    void endRun(final BlockingIo io, final long batchSequence) {
        next = current.withEnd(batchSequence);
        next.encode(buffer, index, crc);
        io.write(index, next.granule(), address);
        take();
    }

    /**
     * Submits the next superblock.
     *
     * @param superblock that follows the current one
     * @param token of the write
     * @param nowNs the journal's clock
     * @return false when the device's queue is full
     */
    boolean submit(final Superblock superblock, final long token, final long nowNs) {
        next = superblock;
        next.encode(buffer, index, crc);
        retries = 0;
        submittedNs = nowNs;
        inFlight = device.submitWrite(index, next.granule(), address, token);
        return inFlight;
    }

    /**
     * Returns the age of the write in flight.
     *
     * @param nowNs the journal's clock
     * @return nanoseconds, 0 when none is in flight
     */
    long ageNs(final long nowNs) {
        return inFlight ? nowNs - submittedNs : 0;
    }

    /**
     * Takes the completion of {@link #submit}.
     *
     * @param result bytes or negative errno
     * @return true when the superblock is durable and {@link #current}
     */
    boolean onWritten(final int result) {
        final boolean written = result == next.granule();
        if (written) {
            inFlight = false;
            take();
        }
        return written;
    }

    /**
     * Submits the same superblock again, a few times.
     *
     * @param token of the write
     * @return false when that was too often, or the queue is full
     */
    boolean again(final long token) {
        return ++retries <= RETRY_LIMIT && device.submitWrite(index, next.granule(), address, token);
    }

    private void take() {
        current = next;
        address = current.granule() - address;
    }

    /**
     * Returns the newest durable superblock.
     *
     * @return superblock
     */
    Superblock current() {
        return current;
    }
}
