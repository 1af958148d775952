package io.millrace.control;

/**
 * One segment of a stream's map.
 *
 * <p><b>Threading:</b> one thread.
 */
final class Segment {
    /** The final length is known only when the seal is done. */
    static final long LENGTH_UNKNOWN = -1;

    private final long id;
    private final long keyLow;
    private final long keyHigh;
    private final int chain;
    private long finalLength = LENGTH_UNKNOWN;
    private long startOffset;

    /**
     * Describes a segment.
     *
     * @param id creation epoch and number.
     * @param keyLow lowest key hash, unsigned.
     * @param keyHigh highest key hash, unsigned, inclusive.
     * @param chain data chain it lies on, from 1.
     */
    Segment(final long id, final long keyLow, final long keyHigh, final int chain) {
        this.id = id;
        this.keyLow = keyLow;
        this.keyHigh = keyHigh;
        this.chain = chain;
    }

    /** Returns creation epoch and number. */
    long id() {
        return id;
    }

    /** Returns the lowest key hash, unsigned. */
    long keyLow() {
        return keyLow;
    }

    /** Returns the highest key hash, unsigned, inclusive. */
    long keyHigh() {
        return keyHigh;
    }

    /** Returns the data chain it lies on, from 1. */
    int chain() {
        return chain;
    }

    /** Returns up to which offset its bytes were ordered to go. */
    long startOffset() {
        return startOffset;
    }

    /**
     * Notes that the bytes below an offset were ordered to go.
     *
     * @param offset first byte that stays.
     */
    void startOffset(final long offset) {
        startOffset = offset;
    }

    /** Returns the committed length in bytes at its seal, or {@link #LENGTH_UNKNOWN}. */
    long finalLength() {
        return finalLength;
    }

    /**
     * Notes what the seal found.
     *
     * @param lengthBytes committed length.
     */
    void finalLength(final long lengthBytes) {
        finalLength = lengthBytes;
    }
}
