package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class DriverPartTest {
    private static final long ROUND_NS = 50_000_000;
    private static final long TOUCHED_NS = 5_000_000;

    private static final long WARM_NS = 200_000_000;
    private static final long NEW_NS = 400_000_000;

    private static final long SETTLED_NS = 200_000;

    private final Set<Long> settled = new HashSet<>();
    private final DriverPart<Long> part = new DriverPart<>(
            Long[]::new, Long::longValue, settled::contains, ROUND_NS, TOUCHED_NS, SETTLED_NS, WARM_NS, NEW_NS);
    private Long[] whole = LongStream.rangeClosed(1, 1000).boxed().toArray(Long[]::new);
    private long nowNs = 1;

    private Long[] turn(final long sinceNs) {
        nowNs += sinceNs;
        final Long[] chosen = part.begin(whole, nowNs);
        assertEquals(chosen.length, new HashSet<>(List.of(chosen)).size(), "each once");
        assertSame(whole, part.end(chosen));
        return chosen;
    }

    @Test
    void shouldGiveEachOneItsTurnInARoundWhenNoneIsTouched() {
        turn(0);
        final Set<Long> seen = new HashSet<>();
        int longest = 0;
        for (long passedNs = 0; passedNs < ROUND_NS; passedNs += 10_000) {
            final Long[] chosen = turn(10_000);
            longest = Math.max(longest, chosen.length);
            seen.addAll(List.of(chosen));
        }
        assertTrue(seen.size() >= 999, "" + seen.size());
        assertEquals(1, longest, "spread evenly");
    }

    private Map<Long, Integer> turns(final long durationNs) {
        final Map<Long, Integer> turnsOf = new HashMap<>();
        for (long passedNs = 0; passedNs < durationNs; passedNs += 100_000) {
            for (final Long each : turn(100_000)) {
                turnsOf.merge(each, 1, Integer::sum);
            }
        }
        return turnsOf;
    }

    @Test
    void shouldPassOverThoseAtRestInNineteenOfTwentyRounds() {
        turn(0);
        turns(NEW_NS + ROUND_NS);
        final Map<Long, Integer> atRest = turns(20 * ROUND_NS);
        assertEquals(1000, atRest.size(), "every one in twenty rounds");
        assertTrue(atRest.values().stream().allMatch(count -> count <= 2), atRest::toString);
        part.touch(700, nowNs);
        turns(2 * TOUCHED_NS);
        final Map<Long, Integer> warm = turns(WARM_NS - 3 * TOUCHED_NS);
        assertTrue(warm.getOrDefault(700L, 0) >= 3, "one that was touched just now in every round: " + warm.get(700L));
        assertTrue(warm.getOrDefault(701L, 0) <= 1, "its neighbour rests");
        turns(ROUND_NS);
        assertTrue(turns(5 * ROUND_NS).getOrDefault(700L, 0) <= 1, "it rests again");
    }

    @Test
    void shouldGiveANewOneEveryRound() {
        turn(0);
        turns(NEW_NS + ROUND_NS);
        whole = Arrays.copyOf(whole, 1001);
        whole[1000] = 5000L;
        assertTrue(turns(5 * ROUND_NS).getOrDefault(5000L, 0) >= 4);
    }

    @Test
    void shouldGiveAllTheirTurnWhenTheLastOneWasLongAgo() {
        turn(0);
        assertEquals(20, turn(1_000_000).length);
        assertEquals(1000, turn(1_000_000_000).length, "rare turns are whole ones");
        whole = Arrays.copyOf(whole, 30);
        assertEquals(30, turn(1_000_000_000).length, "never twice in one part");
    }

    @Test
    void shouldGiveATouchedOneEveryTurnWhenItWasTouchedJustNow() {
        turn(0);
        part.touch(700, nowNs);
        part.touch(5, nowNs);
        part.touch(5, nowNs);
        part.touch(123_456, nowNs);
        for (int i = 0; i < 5; i++) {
            assertTrue(List.of(turn(1_000_000)).containsAll(List.of(5L, 700L)));
            assertEquals(2, part.touchedCount());
        }
        part.touch(700, nowNs);
        turn(1_000_000);
        assertEquals(1, part.touchedCount());
        assertEquals(700L, part.touched(0));
        turn(TOUCHED_NS);
        turn(1);
        assertEquals(0, part.touchedCount());
    }

    @Test
    void shouldLetATouchedOneGoEarlierWhenItHasSettled() {
        turn(0);
        settled.add(700L);
        part.touch(700, nowNs);
        part.touch(701, nowNs);
        turn(SETTLED_NS);
        assertEquals(2, part.touchedCount(), "not at once");
        turn(1);
        assertEquals(1, part.touchedCount());
        assertEquals(701L, part.touched(0), "one that has not settled stays");
        settled.add(701L);
        turn(1);
        assertEquals(0, part.touchedCount());
        part.touch(700, nowNs);
        assertTrue(List.of(turn(1)).contains(700L), "and is back with the next touch");
    }

    @Test
    void shouldTakeNoMoreThanFitWhenManyAreTouched() {
        turn(0);
        for (long key = 1; key <= 1000; key++) {
            part.touch(key, nowNs);
        }
        assertEquals(256, part.touchedCount());
        assertEquals(256, turn(0).length);
    }

    @Test
    void shouldCarryChangesOverWhenTheAgentAddsAndRemoves() {
        turn(0);
        part.touch(3, nowNs);
        part.touch(4, nowNs);
        nowNs++;
        final Long[] chosen = part.begin(whole, nowNs);
        assertArrayEquals(new Long[] {3L, 4L}, chosen);

        whole = part.end(new Long[] {chosen[1], 2000L});

        assertEquals(1000, whole.length);
        assertTrue(!List.of(whole).contains(3L) && List.of(whole).containsAll(List.of(1L, 4L, 1000L, 2000L)));
        turn(0);
        assertEquals(1, part.touchedCount(), "the one that is gone is not touched any more");
        part.touch(2000, nowNs);
        assertTrue(List.of(turn(0)).contains(2000L));
    }

    @Test
    void shouldStartAgainWhenItWasForgotten() {
        turn(0);
        part.touch(3, nowNs);
        part.forget();
        assertEquals(0, part.touchedCount());
        part.touch(4, nowNs);
        assertEquals(0, part.touchedCount(), "nothing is known between whole turns");
        assertEquals(0, turn(ROUND_NS).length);
        part.touch(4, nowNs);
        assertTrue(List.of(turn(ROUND_NS / 20)).contains(4L), "however rare the turns are");
    }
}
