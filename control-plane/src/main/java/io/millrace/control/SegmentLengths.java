package io.millrace.control;

/**
 * Port to the committed state of the data chains, for descriptions of streams.
 *
 * <p><b>Threading:</b> called on the device thread. Committed values only (P2).
 */
public interface SegmentLengths {
    /**
     * Returns the committed length of a segment.
     *
     * @param chain data chain, from 1.
     * @param streamId of the segment's stream.
     * @param segmentId in the stream.
     * @return offset of the committed end in bytes, or -1 when the chain does not hold the segment (not created yet, or
     *     deleted).
     */
    long length(int chain, long streamId, long segmentId);

    /**
     * Returns where the readable part of a segment starts.
     *
     * @param chain data chain, from 1.
     * @param streamId of the segment's stream.
     * @param segmentId in the stream.
     * @return offset in bytes, 0 when the segment is unknown.
     */
    long startOffset(int chain, long streamId, long segmentId);

    /**
     * Tells whether the seal of a segment is committed.
     *
     * @param chain data chain, from 1.
     * @param streamId of the segment's stream.
     * @param segmentId in the stream.
     * @return true when sealed.
     */
    boolean isSealed(int chain, long streamId, long segmentId);

    /**
     * Returns the current epoch of a chain.
     *
     * @param chain data chain, from 1.
     * @return the epoch.
     */
    long chainEpoch(int chain);
}
