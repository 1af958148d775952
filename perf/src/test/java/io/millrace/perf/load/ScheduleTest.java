package io.millrace.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is due when. */
@Timeout(20)
final class ScheduleTest {
    private static final long START_NS = 5_000;

    @Test
    void shouldBeDueOneByOneWhenTimePasses() {
        final Schedule schedule = new Schedule(START_NS, 1_000_000, 3);
        assertEquals(0, schedule.dueCount(START_NS - 1));
        assertEquals(1, schedule.dueCount(START_NS));
        assertEquals(1, schedule.dueCount(START_NS + 999));
        assertEquals(2, schedule.dueCount(START_NS + 1_000));
        assertEquals(3, schedule.dueCount(START_NS + 2_000));
    }

    @Test
    void shouldNotExceedEventCountWhenTimeIsOver() {
        assertEquals(3, new Schedule(START_NS, 1_000_000, 3).dueCount(Long.MAX_VALUE / 2));
    }

    @Test
    void shouldNotDriftWhenIntervalIsNoWholeNumber() {
        final Schedule schedule = new Schedule(0, 3_000_000, 3_000_000_000L);
        assertEquals(1e9, (double) schedule.scheduledNs(3_000_000), 1);
        assertEquals(1e12, (double) schedule.scheduledNs(3_000_000_000L), 1_000);
    }

    @Test
    void shouldBeDueNoEarlierThanScheduledWhenRateIsOdd() {
        final Schedule schedule = new Schedule(START_NS, 777_777, 1_000_000);
        for (long nowNs = START_NS; nowNs < START_NS + 3_000_000; nowNs += 997) {
            final long due = schedule.dueCount(nowNs);
            assertTrue(schedule.scheduledNs(due - 1) <= nowNs + 1, "at " + nowNs);
            assertTrue(schedule.scheduledNs(due) >= nowNs, "at " + nowNs);
        }
    }

    @Test
    void shouldRefuseWhenRateIsNotPositive() {
        assertThrows(IllegalArgumentException.class, () -> new Schedule(0, 0, 1));
        assertThrows(IllegalArgumentException.class, () -> new Schedule(0, Double.NaN, 1));
        assertThrows(IllegalArgumentException.class, () -> new Schedule(0, 1, -1));
    }
}
