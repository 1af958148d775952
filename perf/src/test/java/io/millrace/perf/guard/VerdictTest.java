package io.millrace.perf.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.report.JsonFields;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The judgement over pairs. */
@Timeout(30)
final class VerdictTest {
    private static Verdict.Pair pair(final double base, final double fresh) {
        return new Verdict.Pair(new Sample(base, 2 * base, 1, false), new Sample(fresh, 4 * base, 1, false));
    }

    private static Verdict.Pair garbage(final double base, final double fresh) {
        return new Verdict.Pair(new Sample(100, 200, base, false), new Sample(100, 200, fresh, false));
    }

    private static Verdict verdict(final Verdict.Pair... pairs) {
        return new Verdict("latency", List.of(pairs), 1.05, false);
    }

    @Test
    void shouldJudgeEachPairForItselfWhenTheMachineDrifts() {
        // Medians of each side alone would say 1.9: the machine got slower from pair to pair, the code did not.
        final Verdict verdict = verdict(pair(100, 101), pair(150, 149), pair(200, 190), pair(290, 292), pair(400, 400));
        assertEquals(1.0, verdict.p50().median(), 1e-9);
        assertEquals(0.95, verdict.p50().least(), 1e-9);
        assertEquals(1.01, verdict.p50().greatest(), 1e-9);
        assertEquals(2.0, verdict.p99().median(), 1e-9);
        assertTrue(verdict.isPassed(), "the 99th percentile is told, not judged");
    }

    @Test
    void shouldFailWhenTheMedianOfTheRatiosIsAboveTheLimit() {
        assertFalse(verdict(pair(100, 106), pair(100, 107), pair(100, 90)).isPassed());
        assertTrue(verdict(pair(100, 105), pair(100, 120), pair(100, 90)).isPassed());
    }

    @Test
    void shouldFailOnlyWhenEveryPairIsSlowerIfItTakesNanoseconds() {
        final List<Verdict.Pair> mixed = List.of(pair(100, 120), pair(100, 120), pair(100, 99));
        assertTrue(new Verdict("piece", mixed, 1.05, true).isPassed());
        assertFalse(new Verdict("piece", mixed, 1.05, false).isPassed());
        assertFalse(
                new Verdict("piece", List.of(pair(100, 120), pair(100, 101), pair(100, 108)), 1.05, true).isPassed());
    }

    @Test
    void shouldFailWhenAnEventMakesMoreGarbage() {
        assertTrue(
                verdict(garbage(0.2, 0.9), garbage(0.2, 5), garbage(0.2, 0.1)).isPassed());
        final Verdict failed = verdict(garbage(0, 16), garbage(0, 16), garbage(0, 0));
        assertFalse(failed.isPassed());
        assertTrue(failed.toString().contains("FAIL, more garbage"), failed::toString);
        assertTrue(verdict(garbage(Double.NaN, 16)).isPassed(), "unknown is not more");
    }

    @Test
    void shouldTellEverythingWhenWrittenAsJson() {
        final JsonFields json = JsonFields.parse(
                verdict(pair(100, 110), pair(200, 220)).toJson().toString());
        assertEquals("1.1", json.get("ratio.p50"));
        assertEquals("2", json.get("ratio.p99"));
        assertEquals("1.05", json.get("limit"));
        assertEquals("2", json.get("pairs"));
        assertEquals("false", json.get("disturbed"));
        assertEquals("1", json.get("allocatedBytesPerEvent.base"));
        assertEquals("1", json.get("allocatedBytesPerEvent.new"));
        assertEquals("false", json.get("pass"));
    }

    @Test
    void shouldReadWhatTheCommandsPrint() {
        final Sample latency = Sample.ofLatency(JsonFields.parse("{\"ackLatencyMicros\":{\"p50\":114.2,\"p99\":900},"
                + "\"allocatedBytesPerEvent\":{\"client\":0.5,\"node\":0.25},\"disturbed\":true}"));
        assertEquals(new Sample(114.2, 900, 0.75, true), latency);
        final Sample old = Sample.ofLatency(JsonFields.parse("{\"ackLatencyMicros\":{\"p50\":1,\"p99\":2}}"));
        assertTrue(Double.isNaN(old.allocatedBytes()));
        final Sample piece = Sample.ofBenchmark(
                JsonFields.parse("{\"rows\":[{\"benchmark\":\"A.b\",\"p50\":2.5,\"p99\":3,"
                        + "\"allocatedBytesPerOperation\":0}]}"),
                0);
        assertEquals(new Sample(2.5, 3, 0, false), piece);
        assertThrows(IllegalArgumentException.class, () -> Sample.ofLatency(JsonFields.parse("{}")));
        assertThrows(
                IllegalArgumentException.class,
                () -> Sample.ofLatency(JsonFields.parse("{\"ackLatencyMicros\":{\"p50\":0,\"p99\":1}}")));
    }
}
