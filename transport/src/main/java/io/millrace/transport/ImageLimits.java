package io.millrace.transport;

import io.aeron.driver.Configuration;
import io.aeron.logbuffer.FrameDescriptor;
import io.aeron.logbuffer.LogBufferDescriptor;
import io.aeron.protocol.DataHeaderFlyweight;
import java.nio.ByteOrder;
import org.agrona.BitUtil;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * What a sender may ask of this driver in a set-up frame, and where it may put data.
 *
 * <p><b>Threading</b>: the driver's thread that receives; the count is read by the driver's owner, and exact only where
 * both are one thread.
 */
final class ImageLimits {
    private static final int MTU_MIN = 64;
    private static final int FRAME_ALIGNMENT = 32;

    private final int termLengthMax;
    private final int mtuMax;
    private final LogMemory memory;
    private long refusedCount;

    /**
     * Sets the limits.
     *
     * @param termLengthMax longest term, in bytes.
     * @param mtuMax longest frame, in bytes.
     * @param memory of all logs; a set-up that it has no room for is dropped, and comes again.
     */
    ImageLimits(final int termLengthMax, final int mtuMax, final LogMemory memory) {
        this.memory = memory;
        this.termLengthMax = termLengthMax;
        this.mtuMax = Math.min(mtuMax, Configuration.MAX_UDP_PAYLOAD_LENGTH);
    }

    /**
     * Judges one set-up frame.
     *
     * @param termLength asked for, untrusted.
     * @param mtuLength announced, untrusted.
     * @param initialTermId of the stream, untrusted.
     * @param activeTermId where the stream is, untrusted.
     * @param termOffset where the stream is in that term, untrusted.
     * @return whether an image may be made.
     */
    boolean allow(
            final int termLength,
            final int mtuLength,
            final int initialTermId,
            final int activeTermId,
            final int termOffset) {
        final boolean allowed = termLength >= LogBufferDescriptor.TERM_MIN_LENGTH
                && termLength <= termLengthMax
                && BitUtil.isPowerOfTwo(termLength)
                && mtuLength >= MTU_MIN
                && mtuLength <= Math.min(mtuMax, termLength / 2)
                && mtuLength % FRAME_ALIGNMENT == 0
                && activeTermId - initialTermId >= 0
                && termOffset >= 0
                && termOffset < termLength
                && termOffset % FRAME_ALIGNMENT == 0
                && memory.hasRoom(termLength);
        if (!allowed) {
            refusedCount++;
        }
        return allowed;
    }

    /**
     * Judges a datagram of data: whole frames, one behind the other, in a place that a term can have.
     *
     * @param buffer with the datagram from index 0, untrusted.
     * @param length of the datagram, in bytes.
     * @return whether the driver may put it into an image.
     */
    boolean allowData(final UnsafeBuffer buffer, final int length) {
        final boolean allowed = length >= DataHeaderFlyweight.HEADER_LENGTH && isWhole(buffer, length);
        if (!allowed) {
            refusedCount++;
        }
        return allowed;
    }

    /** Notes a datagram that lay outside the terms of its image. */
    void onOutside() {
        refusedCount++;
    }

    private boolean isWhole(final UnsafeBuffer buffer, final int length) {
        final int termOffset = buffer.getInt(DataHeaderFlyweight.TERM_OFFSET_FIELD_OFFSET, ByteOrder.LITTLE_ENDIAN);
        if (termOffset < 0 || termOffset % FRAME_ALIGNMENT != 0 || termOffset > termLengthMax) {
            return false;
        }
        if (buffer.getInt(0, ByteOrder.LITTLE_ENDIAN) == 0) {
            return length == DataHeaderFlyweight.HEADER_LENGTH;
        }
        int index = 0;
        while (length - index >= DataHeaderFlyweight.HEADER_LENGTH) {
            final int frameLength = buffer.getInt(index, ByteOrder.LITTLE_ENDIAN);
            if (frameLength < DataHeaderFlyweight.HEADER_LENGTH
                    || frameLength > termLengthMax - Math.min(termLengthMax, termOffset + index)) {
                return false;
            }
            // Of a padding frame only the header is sent, last in its datagram.
            final boolean isPadding = FrameDescriptor.isPaddingFrame(buffer, index);
            index += isPadding ? DataHeaderFlyweight.HEADER_LENGTH : BitUtil.align(frameLength, FRAME_ALIGNMENT);
        }
        return index == length;
    }

    /** Returns the set-up and data frames dropped. */
    long refusedCount() {
        return refusedCount;
    }
}
