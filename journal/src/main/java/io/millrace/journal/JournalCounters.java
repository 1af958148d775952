package io.millrace.journal;

/**
 * Counts of one journal.
 *
 * <p><b>Threading</b>: written by the device thread; another thread sees values that may be old.
 */
public final class JournalCounters {
    /** Batches submitted. */
    long batchCount;

    /** Records in durable batches. */
    long durableRecordCount;

    /** Bytes handed to the device. */
    long writtenBytes;

    /** Writes that were older than the stall threshold. */
    long stallCount;

    /** Oldest age seen by the watchdog, nanoseconds. */
    long longestStallNs;

    /** Writes repeated after EAGAIN. */
    long retryCount;

    /** Claims refused because the write ring was full. */
    long backPressureCount;

    /** Reads served from the write ring. */
    long ringReadCount;

    /** Reads from the device. */
    long deviceReadCount;

    /** Readers whose batch in the ring was overwritten while they held it. */
    long overtakenReadCount;

    /** Empty batches written because the journal fell idle. */
    long idleMarkCount;

    long checkpointCount;
    long freedZoneCount;
    long scrubbedBytes;
    long scrubPassCount;
    long scrubDamageCount;
    long copiedBytes;
    long cleanedZoneCount;
    long damagedZoneCount;

    /** Made by the journal only. */
    JournalCounters() {}

    /**
     * Returns the batches handed to the device.
     *
     * @return count since open
     */
    public long batchCount() {
        return batchCount;
    }

    /**
     * Returns the records that became durable.
     *
     * @return count since open
     */
    public long durableRecordCount() {
        return durableRecordCount;
    }

    /**
     * Returns the bytes handed to the device.
     *
     * @return bytes since open, headers and padding included
     */
    public long writtenBytes() {
        return writtenBytes;
    }

    /**
     * Returns the writes that took longer than the stall threshold.
     *
     * @return count since open
     */
    public long stallCount() {
        return stallCount;
    }

    /**
     * Returns the longest age of a stalled write.
     *
     * @return nanoseconds, 0 when none stalled
     */
    public long longestStallNs() {
        return longestStallNs;
    }

    /**
     * Returns the writes repeated after EAGAIN.
     *
     * @return count since open
     */
    public long retryCount() {
        return retryCount;
    }

    /**
     * Returns the claims refused because the write ring was full.
     *
     * @return count since open
     */
    public long backPressureCount() {
        return backPressureCount;
    }

    /**
     * Returns the reads served from the write ring without copying.
     *
     * @return count since open
     */
    public long ringReadCount() {
        return ringReadCount;
    }

    /**
     * Returns the reads that went to the device.
     *
     * @return count since open
     */
    public long deviceReadCount() {
        return deviceReadCount;
    }

    /**
     * Returns how often a reader held a batch of the ring so long that it was overwritten and read again from the
     * device.
     *
     * @return count since open
     */
    public long overtakenReadCount() {
        return overtakenReadCount;
    }

    /**
     * Returns the empty batches that name all before them durable, written because the journal fell idle (P4).
     *
     * @return count since open
     */
    public long idleMarkCount() {
        return idleMarkCount;
    }

    /**
     * Returns the checkpoints that became durable.
     *
     * @return count
     */
    public long checkpointCount() {
        return checkpointCount;
    }

    /**
     * Returns the zones freed by checkpoints, to be written again.
     *
     * @return count
     */
    public long freedZoneCount() {
        return freedZoneCount;
    }

    /**
     * Returns what the scrub has read and looked at.
     *
     * @return bytes since open
     */
    public long scrubbedBytes() {
        return scrubbedBytes;
    }

    /**
     * Returns how often the scrub has gone through all that is durable.
     *
     * @return count since open
     */
    public long scrubPassCount() {
        return scrubPassCount;
    }

    /**
     * Returns the damaged batches that the scrub has found, or ranges of them.
     *
     * @return count since open, each place once
     */
    public long scrubDamageCount() {
        return scrubDamageCount;
    }

    /**
     * Returns the records that were copied forward out of zones of which little was live.
     *
     * @return bytes, with the header of each copy
     */
    public long copiedBytes() {
        return copiedBytes;
    }

    /**
     * Returns the zones of which everything live was copied forward.
     *
     * @return count; the next checkpoint frees them
     */
    public long cleanedZoneCount() {
        return cleanedZoneCount;
    }

    /**
     * Returns how often a zone could not be cleaned because a live record in it is damaged or cannot be read.
     *
     * @return count
     */
    public long damagedZoneCount() {
        return damagedZoneCount;
    }
}
