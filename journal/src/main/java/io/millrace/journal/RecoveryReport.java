package io.millrace.journal;

/**
 * What recovery found on the device.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param checkpointBatchSequence batch that the checkpoint begins with, 0 when everything was folded
 * @param batchCount valid batches, from there on
 * @param recordCount records in them
 * @param lastBatchSequence sequence of the last valid batch, 0 when there is none
 * @param endAddress address behind it: the next batch goes there
 * @param tail what lies there
 * @param tailDetail why the batch at the end address was not taken, for an operator
 * @param scannedBytes bytes looked through behind the end for proof that something is missing (P4)
 * @param badSuperblockCount 0 or 1: one bad superblock is mended, two are refused
 * @param recoveryEpoch of this run, durable before the first append
 * @param incarnation of this run, durable before the first append
 * @param elapsedNs duration of the recovery in nanoseconds
 */
public record RecoveryReport(
        long checkpointBatchSequence,
        long batchCount,
        long recordCount,
        long lastBatchSequence,
        long endAddress,
        TailState tail,
        String tailDetail,
        long scannedBytes,
        int badSuperblockCount,
        long recoveryEpoch,
        long incarnation,
        long elapsedNs) {}
