package io.millrace.codec;

import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.UnsafeApi;
import org.jspecify.annotations.Nullable;

/**
 * The hash of a routing key: XXH64 with seed 0 over the key's UTF-8 bytes, an unsigned 64-bit number. It is stored with
 * every event and decides the event's segment, so it never changes; golden vectors stand in {@code docs/formats.md}.
 *
 * <p><b>Threading</b>: pure functions. The buffer variants allocate nothing.
 *
 * @see <a href="https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md">xxHash specification, XXH64</a>
 */
public final class KeyHash {
    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_1_PLUS_2 = 0x60EA27EEADC0B5D6L;
    private static final long PRIME_3 = 0x165667B19E3779F9L;
    private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
    private static final long PRIME_5 = 0x27D4EB2F165667C5L;
    private static final int STRIPE_LENGTH = 32;
    private static final boolean SWAPPED = ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN;

    private KeyHash() {}

    /**
     * Hashes a routing key.
     *
     * @param key text; hashed as UTF-8
     * @return unsigned 64-bit hash
     */
    public static long of(final String key) {
        final byte[] bytes = key.getBytes(StandardCharsets.UTF_8);
        return of(bytes, 0, bytes.length);
    }

    /**
     * Hashes a routing key that is already UTF-8. Allocation-free.
     *
     * @param key holds the bytes
     * @param offset of the first byte
     * @param length in bytes, may be 0
     * @return unsigned 64-bit hash
     * @throws IndexOutOfBoundsException when the bytes do not lie inside {@code key}
     */
    public static long of(final byte[] key, final int offset, final int length) {
        BufferUtil.boundsCheck(key, offset, length);
        return hash(key, BufferUtil.ARRAY_BASE_OFFSET + offset, length);
    }

    /**
     * Hashes a routing key that is already UTF-8. Allocation-free.
     *
     * @param key holds the bytes
     * @param offset of the first byte
     * @param length in bytes, may be 0
     * @return unsigned 64-bit hash
     * @throws IndexOutOfBoundsException when the bytes do not lie inside {@code key}
     */
    public static long of(final DirectBuffer key, final int offset, final int length) {
        key.boundsCheck(offset, length);
        return hash(key.byteArray(), key.addressOffset() + offset, length);
    }

    // SAFETY: callers have checked that length bytes lie at the address.
    private static long hash(final byte @Nullable [] base, final long start, final int length) {
        long address = start;
        final long end = start + length;
        long hash;
        if (length >= STRIPE_LENGTH) {
            long a = PRIME_1_PLUS_2;
            long b = PRIME_2;
            long c = 0;
            long d = -PRIME_1;
            final long lastStripe = end - STRIPE_LENGTH;
            while (address <= lastStripe) {
                a = round(a, longAt(base, address));
                b = round(b, longAt(base, address + 8));
                c = round(c, longAt(base, address + 16));
                d = round(d, longAt(base, address + 24));
                address += STRIPE_LENGTH;
            }
            hash = Long.rotateLeft(a, 1) + Long.rotateLeft(b, 7) + Long.rotateLeft(c, 12) + Long.rotateLeft(d, 18);
            hash = merge(merge(merge(merge(hash, a), b), c), d);
        } else {
            hash = PRIME_5;
        }
        return avalanche(tail(hash + length, base, address, end));
    }

    private static long tail(final long start, final byte @Nullable [] base, final long from, final long end) {
        long hash = start;
        long address = from;
        while (end - address >= 8) {
            hash = Long.rotateLeft(hash ^ round(0, longAt(base, address)), 27) * PRIME_1 + PRIME_4;
            address += 8;
        }
        if (end - address >= 4) {
            hash = Long.rotateLeft(hash ^ intAt(base, address) * PRIME_1, 23) * PRIME_2 + PRIME_3;
            address += 4;
        }
        while (address < end) {
            hash = Long.rotateLeft(hash ^ (UnsafeApi.getByte(base, address) & 0xFFL) * PRIME_5, 11) * PRIME_1;
            address++;
        }
        return hash;
    }

    private static long round(final long accumulator, final long input) {
        return Long.rotateLeft(accumulator + input * PRIME_2, 31) * PRIME_1;
    }

    private static long merge(final long hash, final long accumulator) {
        return (hash ^ round(0, accumulator)) * PRIME_1 + PRIME_4;
    }

    private static long avalanche(final long start) {
        long hash = start;
        hash = (hash ^ (hash >>> 33)) * PRIME_2;
        hash = (hash ^ (hash >>> 29)) * PRIME_3;
        return hash ^ (hash >>> 32);
    }

    private static long longAt(final byte @Nullable [] base, final long address) {
        final long bits = UnsafeApi.getLong(base, address);
        return SWAPPED ? Long.reverseBytes(bits) : bits;
    }

    private static long intAt(final byte @Nullable [] base, final long address) {
        final int bits = UnsafeApi.getInt(base, address);
        return (SWAPPED ? Integer.reverseBytes(bits) : bits) & 0xFFFF_FFFFL;
    }
}
