package io.millrace.perf.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class StallTimesTest {
    private static final long MS = 1_000_000;

    @Test
    void shouldTellChangesAndNothingApart() {
        final StallTimes times = new StallTimes();
        times.add("add", 40 * MS);
        times.add("drain", 60 * MS);
        times.add("drain", 80 * MS);
        times.addCalm(7 * MS);
        assertEquals(
                "{\"p50\":60,\"p90\":80,\"p99\":80,\"max\":80}", times.toJson().toString());
        assertEquals(
                "{\"p50\":7,\"p90\":7,\"p99\":7,\"max\":7}", times.calmJson().toString());
        assertTrue(times.byChangeJson()
                .toString()
                .contains("\"drain\":{\"p50\":60,\"p90\":80,\"p99\":80,\"max\":80,\"count\":2}"));
        assertTrue(times.draw().contains("all changes"), times.draw());
    }

    @Test
    void shouldTakeTheLongestOfFewerThanAHundredAsTheirP99() {
        final StallTimes times = new StallTimes();
        for (int i = 1; i <= 99; i++) {
            times.add("add", i * MS);
        }
        assertTrue(
                times.toJson().toString().contains("\"p99\":99,"),
                times.toJson().toString());
        times.add("add", 500 * MS);
        assertTrue(
                times.toJson().toString().contains("\"p99\":99,"),
                times.toJson().toString());
    }
}
