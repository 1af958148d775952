package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Ranges tile the space, are equal but for one, and every hash is found where it belongs. */
final class KeyRangePropertyTest {
    private static final BigInteger SPACE = BigInteger.ONE.shiftLeft(64);

    @Property(tries = 300)
    void shouldTileTheSpaceWhenSplit(@ForAll @IntRange(min = 1, max = 2000) final int count) {
        final KeyRange[] ranges = KeyRange.split(count);
        assertEquals(0, ranges[0].low());
        assertEquals(-1L, ranges[count - 1].high());
        final BigInteger least = SPACE.divide(BigInteger.valueOf(count));
        for (int i = 0; i < count; i++) {
            if (i > 0) {
                assertEquals(ranges[i - 1].high() + 1, ranges[i].low());
            }
            final BigInteger size = unsigned(ranges[i].high())
                    .subtract(unsigned(ranges[i].low()))
                    .add(BigInteger.ONE);
            assertTrue(size.subtract(least).abs().compareTo(BigInteger.ONE) <= 0, "part " + i + " of " + count);
        }
    }

    @Property
    void shouldFindThePartThatContainsTheHash(@ForAll final long keyHash, @ForAll @IntRange(min = 1) final int count) {
        final int index = KeyRange.indexOf(keyHash, count);
        final KeyRange range = new KeyRange(KeyRange.low(index, count), KeyRange.high(index, count));
        assertTrue(range.contains(keyHash), Long.toHexString(keyHash) + " in " + index + " of " + count);
        assertEquals(index, KeyRange.indexOf(range.low(), count));
        assertEquals(index, KeyRange.indexOf(range.high(), count));
        assertTrue(KeyRange.ALL.contains(keyHash));
    }

    @Property
    void shouldContainNothingOutsideWhenRangeIsGiven(@ForAll final long a, @ForAll final long b) {
        final KeyRange range = Long.compareUnsigned(a, b) <= 0 ? new KeyRange(a, b) : new KeyRange(b, a);
        assertTrue(range.contains(a) && range.contains(b));
        if (range.low() != 0) {
            assertTrue(!range.contains(range.low() - 1));
        }
        if (range.high() != -1L) {
            assertTrue(!range.contains(range.high() + 1));
        }
    }

    @Example
    void shouldThrowWhenPartOrBoundsAreWrong() {
        assertThrows(IllegalArgumentException.class, () -> new KeyRange(-1L, 0));
        assertThrows(IllegalArgumentException.class, () -> KeyRange.low(4, 4));
        assertThrows(IllegalArgumentException.class, () -> KeyRange.low(-1, 4));
        assertEquals(0x4000_0000_0000_0000L, KeyRange.low(1, 4));
        assertEquals(0x5555_5555_5555_5555L, KeyRange.high(0, 3));
    }

    private static BigInteger unsigned(final long value) {
        return new BigInteger(Long.toUnsignedString(value));
    }
}
