package io.millrace.perf.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class WriteStallTest {
    private final WriteStall stall = new WriteStall(1_000, 2);

    @Test
    void shouldTakeTheLongestWaitOfEachSegment() {
        stall.onAck(0, 1_100, 1_150);
        stall.onAck(0, 1_200, 1_900);
        stall.onAck(0, 1_300, 1_901);
        stall.onAck(1, 1_100, 1_130);
        assertEquals(700, stall.longestNs(0));
        assertEquals(30, stall.longestNs(1));
    }

    @Test
    void shouldCountFromTheBeginningWhatWasDueBefore() {
        stall.onAck(0, 200, 1_050);
        assertEquals(50, stall.longestNs(0));
    }

    @Test
    void shouldCountWhatWasDueBeforeTheEndAndIsAcknowledgedBehindIt() {
        stall.onAck(0, 1_100, 1_150);
        stall.end(2_000);
        assertFalse(stall.isOver());
        stall.onAck(0, 1_999, 2_999);
        assertFalse(stall.isOver(), "events that were due before the end may still wait");
        stall.onAck(0, 2_000, 9_999);
        stall.onAck(1, 2_001, 2_002);
        assertTrue(stall.isOver());
        assertEquals(1_000, stall.longestNs(0));
        assertEquals(0, stall.longestNs(1));
    }

    @Test
    void shouldNotBeOverBeforeItsEnd() {
        stall.onAck(0, 1_100, 1_150);
        stall.onAck(1, 1_100, 1_150);
        assertFalse(stall.isOver());
    }
}
