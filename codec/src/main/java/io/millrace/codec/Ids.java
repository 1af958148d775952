package io.millrace.codec;

/**
 * Identities that are made of parts.
 *
 * <p><b>Threading</b>: pure functions.
 */
public final class Ids {
    private Ids() {}

    /**
     * Makes the id of a segment, unique in its stream.
     *
     * @param creationEpoch epoch of the stream in which the segment was made, 0 or more
     * @param number of the segment in its stream, 0 or more
     * @return creation epoch in the upper, number in the lower 32 bits
     */
    public static long segmentId(final int creationEpoch, final int number) {
        return (long) creationEpoch << 32 | (number & 0xFFFF_FFFFL);
    }

    /**
     * Returns the epoch in which a segment was made.
     *
     * @param segmentId as {@link #segmentId} makes it
     * @return epoch
     */
    public static int creationEpoch(final long segmentId) {
        return (int) (segmentId >>> 32);
    }

    /**
     * Returns the number of a segment in its stream.
     *
     * @param segmentId as {@link #segmentId} makes it
     * @return number
     */
    public static int segmentNumber(final long segmentId) {
        return (int) segmentId;
    }
}
