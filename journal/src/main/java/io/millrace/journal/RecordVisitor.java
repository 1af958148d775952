package io.millrace.journal;

import org.agrona.DirectBuffer;

/**
 * Takes the records of a journal during recovery, in the order in which they were written (P1: the fold).
 *
 * <p><b>Threading</b>: the thread that calls {@link Journal#recover}.
 */
@FunctionalInterface
public interface RecordVisitor {
    /**
     * Is called for each record; its CRC and its bounds are checked, its meaning is not.
     *
     * @param buffer holds the record until the visitor returns
     * @param index of the record header
     * @param length of header and body in bytes
     * @param batchAddress address of the record's batch on the device
     */
    void onRecord(DirectBuffer buffer, int index, int length, long batchAddress);

    /**
     * Is called for each piece of the checkpoint that recovery starts from, before any record.
     *
     * @param part what it holds: {@link CheckpointPart#CHAIN_STATE}, {@code CHAIN_INDEX} or {@code CONTROL_STATE}
     * @param chain number
     * @param buffer holds the piece until the visitor returns
     * @param index of its first byte
     * @param length in bytes
     * @param last true for the last piece of this part of the chain
     */
    default void onCheckpoint(
            final CheckpointPart part,
            final int chain,
            final DirectBuffer buffer,
            final int index,
            final int length,
            final boolean last) {}

    /** What is to be done about batches that are damaged and once were durable. */
    enum OnDamage {
        /** The device is not opened. */
        REFUSE,
        /** What is whole behind them is given as well: what is missing is mended from elsewhere (P4). */
        SKIP,
        /** A mutation for tests: the log ends before them, as if they had been torn. */
        CUT
    }

    /**
     * Is called where batches are damaged though later ones prove that they were durable; records behind them follow if
     * they are skipped.
     *
     * @param batchAddress of the first of them
     * @param batchSequence of the first of them
     * @return what to do
     */
    default OnDamage onDamage(final long batchAddress, final long batchSequence) {
        return OnDamage.REFUSE;
    }

    /** Is called once behind the last piece of a checkpoint; records follow. Not called without a checkpoint. */
    default void onCheckpointEnd() {}
}
