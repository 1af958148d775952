package io.millrace.codec;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Computes CRC32C (Castagnoli) over ranges of one buffer without allocating: it keeps its own duplicate of the buffer
 * and one {@link CRC32C}, which the JVM maps to the processor's instruction.
 *
 * <p><b>Threading</b>: one thread at a time. The position and limit of the buffer given are never touched.
 */
public final class Crc32c {
    private final ByteBuffer view;
    private final CRC32C crc = new CRC32C();

    /**
     * Makes a calculator for one buffer.
     *
     * @param backing the whole of it, from 0 to its capacity, can be computed over
     */
    public Crc32c(final ByteBuffer backing) {
        view = backing.duplicate();
        view.clear();
    }

    /**
     * Computes the CRC of a range.
     *
     * @param index of the first byte in the backing buffer
     * @param length in bytes, may be 0
     * @return CRC32C as 32 bits
     * @throws IllegalArgumentException when the range does not lie inside the buffer
     */
    public int compute(final int index, final int length) {
        if (length < 0) {
            throw new IllegalArgumentException("length " + length);
        }
        view.limit(index + length).position(index);
        crc.reset();
        crc.update(view);
        return (int) crc.getValue();
    }

    /**
     * Computes the CRC of a range of a buffer, once: allocates. For tools and tests.
     *
     * @param buffer its position and limit are ignored and not touched
     * @param index of the first byte
     * @param length in bytes
     * @return CRC32C as 32 bits
     */
    public static int of(final ByteBuffer buffer, final int index, final int length) {
        return new Crc32c(buffer).compute(index, length);
    }
}
