package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class SegmentTableTest {
    private final IndexArena arena = new IndexArena(true);

    @Test
    void shouldForgetTheOldestWhenTooManyTombstones() {
        final SegmentTable table = new SegmentTable();
        final int excess = 100;
        for (int i = 0; i < SegmentTable.MAX_TOMBSTONES + excess; i++) {
            final Segment segment = new Segment(i / 7, i, 0, -1, i, arena);
            table.add(segment);
            segment.advance(Segment.State.DELETED, i);
            table.onDeleted(segment);
        }
        for (int i = 0; i < SegmentTable.MAX_TOMBSTONES + excess; i++) {
            if (i < excess) {
                assertNull(table.find(i / 7, i));
            } else {
                assertNotNull(table.find(i / 7, i));
            }
        }
        assertEquals(0, table.liveCount());
        final SegmentTable copy = new SegmentTable();
        copy.copyFrom(table, arena);
        assertEquals(table.stateHash(false), copy.stateHash(false));
    }
}
