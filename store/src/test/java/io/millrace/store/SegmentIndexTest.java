package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class SegmentIndexTest {
    private final IndexArena arena = new IndexArena(false);
    private final SegmentIndex index = new SegmentIndex(arena);

    @Test
    void shouldAddAnEntryWhenThirtyTwoPositionsHavePassed() {
        index.onAppend(0, 10);
        index.onAppend(100, 41);
        index.onAppend(200, 42);
        index.onAppend(300, 43);
        assertEquals(2, index.count());
        assertEquals(0, index.find(0));
        assertEquals(0, index.find(199));
        assertEquals(1, index.find(200));
        assertEquals(1, index.find(1000));
        assertEquals(-1, index.find(-1));
        assertEquals(42, index.position(1));
        assertFalse(index.hasFragments());
    }

    @Test
    void shouldForceEntriesWhenFragmentsComplete() {
        index.onAppend(0, 10);
        index.onFragment(100, 11);
        index.onFragment(150, 14);
        index.onAppend(200, 15);
        index.onAppend(220, 16);
        assertEquals(4, index.count());
        assertTrue(index.hasFragments());
        assertTrue(index.isFragment(1));
        assertFalse(index.isFragment(3));
        assertEquals(14, index.position(2));
        assertEquals(2, index.find(199));
        assertEquals(3, index.find(230));
    }

    @Test
    void shouldFindEveryEntryWhenTreeHasThreeLevels() {
        final int count = 140_000;
        final SegmentIndex second = new SegmentIndex(arena);
        for (int i = 0; i < count; i++) {
            index.onAppend(i * 10L, 1 + i * 32L);
            second.onAppend(i * 7L, 2 + i * 32L);
        }
        assertEquals(count, index.count());
        assertEquals(2L * count, arena.entryCount());
        for (int i = 0; i < count; i++) {
            assertEquals(i, index.find(i * 10L + 3));
            assertEquals(1 + i * 32L, index.position(i));
            assertEquals(i * 7L, second.offset(i));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> index.offset(count));
        assertThrows(IndexOutOfBoundsException.class, () -> index.offset(-1));
    }

    @Test
    void shouldUseBlocksAgainWhenAnIndexIsReleased() {
        for (int i = 0; i < 5000; i++) {
            index.onAppend(i, 1 + i * 32L);
        }
        final int used = arena.take();
        index.release();
        assertEquals(0, arena.entryCount());
        assertEquals(-1, index.find(0));
        for (int i = 0; i < 5000; i++) {
            index.onAppend(i * 3L, 1 + i * 32L);
        }
        assertTrue(arena.take() == used + 1, "released blocks went first");
        for (int i = 0; i < 5000; i++) {
            assertEquals(i * 3L, index.offset(i));
        }
    }

    @Test
    void shouldCountLikeAnIndexWithMemoryWhenArenaOnlyCounts() {
        final SegmentIndex counting = new SegmentIndex(new IndexArena(true));
        for (int i = 0; i < 500; i++) {
            final long position = 1 + i * 5L;
            if (i % 50 == 49) {
                counting.onFragment(i, position);
                index.onFragment(i, position);
            } else {
                counting.onAppend(i, position);
                index.onAppend(i, position);
            }
        }
        assertEquals(index.count(), counting.count());
        assertEquals(index.stateHash(false), counting.stateHash(false));
    }

    @Test
    void shouldWorkLikeAnIndexThatWasTruncatedWhenRestoredBehindAHole() {
        final int[] starts = {0, 1, 31, 32, 33, 2047, 2048, 2080, 5000, 131_071, 131_072, 140_000};
        for (final int start : starts) {
            for (final int held : new int[] {0, 1, 40, 3000}) {
                final SegmentIndex live = new SegmentIndex(arena);
                for (int i = 0; i < start + held; i++) {
                    live.onAppend(i * 10L, 1 + i * 32L);
                }
                live.truncateTo(start);
                index.restoreCounts(live.count(), live.newestPosition(), live.forceNext(), live.hasFragments());
                index.restoreFrom(start);
                for (int i = start; i < start + held; i++) {
                    index.restoreEntry(live.offset(i), live.positionAndFlag(i));
                }
                assertAlike(live);
                final int more = 5000;
                for (int i = start + held; i < start + held + more; i++) {
                    live.onAppend(i * 10L, 1 + i * 32L);
                    index.onAppend(i * 10L, 1 + i * 32L);
                }
                assertAlike(live);
                assertEquals(-1, index.find(start * 10L - 1));
                for (int first = start; first < live.count(); first += 1 + (first - start) / 2) {
                    live.truncateTo(first);
                    index.truncateTo(first);
                    assertAlike(live);
                }
                live.release();
                index.release();
                assertEquals(0, arena.entryCount());
                assertEquals(0, arena.blockCount(), "blocks of an index restored at " + start);
            }
        }
    }

    private void assertAlike(final SegmentIndex live) {
        assertEquals(live.first(), index.first());
        assertEquals(live.count(), index.count());
        assertEquals(live.stateHash(true), index.stateHash(true));
        for (int i = live.first(); i < live.count(); i += 7) {
            assertEquals(i, index.find(i * 10L + 9));
        }
    }
}
