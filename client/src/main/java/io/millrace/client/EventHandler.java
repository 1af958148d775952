package io.millrace.client;

import org.agrona.DirectBuffer;

/** Takes events; called within {@link EventReader#poll(EventHandler, int)} on the caller's thread. */
@FunctionalInterface
public interface EventHandler {
    /**
     * Takes one event. If it throws, the exception leaves {@code poll} and the reader stays before this event.
     *
     * @param buffer holds the payload, valid only during the call
     * @param offset of the payload in the buffer
     * @param length of the payload in bytes, 0 to 8 MiB
     * @param keyHash XXH64 of the event's routing key; random for an event without a key
     * @param segmentId segment it was read from
     * @param eventOffset byte offset in the segment at which the event begins
     */
    void onEvent(DirectBuffer buffer, int offset, int length, long keyHash, long segmentId, long eventOffset);
}
