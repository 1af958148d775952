package io.millrace.control;

/**
 * Port to the committed state of the data chains, for descriptions of streams and the cuts of truncations. Chains lie
 * on other devices, and on other nodes one day: so it is asked, and answers when it can.
 *
 * <p><b>Threading:</b> called on the device thread of chain 0. Committed values only (P2).
 *
 * <p><b>Contract:</b> a question that was taken is answered by {@link ControlService#onSegmentLength}, from within the
 * call or later, or never: it is asked again until it is answered or the request's time is up. An answer that comes
 * twice does no harm.
 */
public interface SegmentLengths {
    /** Length of a segment that its chain does not hold: not created yet, or deleted. */
    long ABSENT = -1;

    /**
     * Asks for one segment.
     *
     * @param queryId to be repeated in the answer.
     * @param index to be repeated in the answer.
     * @param chain data chain, from 1.
     * @param streamId of the segment's stream.
     * @param segmentId in the stream.
     * @return true when taken, false under back-pressure.
     */
    boolean ask(long queryId, int index, int chain, long streamId, long segmentId);
}
