package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

final class WriterTablePropertyTest {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    @Property(tries = 50)
    void shouldKeepEverySlotWhenEntriesComeAndGo(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> comeAndGo(seed));
    }

    private static void comeAndGo(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final WriterTable table = new WriterTable();
        final Map<Integer, Integer> slots = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            final int key = random.nextInt(900);
            final Integer slot = slots.get(key);
            assertEquals(slot == null ? WriterTable.ABSENT : slot, find(table, key));
            if (slot == null) {
                final int added = table.add(key % 3, key, key % 5, key % 2, i, 0);
                table.appended(added, key, 1);
                slots.put(key, added);
            } else if (random.nextInt(3) > 0) {
                assertTrue(table.matches(slot, key % 3, key, key % 5, key % 2));
                assertEquals(key, table.lastEventNumber(slot));
                table.remove(slot);
                slots.remove(key);
                assertTrue(!table.isUsed(slot));
            }
        }
        assertEquals(slots.size(), table.size());
        slots.forEach((key, slot) -> assertEquals(slot, find(table, key)));
    }

    @Property(tries = 20)
    void shouldHashTheSameWhenSlotsDiffer(@ForAll final long seed) {
        assertTimeoutPreemptively(DEADLINE, () -> hashWithOtherSlots(seed));
    }

    private static void hashWithOtherSlots(final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final WriterTable forwards = new WriterTable();
        final WriterTable backwards = new WriterTable();
        final long[] numbers = random.longs(40).toArray();
        for (int i = 0; i < numbers.length; i++) {
            forwards.appended(forwards.add(1, i, 2, 3, i, 0), numbers[i], 9);
            final int j = numbers.length - 1 - i;
            backwards.appended(backwards.add(1, j, 2, 3, j, 0), numbers[j], 9);
        }
        assertEquals(forwards.stateHash(), backwards.stateHash());
        backwards.appended(7, 1, 1);
        assertNotEquals(forwards.stateHash(), backwards.stateHash());
    }

    private static int find(final WriterTable table, final int key) {
        return table.find(key % 3, key, key % 5, key % 2);
    }
}
