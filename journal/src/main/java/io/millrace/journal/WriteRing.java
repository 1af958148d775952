package io.millrace.journal;

import org.agrona.BitUtil;

/**
 * Where batches lie in the write ring, by sequence. Batches are laid one after the other; each begins where a longest
 * batch has contiguous room. A batch is open, sealed, submitted, durable, released (its listener has returned), and
 * stays readable until the ring needs its place.
 *
 * <p><b>Threading</b>: device thread.
 *
 * <p><b>Invariants</b>: oldest - 1 &lt;= released &lt;= durable &lt;= submitted &lt;= sealed; nothing behind released
 * is ever overwritten.
 */
final class WriteRing {
    private final int ringLength;
    private final int maxBatchLength;
    private final int slotCount;
    private final int slotMask;
    private final long[] ringPositions;
    private final long[] addresses;
    private final long[] submittedNs;
    private final int[] batchLengths;
    private final int[] writeLengths;
    private final int[] payloadLengths;
    private final int[] recordCounts;
    private final boolean[] completed;
    private final byte[] retries;
    private final boolean[] stalled;

    private long oldest;
    private long released;
    private long durable;
    private long submitted;
    private long sealed;
    private long nextRingPosition;
    private long openRingPosition;

    /**
     * Makes a ring whose next batch follows a recovered one.
     *
     * @param ringLength bytes, a multiple of the granule
     * @param maxBatchLength bytes
     * @param granule bytes
     * @param lastSequence of the last batch on the device
     * @param lastAddress of that batch, -1 when there is none
     */
    WriteRing(
            final int ringLength,
            final int maxBatchLength,
            final int granule,
            final long lastSequence,
            final long lastAddress) {
        this.ringLength = ringLength;
        this.maxBatchLength = maxBatchLength;
        slotCount = BitUtil.findNextPositivePowerOfTwo(ringLength / granule + 1);
        slotMask = slotCount - 1;
        ringPositions = new long[slotCount];
        addresses = new long[slotCount];
        submittedNs = new long[slotCount];
        batchLengths = new int[slotCount];
        writeLengths = new int[slotCount];
        payloadLengths = new int[slotCount];
        recordCounts = new int[slotCount];
        completed = new boolean[slotCount];
        retries = new byte[slotCount];
        stalled = new boolean[slotCount];
        released = lastSequence;
        durable = lastSequence;
        submitted = lastSequence;
        sealed = lastSequence;
        oldest = lastSequence + 1;
        addresses[slot(lastSequence)] = lastAddress;
    }

    /**
     * Finds room for the next batch, giving up the oldest ones that nobody waits for.
     *
     * @return false when batches not yet released are in the way
     */
    boolean tryOpen() {
        long position = nextRingPosition;
        final int index = (int) (position % ringLength);
        if (ringLength - index < maxBatchLength) {
            position += ringLength - index;
        }
        final long overwritten = position + maxBatchLength - ringLength;
        final boolean blocked = released < sealed
                && (ringPositions[slot(released + 1)] < overwritten || sealed - released >= slotCount - 1);
        if (blocked) {
            return false;
        }
        while (oldest <= sealed
                && (ringPositions[slot(oldest)] < overwritten || sealed + 1 - oldest >= slotCount - 1)) {
            oldest++;
        }
        openRingPosition = position;
        return true;
    }

    /**
     * Returns where the open batch begins.
     *
     * @return index in the ring
     */
    int openIndex() {
        return (int) (openRingPosition % ringLength);
    }

    /**
     * Seals the open batch.
     *
     * @param address on the device
     * @param batchLength bytes on the device
     * @param writeLength bytes to write, at most the batch's length
     * @param payloadLength bytes of records
     * @param recordCount records
     */
    void seal(
            final long address,
            final int batchLength,
            final int writeLength,
            final int payloadLength,
            final int recordCount) {
        sealed++;
        final int slot = slot(sealed);
        ringPositions[slot] = openRingPosition;
        addresses[slot] = address;
        batchLengths[slot] = batchLength;
        writeLengths[slot] = writeLength;
        payloadLengths[slot] = payloadLength;
        recordCounts[slot] = recordCount;
        completed[slot] = false;
        stalled[slot] = false;
        retries[slot] = 0;
        nextRingPosition = openRingPosition + writeLength;
    }

    /**
     * Notes that the next sealed batch is submitted.
     *
     * @param nowNs the journal's clock
     */
    void submit(final long nowNs) {
        submitted++;
        submittedNs[slot(submitted)] = nowNs;
    }

    /**
     * Notes a completed write.
     *
     * @param sequence of the batch
     */
    void complete(final long sequence) {
        completed[slot(sequence)] = true;
    }

    /**
     * Counts a repeated write.
     *
     * @param sequence of the batch
     * @return repeats so far, this one included
     */
    int retry(final long sequence) {
        return ++retries[slot(sequence)];
    }

    /**
     * Marks the oldest write in flight as stalled.
     *
     * @return true the first time
     */
    boolean markStalled() {
        final int slot = slot(durable + 1);
        final boolean first = !stalled[slot];
        stalled[slot] = true;
        return first;
    }

    /**
     * Steps the contiguous durable prefix.
     *
     * @return true when the next batch has become durable
     */
    boolean advanceDurable() {
        if (durable < submitted && completed[slot(durable + 1)]) {
            durable++;
            return true;
        }
        return false;
    }

    /** Releases everything durable: its listener has returned. */
    void release() {
        released = durable;
    }

    /**
     * Finds a durable batch that is still in the ring.
     *
     * @param address of the batch
     * @return its sequence, or -1
     */
    long find(final long address) {
        long low = oldest;
        long high = durable;
        while (low <= high) {
            final long middle = (low + high) >>> 1;
            final long found = addresses[slot(middle)];
            if (found == address) {
                return middle;
            }
            if (found < address) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -1;
    }

    /**
     * Tells whether a batch is still in the ring.
     *
     * @param sequence of a batch that was
     * @return true when its bytes are as they were
     */
    boolean holds(final long sequence) {
        return sequence >= oldest;
    }

    private int slot(final long sequence) {
        return (int) sequence & slotMask;
    }

    /**
     * Returns where a batch begins.
     *
     * @param sequence of a batch in the ring
     * @return index in the ring
     */
    int index(final long sequence) {
        return (int) (ringPositions[slot(sequence)] % ringLength);
    }

    /**
     * Returns where a batch belongs.
     *
     * @param sequence of a batch in the ring
     * @return address
     */
    long address(final long sequence) {
        return addresses[slot(sequence)];
    }

    /**
     * Returns the length of a batch on the device.
     *
     * @param sequence of a batch in the ring
     * @return bytes
     */
    int batchLength(final long sequence) {
        return batchLengths[slot(sequence)];
    }

    /**
     * Returns what of a batch is written.
     *
     * @param sequence of a batch in the ring
     * @return bytes
     */
    int writeLength(final long sequence) {
        return writeLengths[slot(sequence)];
    }

    /**
     * Returns the length of a batch's records.
     *
     * @param sequence of a batch in the ring
     * @return bytes
     */
    int payloadLength(final long sequence) {
        return payloadLengths[slot(sequence)];
    }

    /**
     * Returns the number of a batch's records.
     *
     * @param sequence of a batch in the ring
     * @return count
     */
    int recordCount(final long sequence) {
        return recordCounts[slot(sequence)];
    }

    /**
     * Returns when a batch was submitted.
     *
     * @param sequence of a batch in the ring
     * @return the journal's clock
     */
    long submittedNs(final long sequence) {
        return submittedNs[slot(sequence)];
    }

    /**
     * Returns the last batch of the contiguous durable prefix.
     *
     * @return sequence
     */
    long durable() {
        return durable;
    }

    /**
     * Returns where the last batch of the durable prefix belongs, also when it was there before this run.
     *
     * @return address, -1 when there is none
     */
    long durableBatchAddress() {
        return addresses[slot(durable)];
    }

    /**
     * Returns the last batch handed to the device.
     *
     * @return sequence
     */
    long submitted() {
        return submitted;
    }

    /**
     * Returns the last batch that takes no more records.
     *
     * @return sequence
     */
    long sealed() {
        return sealed;
    }
}
