package io.millrace.transport;

import io.aeron.logbuffer.LogBufferDescriptor;
import org.agrona.BitUtil;

/**
 * What a sender may ask of this driver in a set-up frame.
 *
 * <p><b>Threading</b>: the driver's thread.
 */
final class ImageLimits {
    private static final int MTU_MIN = 64;
    private static final int FRAME_ALIGNMENT = 32;

    private final int termLengthMax;
    private final int mtuMax;
    private long refusedCount;

    /**
     * Sets the limits.
     *
     * @param termLengthMax longest term, in bytes.
     * @param mtuMax longest frame, in bytes.
     */
    ImageLimits(final int termLengthMax, final int mtuMax) {
        this.termLengthMax = termLengthMax;
        this.mtuMax = mtuMax;
    }

    /**
     * Judges one set-up frame.
     *
     * @param termLength asked for, untrusted.
     * @param mtuLength announced, untrusted.
     * @return whether an image may be made.
     */
    boolean allow(final int termLength, final int mtuLength) {
        final boolean allowed = termLength >= LogBufferDescriptor.TERM_MIN_LENGTH
                && termLength <= termLengthMax
                && BitUtil.isPowerOfTwo(termLength)
                && mtuLength >= MTU_MIN
                && mtuLength <= mtuMax
                && mtuLength % FRAME_ALIGNMENT == 0;
        if (!allowed) {
            refusedCount++;
        }
        return allowed;
    }

    /** Returns the set-up frames dropped. */
    long refusedCount() {
        return refusedCount;
    }
}
