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
 */
public record SegmentInfo(
        long segmentId,
        long keyLow,
        long keyHigh,
        long startOffset,
        long length,
        int chain,
        long chainEpoch,
        boolean isSealed) {}
