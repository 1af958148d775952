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
}
