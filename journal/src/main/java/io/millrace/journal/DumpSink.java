package io.millrace.journal;

import io.millrace.codec.log.BatchHeaderDecoder;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Takes what {@link JournalDump} finds, in the order of the device.
 *
 * <p><b>Threading</b>: the thread that dumps. An exception thrown here ends the dump.
 */
public interface DumpSink {
    /**
     * Is called for A and B.
     *
     * @param name {@code A} or {@code B}
     * @param superblock null when it is not valid
     * @param current true for the one that counts
     */
    void onSuperblock(String name, @Nullable Superblock superblock, boolean current);

    /**
     * Is called for each valid batch.
     *
     * @param header of the batch, reused
     * @return true to be given its records
     */
    boolean onBatch(BatchHeaderDecoder header);

    /**
     * Is called for each record of a batch that was asked for.
     *
     * @param buffer holds the record until the sink returns
     * @param index of the record header
     * @param length of header and body in bytes
     * @param batchAddress address of the record's batch
     */
    void onRecord(DirectBuffer buffer, int index, int length, long batchAddress);
}
