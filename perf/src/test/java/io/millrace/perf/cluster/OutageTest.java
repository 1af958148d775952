package io.millrace.perf.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class OutageTest {
    private final Outage outage = new Outage(1_000, 2);

    @Test
    void shouldIgnoreWhatWasOnItsWayWhenTheFaultHappened() {
        outage.onAck(0, 7, 1_500);
        outage.begin(10);
        outage.onAck(0, 9, 2_000);
        assertFalse(outage.isOver());
        assertEquals(-1, outage.durationNs(0));
    }

    @Test
    void shouldTakeEachSegmentsFirstAcknowledgementBehindTheFault() {
        outage.begin(10);
        outage.begin(99);
        outage.onAck(0, 10, 3_000);
        outage.onAck(0, 11, 4_000);
        assertFalse(outage.isOver(), "the other segment is still away");
        outage.onAck(1, 12, 6_000);
        assertTrue(outage.isOver());
        assertEquals(2_000, outage.durationNs(0));
        assertEquals(5_000, outage.durationNs(1));
    }

    @Test
    void shouldKeepTheLongestPauseWhenAcknowledgementsGoOn() {
        outage.begin(10);
        outage.onAck(0, 9, 1_500);
        outage.onAck(0, 10, 4_500);
        outage.onAck(0, 11, 5_000);
        outage.onAck(1, 12, 6_000);
        assertEquals(3_000, outage.longestPauseNs(0));
        assertEquals(5_000, outage.longestPauseNs(1));
    }
}
