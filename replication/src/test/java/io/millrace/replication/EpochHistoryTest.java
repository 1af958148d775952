package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The valid prefix and ranges of positions, compared with what they mean. */
final class EpochHistoryTest {
    @Test
    void shouldBeTheLongestPrefixBelowEveryLaterStartWhenComparedRecordByRecord() {
        final Random random = new Random(7);
        for (int round = 0; round < 5_000; round++) {
            final EpochHistory chain = new EpochHistory();
            long epoch = 0;
            long start = 1;
            for (int i = 1 + random.nextInt(4); i > 0; i--) {
                epoch += 1 + random.nextInt(3);
                assertTrue(chain.add(epoch, start));
                start = Math.max(1, start + random.nextInt(5) - 1);
            }
            final int last = random.nextInt(12);
            final long[] epochs = new long[last + 1];
            final EpochHistory log = new EpochHistory();
            long of = 1;
            for (int position = 1; position <= last; position++) {
                of += random.nextInt(4) == 0 ? 1 + random.nextInt(3) : 0;
                epochs[position] = of;
                log.note(of, position);
            }
            long expected = 0;
            while (expected < last && isValid(chain, epochs[(int) expected + 1], expected + 1)) {
                expected++;
            }
            assertEquals(expected, chain.validPrefix(log, last), "round " + round);
        }
    }

    private static boolean isValid(final EpochHistory chain, final long epoch, final long position) {
        for (int i = 0; i < chain.size(); i++) {
            if (chain.epoch(i) > epoch && position >= chain.start(i)) {
                return false;
            }
        }
        return true;
    }

    @Test
    void shouldRefuseAPairThatDoesNotRise() {
        final EpochHistory history = new EpochHistory();
        assertTrue(history.add(2, 5));
        assertFalse(history.add(2, 6));
        assertFalse(history.add(1, 6));
        assertTrue(history.add(3, 4));
        assertEquals(2, history.size());
    }

    @Test
    void shouldHoldTheSameAsASetWhenRangesAreFilledAndCut() {
        final Random random = new Random(9);
        for (int round = 0; round < 2_000; round++) {
            final PositionRanges ranges = new PositionRanges();
            final TreeSet<Long> set = new TreeSet<>();
            long at = 1;
            for (int i = random.nextInt(5); i > 0; i--) {
                final long first = at + 1 + random.nextInt(3);
                final long last = first + random.nextInt(4);
                ranges.add(first, last);
                for (long position = first; position <= last; position++) {
                    set.add(position);
                }
                at = last + 1;
            }
            for (int i = random.nextInt(10); i > 0; i--) {
                final long position = 1L + random.nextInt(30);
                if (random.nextInt(5) == 0) {
                    ranges.truncate(position);
                    set.tailSet(position, false).clear();
                } else {
                    ranges.remove(position);
                    set.remove(position);
                }
            }
            for (long position = 0; position < 40; position++) {
                assertEquals(
                        set.contains(position), ranges.holds(position), "round " + round + " position " + position);
            }
            assertEquals(set.isEmpty(), ranges.isEmpty());
        }
    }
}
