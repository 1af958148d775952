package io.millrace.control.consensus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What members say of their states, in the orders in which it can come. */
@Timeout(10)
final class StateComparisonTest {
    private final StateComparison comparison = new StateComparison(3);

    @Test
    void shouldBeComparedWhenAllHaveSaidTheSame() {
        comparison.own(512, 7);
        assertTrue(comparison.isToReport(1));
        assertNull(comparison.onReport(1, 512, 7));
        assertFalse(comparison.isToReport(1));
        assertNull(comparison.onReport(0, 512, 7));
        assertEquals(0, comparison.comparedPosition());
        assertNull(comparison.onReport(2, 512, 7));
        assertEquals(512, comparison.comparedPosition());
        assertEquals(7, comparison.comparedHash());
        assertEquals(0, comparison.divergenceCount());
    }

    @Test
    void shouldSayItOnceWhenOneDiffers() {
        assertNull(comparison.onReport(0, 512, 7));
        final String difference = String.valueOf(comparison.onReport(1, 512, 8));
        assertTrue(difference.contains("512") && difference.contains("member 1 8"), difference);
        assertNull(comparison.onReport(2, 512, 7));
        assertEquals(1, comparison.divergenceCount());
        assertEquals(0, comparison.comparedPosition());
    }

    @Test
    void shouldDifferFromItselfWhenAReplayGivesAnotherState() {
        comparison.own(1024, 5);
        assertNotNull(comparison.onReport(0, 1024, 6));
        assertEquals(1, comparison.divergenceCount());
    }

    @Test
    void shouldWaitForTheNextPositionWhenAMemberWasAway() {
        assertNull(comparison.onReport(0, 512, 7));
        assertNull(comparison.onReport(1, 512, 7));
        assertNull(comparison.onReport(0, 1024, 9));
        assertNull(comparison.onReport(2, 512, 7), "too late, and no reason to alarm anybody");
        assertEquals(0, comparison.comparedPosition());
        assertNull(comparison.onReport(1, 1024, 9));
        assertNull(comparison.onReport(2, 1024, 9));
        assertEquals(1024, comparison.comparedPosition());
    }

    @Test
    void shouldIgnoreItWhenThereIsNoSuchMember() {
        assertNull(comparison.onReport(3, 512, 7));
        assertNull(comparison.onReport(-1, 512, 7));
        assertEquals(0, comparison.comparedPosition());
    }
}
