package io.millrace.journal;

import org.agrona.DirectBuffer;

/**
 * Port: who knows what the records of the chains are worth.
 *
 * <p><b>Threading</b>: device thread.
 */
@FunctionalInterface
public interface RemnantFilter {
    /**
     * Tells whether a record holds bytes that are still wanted. An answer that is too generous costs room, one that is
     * too strict loses bytes.
     *
     * @param buffer holds the record; its CRC was verified
     * @param index of its header
     * @param length header and body in bytes, without alignment
     * @param named true when {@link CheckpointWriter#keep} named exactly this position, alone
     * @return true when it must be kept
     */
    boolean isLive(DirectBuffer buffer, int index, int length, boolean named);
}
