package io.millrace.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Runs of moved positions, against a map of positions. */
@Timeout(60)
final class MovedPositionsTest {
    private static final int POSITIONS = 3_000;

    @Test
    void shouldFindWhateverWasMovedWhenPositionsAreMovedAgainAndForgotten() {
        for (int seed = 0; seed < 20; seed++) {
            final Random random = new Random(seed);
            final MovedPositions moved = new MovedPositions();
            final TreeMap<Long, Long> expected = new TreeMap<>();
            for (int step = 0; step < 400; step++) {
                final long address = 65_536L + 4096L * step;
                final long from = 1L + random.nextInt(POSITIONS);
                if (random.nextInt(8) == 0) {
                    final long to = from + random.nextInt(200);
                    moved.remove(from, to);
                    expected.subMap(from, true, to, true).clear();
                } else {
                    final int stride = 1 + random.nextInt(3);
                    for (int i = random.nextInt(60); i > 0; i--) {
                        final long position = from + (long) stride * i; // downwards, too
                        moved.put(position, address, step);
                        expected.put(position, address);
                    }
                    for (int i = random.nextInt(60); i > 0; i--) {
                        final long position = from + (long) stride * (60 - i);
                        moved.put(position, address, step);
                        expected.put(position, address);
                    }
                }
            }
            assertEqual(expected, moved);
            assertTrue(moved.runCount() > 200 && moved.chunkCount() > 1, () -> moved.runCount() + " runs");
        }
    }

    private static void assertEqual(final NavigableMap<Long, Long> expected, final MovedPositions moved) {
        for (long position = 0; position < 2L * POSITIONS; position++) {
            assertEquals(expected.getOrDefault(position, -1L), moved.addressOf(position), "position " + position);
            final Map.Entry<Long, Long> next = expected.ceilingEntry(position);
            assertEquals(next == null ? MovedPositions.NONE : next.getKey(), moved.ceiling(position));
            assertEquals(next != null, moved.seek(position));
        }
        long count = 0;
        for (long from = 0; moved.seek(from); from = moved.last() + 1) {
            for (long position = moved.first(); position <= moved.last(); position++) {
                assertEquals(moved.address(), Objects.requireNonNull(expected.get(position)));
                count++;
            }
        }
        assertEquals(expected.size(), count);
    }
}
