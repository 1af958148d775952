package io.millrace.client;

/**
 * Takes what became of a writer's events; called within {@link EventWriter#poll(AckHandler, int)} on the caller's
 * thread, in the order of event numbers of each segment.
 */
@FunctionalInterface
public interface AckHandler {
    /**
     * Tells that one event is durable on every replica.
     *
     * @param sequence that {@link EventWriter#offer} returned
     * @param segmentId segment it lies in
     * @param eventNumber its number among this writer's events in this segment, from 1
     * @param endOffset byte offset in the segment below which everything is durable; the end of this very event where
     *     it was the last one of its acknowledgement, an upper bound of its end otherwise
     */
    void onAck(long sequence, long segmentId, long eventNumber, long endOffset);

    /**
     * Tells of one acknowledgement, after its events were told one by one. The times were each taken on one node's own
     * clock; what is missing to the round trip is the network's share. All three are 0 where the tidings came with a
     * set-up after a lost session.
     *
     * @param segmentId segment acknowledged
     * @param lastSequence of the last event covered
     * @param lastEventNumber its number
     * @param endOffset byte offset of its end in the segment
     * @param queueNs from reading the frame to submitting the batch, in nanoseconds
     * @param journalNs from submitting the batch to its being durable, in nanoseconds
     * @param chainNs from durable there to committed, in nanoseconds
     */
    default void onAcknowledgement(
            final long segmentId,
            final long lastSequence,
            final long lastEventNumber,
            final long endOffset,
            final long queueNs,
            final long journalNs,
            final long chainNs) {}

    /**
     * Tells of one event that is not known to be durable and will not be sent again, because its segment takes no more
     * of this writer. The default does nothing: {@link EventWriter#flush} and {@link EventWriter#close()} throw then.
     *
     * @param sequence that {@link EventWriter#offer} returned
     * @param segmentId segment it was meant for
     * @param eventNumber its number, or 0 when it never got one
     * @param code of {@link Result}, e.g. {@link Result#SEALED}
     */
    default void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {}
}
