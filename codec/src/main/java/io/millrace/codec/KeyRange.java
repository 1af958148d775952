package io.millrace.codec;

/**
 * A range of key hashes, unsigned and inclusive at both ends. The ranges of an epoch's segments tile the whole unsigned
 * 64-bit space.
 *
 * <p><b>Threading</b>: immutable. <b>Invariants</b>: {@code low} ≤ {@code high}, unsigned. A hash is placed by
 * comparison or by multiplication, never by a remainder: equal parts stay next to each other, so that they can merge.
 *
 * @param low smallest hash, unsigned
 * @param high largest hash, unsigned, inclusive
 */
public record KeyRange(long low, long high) {
    /** The whole space. */
    public static final KeyRange ALL = new KeyRange(0, -1L);

    /**
     * Checks the order of the bounds.
     *
     * @throws IllegalArgumentException when low is above high, unsigned
     */
    public KeyRange {
        if (Long.compareUnsigned(low, high) > 0) {
            throw new IllegalArgumentException("low " + Long.toHexString(low) + " > high " + Long.toHexString(high));
        }
    }

    /**
     * Tells whether a key hash lies in this range.
     *
     * @param keyHash unsigned
     * @return true when low ≤ keyHash ≤ high
     */
    public boolean contains(final long keyHash) {
        return contains(low, high, keyHash);
    }

    /**
     * Tells whether a key hash lies in a range that is not an object.
     *
     * @param low unsigned
     * @param high unsigned, inclusive
     * @param keyHash unsigned
     * @return true when low ≤ keyHash ≤ high
     */
    public static boolean contains(final long low, final long high, final long keyHash) {
        return Long.compareUnsigned(low, keyHash) <= 0 && Long.compareUnsigned(keyHash, high) <= 0;
    }

    /**
     * Splits the whole space into equal parts.
     *
     * @param count 1 or more
     * @return the parts in order; their sizes differ by one at most
     */
    public static KeyRange[] split(final int count) {
        final KeyRange[] ranges = new KeyRange[count];
        for (int i = 0; i < count; i++) {
            ranges[i] = new KeyRange(low(i, count), high(i, count));
        }
        return ranges;
    }

    /**
     * Returns the smallest hash of one of {@code count} equal parts: ⌈index · 2⁶⁴ / count⌉.
     *
     * @param index 0 to count - 1
     * @param count 1 or more
     * @return unsigned
     */
    public static long low(final int index, final int count) {
        if (count < 1 || index < 0 || index >= count) {
            throw new IllegalArgumentException("part " + index + " of " + count);
        }
        if (index == 0) {
            return 0;
        }
        // 2^64 = quotient * count + remainder, from 2^64 - 1, the largest number there is; count >= 2 here.
        long quotient = Long.divideUnsigned(-1L, count);
        long remainder = Long.remainderUnsigned(-1L, count) + 1;
        if (remainder == count) {
            quotient++;
            remainder = 0;
        }
        return index * quotient + (index * remainder + count - 1) / count;
    }

    /**
     * Returns the largest hash of one of {@code count} equal parts.
     *
     * @param index 0 to count - 1
     * @param count 1 or more
     * @return unsigned, inclusive
     */
    public static long high(final int index, final int count) {
        return index == count - 1 ? -1L : low(index + 1, count) - 1;
    }

    /**
     * Finds the one of {@code count} equal parts that holds a hash: ⌊keyHash · count / 2⁶⁴⌋. Allocation-free.
     *
     * @param keyHash unsigned
     * @param count 1 or more
     * @return 0 to count - 1
     */
    public static int indexOf(final long keyHash, final int count) {
        // High half of the unsigned product, by 32-bit halves: Math.unsignedMultiplyHigh comes with Java 18.
        final long carry = ((keyHash & 0xFFFF_FFFFL) * count) >>> 32;
        return (int) (((keyHash >>> 32) * count + carry) >>> 32);
    }
}
