package io.millrace.codec;

import java.nio.ByteOrder;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * An event as it lies in a segment, in an append and in read data: little-endian, unpadded, unaligned.
 *
 * <pre>
 *   0               4                               12
 *   +---------------+-------------------------------+----------------- - - -+
 *   | length int32  | key hash int64                | payload               |
 *   +---------------+-------------------------------+----------------- - - -+
 *                                                    length bytes, 0 to 8 MiB
 * </pre>
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class EventFrame {
    /** Bytes before the payload. */
    public static final int HEADER_LENGTH = 12;

    /** Largest payload in bytes: 8 MiB. What exceeds a frame travels, and lies in the journal, in fragments (P11). */
    public static final int MAX_PAYLOAD = 8 * 1024 * 1024;

    /** Longest frame in bytes; also all frames of an atomic list together. */
    public static final int MAX_LENGTH = 12 + MAX_PAYLOAD;

    /** The bytes end inside the frame: wait for more, or refuse. */
    public static final int INCOMPLETE = -1;

    /** The length is negative or above {@link #MAX_PAYLOAD}. */
    public static final int BAD_LENGTH = -2;

    /** There are fewer or more events than stated. */
    public static final int BAD_COUNT = -3;

    /** A key hash lies outside the range it must lie in. */
    public static final int BAD_KEY_HASH = -4;

    private static final int KEY_HASH_OFFSET = 4;

    private EventFrame() {}

    /**
     * Returns the length of a whole frame.
     *
     * @param payloadLength bytes
     * @return bytes
     */
    public static int frameLength(final int payloadLength) {
        return HEADER_LENGTH + payloadLength;
    }

    /**
     * Writes a header; the payload is put behind it by the caller.
     *
     * @param buffer to write to
     * @param index of the frame
     * @param keyHash unsigned
     * @param payloadLength 0 to {@link #MAX_PAYLOAD} bytes
     */
    public static void putHeader(
            final MutableDirectBuffer buffer, final int index, final long keyHash, final int payloadLength) {
        buffer.putInt(index, payloadLength, ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(index + KEY_HASH_OFFSET, keyHash, ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Writes a whole frame.
     *
     * @param buffer to write to
     * @param index of the frame
     * @param keyHash unsigned
     * @param payload holds the payload
     * @param payloadOffset of its first byte
     * @param payloadLength 0 to {@link #MAX_PAYLOAD} bytes
     * @return length of the frame in bytes
     */
    public static int put(
            final MutableDirectBuffer buffer,
            final int index,
            final long keyHash,
            final DirectBuffer payload,
            final int payloadOffset,
            final int payloadLength) {
        putHeader(buffer, index, keyHash, payloadLength);
        buffer.putBytes(index + HEADER_LENGTH, payload, payloadOffset, payloadLength);
        return HEADER_LENGTH + payloadLength;
    }

    /**
     * Reads the length of the payload.
     *
     * @param buffer to read from
     * @param index of the frame
     * @return bytes; untrusted unless {@link #validate} was positive
     */
    public static int payloadLength(final DirectBuffer buffer, final int index) {
        return buffer.getInt(index, ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Reads the key hash.
     *
     * @param buffer to read from
     * @param index of the frame
     * @return unsigned
     */
    public static long keyHash(final DirectBuffer buffer, final int index) {
        return buffer.getLong(index + KEY_HASH_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * Returns where the payload begins.
     *
     * @param index of the frame
     * @return index of its first byte
     */
    public static int payloadIndex(final int index) {
        return index + HEADER_LENGTH;
    }

    /**
     * Checks one frame of untrusted bytes.
     *
     * @param buffer to read from
     * @param index of the frame, inside the buffer
     * @param limit index behind the last byte that may be read
     * @return length of the frame in bytes, or {@link #INCOMPLETE}, {@link #BAD_LENGTH}
     */
    public static int validate(final DirectBuffer buffer, final int index, final int limit) {
        final int available = limit - index;
        if (available < Integer.BYTES) {
            return INCOMPLETE;
        }
        final int payloadLength = payloadLength(buffer, index);
        if (payloadLength < 0 || payloadLength > MAX_PAYLOAD) {
            return BAD_LENGTH;
        }
        return available < HEADER_LENGTH + payloadLength ? INCOMPLETE : HEADER_LENGTH + payloadLength;
    }

    /**
     * Tells whether an event begins at a place, by a walk over the frames before it.
     *
     * @param buffer holds frames
     * @param index of the first one
     * @param limit end of the bytes that may be looked at; the last frame may reach beyond it
     * @param place to be judged, from {@code index} to {@code limit}
     * @return true when a frame begins, or all frames end, there
     */
    public static boolean isBoundary(final DirectBuffer buffer, final int index, final int limit, final int place) {
        long at = index;
        while (at < place) {
            if (limit - at < Integer.BYTES) {
                return false;
            }
            final int payload = payloadLength(buffer, (int) at);
            if (payload < 0 || payload > MAX_PAYLOAD) {
                return false;
            }
            at += frameLength(payload);
        }
        return at == place;
    }

    /**
     * Checks that untrusted bytes are exactly so many whole frames.
     *
     * @param buffer to read from
     * @param index of the first frame, inside the buffer
     * @param limit index behind the last byte
     * @param eventCount number of frames there must be
     * @return 0 when they are, or {@link #INCOMPLETE}, {@link #BAD_LENGTH}, {@link #BAD_COUNT}
     */
    public static int validateAll(final DirectBuffer buffer, final int index, final int limit, final int eventCount) {
        return validateAll(buffer, index, limit, eventCount, 0, -1);
    }

    /**
     * Checks that untrusted bytes are exactly so many whole frames, each with a key hash inside a range.
     *
     * @param buffer to read from
     * @param index of the first frame, inside the buffer
     * @param limit index behind the last byte
     * @param eventCount number of frames there must be
     * @param keyLow lowest key hash, unsigned
     * @param keyHigh highest key hash, unsigned, inclusive, not below the lowest
     * @return 0 when they are, or {@link #INCOMPLETE}, {@link #BAD_LENGTH}, {@link #BAD_COUNT}, {@link #BAD_KEY_HASH};
     *     the last only when nothing else is wrong
     */
    public static int validateAll(
            final DirectBuffer buffer,
            final int index,
            final int limit,
            final int eventCount,
            final long keyLow,
            final long keyHigh) {
        int next = index;
        int count = 0;
        boolean inside = true;
        while (next < limit) {
            final int length = validate(buffer, next, limit);
            if (length < 0) {
                return length;
            }
            inside &= KeyRange.contains(keyLow, keyHigh, keyHash(buffer, next));
            next += length;
            count++;
        }
        if (count != eventCount) {
            return BAD_COUNT;
        }
        return inside ? 0 : BAD_KEY_HASH;
    }
}
