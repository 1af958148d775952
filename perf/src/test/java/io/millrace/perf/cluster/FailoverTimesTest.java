package io.millrace.perf.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class FailoverTimesTest {
    private static final long MS = 1_000_000;

    @Test
    void shouldTakeTheSmallestValueThatSoManyDoNotExceed() {
        assertEquals(0, FailoverTimes.percentile(List.of(), 50));
        assertEquals(7, FailoverTimes.percentile(List.of(7L), 50));
        assertEquals(2, FailoverTimes.percentile(List.of(4L, 1L, 3L, 2L), 50));
        assertEquals(4, FailoverTimes.percentile(List.of(4L, 1L, 3L, 2L), 90));
        assertEquals(4, FailoverTimes.percentile(List.of(4L, 1L, 3L, 2L), 100));
    }

    @Test
    void shouldTellFaultsAndRolesApart() {
        final FailoverTimes times = new FailoverTimes();
        times.add("kill", "head", 900 * MS);
        times.add("kill", "tail", 1_100 * MS);
        times.add("kill", "tail", 5_000 * MS);
        assertEquals(3, times.count());
        assertEquals("{\"p50\":1100,\"p90\":5000,\"max\":5000}", times.toJson().toString());
        assertTrue(times.byKindJson()
                .toString()
                .contains("\"kill head\":{\"p50\":900,\"p90\":900,\"max\":900,\"count\":1}"));
        assertTrue(times.draw().contains("kill tail"), times.draw());
    }

    @Test
    void shouldDrawNothingOfNothing() {
        assertTrue(new FailoverTimes().draw().startsWith("fault -> next acknowledgement, 0 times:"));
    }
}
