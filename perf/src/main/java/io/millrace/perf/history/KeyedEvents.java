package io.millrace.perf.history;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.agrona.BitUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Writes and checks the demonstration's events: each names its key and its place in the key's sequence, and carries a
 * checksum over all of it.
 *
 * <pre>
 *  0               4               8                               16                    length-4
 *  +---------------+---------------+-------------------------------+---------------------+---------------+
 *  | key index     | length        | sequence 0, 1, 2 … of the key | filler              | CRC32C        |
 *  +---------------+---------------+-------------------------------+---------------------+---------------+
 * </pre>
 *
 * Little-endian; the checksum covers everything before it.
 *
 * <p><b>Threading:</b> one thread.
 */
public final class KeyedEvents {
    /** Header and checksum. */
    public static final int SHORTEST = 20;

    private static final int SEQUENCE_OFFSET = 8;
    private static final int FILLER_OFFSET = 16;

    private final int length;
    private final ByteBuffer bytes;
    private final UnsafeBuffer buffer;
    private final ByteBuffer received;
    private final UnsafeBuffer receivedBuffer;
    private final CRC32C crc = new CRC32C();

    /**
     * Prepares for events of one length.
     *
     * @param length bytes of every event, &ge; {@link #SHORTEST}.
     */
    public KeyedEvents(final int length) {
        if (length < SHORTEST) {
            throw new IllegalArgumentException("an event of " + length + " bytes, the shortest is " + SHORTEST);
        }
        this.length = length;
        this.bytes = ByteBuffer.allocateDirect(BitUtil.align(length, 8));
        this.buffer = new UnsafeBuffer(bytes);
        this.received = ByteBuffer.allocateDirect(BitUtil.align(length, 8));
        this.receivedBuffer = new UnsafeBuffer(received);
    }

    /** Bytes of every event. */
    public int length() {
        return length;
    }

    /**
     * Writes one event into {@link #buffer()} at 0.
     *
     * @param key index of the key.
     * @param sequence place in the key's sequence, from 0.
     */
    public void write(final int key, final long sequence) {
        buffer.putInt(0, key);
        buffer.putInt(4, length);
        buffer.putLong(SEQUENCE_OFFSET, sequence);
        final byte filler = (byte) (key * 31L + sequence);
        buffer.setMemory(FILLER_OFFSET, length - FILLER_OFFSET - 4, filler);
        buffer.putInt(length - 4, checksum(bytes));
    }

    /** Holds the event written last. */
    public DirectBuffer buffer() {
        return buffer;
    }

    /**
     * Takes an event that was read.
     *
     * @param source holds it.
     * @param offset where it begins.
     * @param eventLength its bytes.
     * @return whether length and checksum are right; then {@link #key()} and {@link #sequence()} are the event's.
     */
    public boolean read(final DirectBuffer source, final int offset, final int eventLength) {
        if (eventLength != length) {
            return false;
        }
        receivedBuffer.putBytes(0, source, offset, length);
        return receivedBuffer.getInt(4) == length && receivedBuffer.getInt(length - 4) == checksum(received);
    }

    /** Key index of the event read last. */
    public int key() {
        return receivedBuffer.getInt(0);
    }

    /** Sequence of the event read last. */
    public long sequence() {
        return receivedBuffer.getLong(SEQUENCE_OFFSET);
    }

    private int checksum(final ByteBuffer from) {
        crc.reset();
        from.clear().limit(length - 4);
        crc.update(from);
        return (int) crc.getValue();
    }
}
