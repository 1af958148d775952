package io.millrace.transport;

import io.aeron.logbuffer.FrameDescriptor;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Puts the fragments of one image together, up to a limit; a frame above it is dropped as a whole.
 *
 * <p><b>Threading</b>: the duty cycle's thread only. The bytes are allocated with the first fragment.
 */
final class FragmentAssembly {
    private static final int LENGTH_MIN = 4096;

    private final int lengthMax;
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[0]);
    private int length;
    private boolean isAssembling;

    /**
     * Sets the limit.
     *
     * @param lengthMax longest frame, in bytes.
     */
    FragmentAssembly(final int lengthMax) {
        this.lengthMax = lengthMax;
    }

    /** Returns the frame so far. */
    DirectBuffer buffer() {
        return buffer;
    }

    /** Returns the bytes so far. */
    int length() {
        return length;
    }

    /**
     * Adds a fragment.
     *
     * @param flags of its header.
     * @param source of its bytes.
     * @param offset in the source.
     * @param fragmentLength in bytes.
     * @return {@code false} when it was dropped: too long a frame, or a fragment without its beginning.
     */
    boolean append(final byte flags, final DirectBuffer source, final int offset, final int fragmentLength) {
        if ((flags & FrameDescriptor.BEGIN_FRAG_FLAG) != 0) {
            isAssembling = true;
            length = 0;
        }
        if (!isAssembling) {
            return false;
        }
        if (length + fragmentLength > lengthMax) {
            reset();
            return false;
        }
        ensureCapacity(length + fragmentLength);
        buffer.putBytes(length, source, offset, fragmentLength);
        length += fragmentLength;
        return true;
    }

    /**
     * Takes the last fragment back, because it will be delivered again.
     *
     * @param fragmentLength in bytes.
     */
    void undo(final int fragmentLength) {
        length -= fragmentLength;
    }

    /** Forgets what was put together. */
    void reset() {
        isAssembling = false;
        length = 0;
    }

    private void ensureCapacity(final int needed) {
        if (needed > buffer.capacity()) {
            final int capacity = Math.min(lengthMax, Math.max(LENGTH_MIN, BitUtil.findNextPositivePowerOfTwo(needed)));
            final byte[] larger = new byte[capacity];
            buffer.getBytes(0, larger, 0, length);
            buffer.wrap(larger);
        }
    }
}
