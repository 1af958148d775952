package io.millrace.perf.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.process.ProcessUse;
import io.millrace.perf.process.UseOverTime;
import io.millrace.perf.report.JsonFields;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a soak's reader is told of holes, repeats and strangers; and whether a process grows. */
@Timeout(20)
final class RisingCheckTest {
    private final RisingCheck check = new RisingCheck(new long[] {0, 5});

    @Test
    void shouldBeCleanWhenEveryKeyGoesOnFromWhereItBegan() {
        check.onEvent(1, 5);
        check.onEvent(0, 0);
        check.onEvent(1, 6);
        assertTrue(check.isClean());
        assertEquals(3, check.readBack());
        assertEquals(1, check.next()[0]);
        assertEquals(7, check.next()[1]);
        assertEquals(0, check.missing(new long[] {1, 7}));
        assertEquals(4, check.missing(new long[] {3, 9}));
    }

    @Test
    void shouldCountWhatIsMissingWhenAnEventIsLeftOut() {
        check.onEvent(1, 8);
        assertEquals(3, check.lost());
        assertFalse(check.isClean());
    }

    @Test
    void shouldCountRepeatWhenAnEventComesTwiceOrFromBeforeTheCut() {
        check.onEvent(1, 4);
        check.onEvent(0, 0);
        check.onEvent(0, 0);
        assertEquals(2, check.repeated());
        assertFalse(check.isClean());
    }

    @Test
    void shouldCountDamageWhenNobodyWroteTheEvent() {
        check.onEvent(2, 0);
        check.onEvent(-1, 0);
        check.onEvent(0, -1);
        check.onDamagedEvent();
        assertEquals(4, check.damaged());
        assertEquals(4, check.readBack());
    }

    @Test
    void shouldTellGrowthWhenTheLastThirdHoldsMore() {
        final UseOverTime flat = new UseOverTime();
        final UseOverTime memory = new UseOverTime();
        final UseOverTime descriptors = new UseOverTime();
        for (int i = 0; i < 9; i++) {
            flat.add(new ProcessUse(200L << 20, 90 + i % 2, 20));
            memory.add(new ProcessUse((200L + 5L * i) << 20, 90, 20));
            descriptors.add(new ProcessUse(200L << 20, 90 + i, 20));
        }
        assertTrue(flat.isFlat());
        assertFalse(memory.isFlat());
        assertFalse(descriptors.isFlat());
        assertEquals("205", JsonFields.parse(memory.toJson().toString()).get("residentMiBFirst"));
    }
}
