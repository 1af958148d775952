package io.millrace.client;

/**
 * Where an event is durable.
 *
 * @param segmentId segment it lies in
 * @param eventNumber its number among its writer's events in this segment
 * @param endOffset byte offset in the segment below which everything is durable, the event included (see
 *     {@link AckHandler#onAck})
 */
public record EventPosition(long segmentId, long eventNumber, long endOffset) {}
