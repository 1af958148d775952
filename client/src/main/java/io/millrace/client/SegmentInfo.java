package io.millrace.client;

/**
 * One segment of a stream.
 *
 * @param segmentId identity, unique in its stream
 * @param keyLow least key hash of its range, unsigned
 * @param keyHigh greatest key hash of its range, unsigned, inclusive
 * @param startOffset byte offset of the first byte that can be read
 * @param length committed bytes, as an offset: the next event begins here
 * @param chain chain that keeps it
 * @param chainEpoch configuration number of that chain
 * @param isSealed whether it takes no more events
 * @param head address that takes its events, host:port, or ipc
 * @param tail address that it is read at, host:port, or ipc
 */
public record SegmentInfo(
        long segmentId,
        long keyLow,
        long keyHigh,
        long startOffset,
        long length,
        int chain,
        long chainEpoch,
        boolean isSealed,
        String head,
        String tail) {
    /**
     * Returns the same segment with its chain's configuration.
     *
     * @param epoch configuration number of its chain
     * @param newHead address that takes its events
     * @param newTail address that it is read at
     * @return otherwise equal
     */
    public SegmentInfo servedAt(final long epoch, final String newHead, final String newTail) {
        return new SegmentInfo(
                segmentId, keyLow, keyHigh, startOffset, length, chain, epoch, isSealed, newHead, newTail);
    }
}
