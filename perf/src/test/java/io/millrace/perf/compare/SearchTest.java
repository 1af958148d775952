package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.load.OpenLoop;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The search ends at the highest rate that holds. */
@Timeout(20)
final class SearchTest {
    private final List<Double> tried = new ArrayList<>();

    @Test
    void shouldEndBelowTheKneeWhenThereIsOne() {
        final OpenLoop.Phase found = search(1_000_000, 1_000_000).run(8, 1e9, Long.MAX_VALUE);
        assertTrue(Search.holds(found));
        assertTrue(found.ratePerSecond() <= 1_000_000);
        assertTrue(found.ratePerSecond() > 1_000_000 / 1.36);
    }

    @Test
    void shouldGoBackWhenARateHoldsForASecondOnly() {
        final OpenLoop.Phase found = search(1_000_000, 500_000).run(8, 1e9, Long.MAX_VALUE);
        assertTrue(Search.holds(found));
        assertTrue(found.ratePerSecond() <= 500_000);
        assertTrue(found.ratePerSecond() > 500_000 / 1.1, "what lies between was halved");
    }

    @Test
    void shouldFindTheRateWhenASecondTakesThreeTimesWhatTenTake() {
        final OpenLoop.Phase found = search(3_800_000, 1_300_000).run(6, 1e9, 110_000_000);
        assertTrue(Search.holds(found), "there is room for the way back");
        assertTrue(found.ratePerSecond() <= 1_300_000);
        assertTrue(found.ratePerSecond() > 1_300_000 / 1.1);
    }

    /** Two hitches in a row end the steps upwards: that is not to be the system's highest rate. */
    @Test
    void shouldGoOnUpwardsWhenTheStepsEndedByAHitch() {
        final OpenLoop.Phase found = search(100_000, 1_000_000).run(8, 1e9, Long.MAX_VALUE);
        assertTrue(Search.holds(found));
        assertTrue(found.ratePerSecond() <= 1_000_000);
        assertTrue(found.ratePerSecond() > 1_000_000 / 1.36);
    }

    @Test
    void shouldStopWhenThereIsNoRoomForAnotherAttempt() {
        final OpenLoop.Phase found = search(1_000_000, 1).run(8, 1e9, 12_000_000);
        assertFalse(Search.holds(found), "the last attempt is told as it was");
        assertEquals(1, tried.stream().filter(seconds -> seconds == 8).count());
    }

    /** Takes everything up to a knee, in long phases up to another one. */
    private Search search(final double knee, final double longKnee) {
        return new Search(
                (rate, seconds) -> {
                    tried.add(seconds);
                    final Histogram histogram = OpenLoop.newHistogram();
                    final boolean holds = rate <= (seconds > 2 ? longKnee : knee);
                    histogram.recordValueWithCount(holds ? 200_000 : 50_000_000, 1000);
                    final long events = (long) (rate * seconds);
                    return new OpenLoop.Phase(histogram, events, events, (long) (seconds * 1e9), rate, 0);
                },
                line -> {});
    }
}
