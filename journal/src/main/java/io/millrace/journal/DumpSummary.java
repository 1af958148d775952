package io.millrace.journal;

import io.millrace.codec.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * What {@link JournalDump} or {@link JournalVerify} found in the end.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param device what lies under the file
 * @param superblock that counts
 * @param badSuperblockCount 0 or 1
 * @param batchCount valid batches
 * @param recordCount records in them
 * @param endAddress of the first batch that is not valid
 * @param endSequence that it should have
 * @param tail what lies there (P4)
 * @param detail why it was not taken
 * @param scannedBytes looked through behind it for proof that something is missing
 * @param fault what is wrong; null when nothing is. MR-6006 (an uncertain tail) is for information
 * @param message what is wrong, where; empty when nothing is
 */
public record DumpSummary(
        String device,
        Superblock superblock,
        int badSuperblockCount,
        long batchCount,
        long recordCount,
        long endAddress,
        long endSequence,
        TailState tail,
        String detail,
        long scannedBytes,
        @Nullable ErrorCode fault,
        String message) {
    /**
     * Tells whether the journal would be taken at a start without loss.
     *
     * @return true when nothing is wrong or only the tail is uncertain
     */
    public boolean isSound() {
        return fault == null || fault == ErrorCode.JOURNAL_TORN;
    }
}
