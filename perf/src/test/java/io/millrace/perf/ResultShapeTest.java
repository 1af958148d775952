package io.millrace.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.limit.Limit;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.HistogramPicture;
import io.millrace.perf.report.JsonFields;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** JSON, medians, pictures. */
@Timeout(20)
final class ResultShapeTest {
    @Test
    void shouldNamePercentilesAsPromisedWhenWritten() {
        final Histogram histogram = OpenLoop.newHistogram();
        for (int i = 1; i <= 100_000; i++) {
            histogram.recordValue(i * 1_000L);
        }
        final JsonFields json = JsonFields.parse(new JsonObject()
                .put("ackLatencyMicros", Percentiles.of(histogram).toJson())
                .toString());
        assertEquals(50_000, Double.parseDouble(json.get("ackLatencyMicros.p50", "")), 50);
        assertEquals(90_000, Double.parseDouble(json.get("ackLatencyMicros.p90", "")), 90);
        assertEquals(99_000, Double.parseDouble(json.get("ackLatencyMicros.p99", "")), 99);
        assertEquals(99_900, Double.parseDouble(json.get("ackLatencyMicros.p99_9", "")), 100);
        assertEquals(99_990, Double.parseDouble(json.get("ackLatencyMicros.p99_99", "")), 100);
        assertEquals(100_000, Double.parseDouble(json.get("ackLatencyMicros.max", "")), 100);
    }

    @Test
    void shouldSurviveRoundTripWhenTextNeedsEscapes() {
        final String nasty = "a\"b\\c\nd\u0001e/é";
        final JsonFields json = JsonFields.parse(new JsonObject()
                .put("text", nasty)
                .put("whole", -7L)
                .put("third", 1.0 / 3)
                .put("small", -0.0004)
                .put("minus", -0.5)
                .put("unknown", Double.NaN)
                .put("yes", true)
                .toString());
        assertEquals(nasty, json.get("text"));
        assertEquals(-7, json.number("whole", 0));
        assertEquals("0.333", json.get("third"));
        assertEquals("0", json.get("small"));
        assertEquals("-0.5", json.get("minus"));
        assertNull(json.get("unknown"));
        assertEquals("true", json.get("yes"));
    }

    @Test
    void shouldRefuseWhenJsonIsCutOff() {
        for (final String text :
                List.of("", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":\"\\u00", "[1]", "{\"a\":}")) {
            assertThrows(IllegalArgumentException.class, () -> JsonFields.parse(text), text);
        }
    }

    @Test
    void shouldReadNestedFieldsWhenNodeIsReady() {
        final JsonFields ready = JsonFields.parse(
                "{\"endpoint\": \"127.0.0.1:1\", \"journal\":{\"backend\":\"uring\",\"list\":[1,{\"a\":2}]}, \"n\":null}");
        assertEquals("uring", ready.get("journal.backend"));
        assertEquals("2", ready.get("journal.list.1.a"));
        assertNull(ready.get("n"));
    }

    @Test
    void shouldTakeMedianOfEachPercentileWhenRunsDiffer() {
        final Percentiles median = Percentiles.median(List.of(
                new Percentiles(1, 9, 1, 1, 1, 1),
                new Percentiles(3, 8, 2, 1, 1, 1),
                new Percentiles(2, 7, 9, 1, 1, 1)));
        assertEquals(2, median.p50());
        assertEquals(8, median.p90());
        assertEquals(2, median.p99());
        assertEquals(1.5, Percentiles.median(List.of(1.0, 2.0), value -> value));
    }

    @Test
    void shouldJudgeUndisturbedRunsWhenThereAreSome() {
        final RunResult calm = run(100, 0.01);
        final RunResult noisy = run(200, 0.30);
        final RunResult louder = run(300, 0.60);
        assertEquals(List.of(noisy, calm), RunResult.judged(List.of(louder, noisy, calm), 2));
        assertTrue(new RunReport(List.of(noisy, calm)).isDisturbed());
        assertFalse(new RunReport(List.of(calm)).isDisturbed());
    }

    @Test
    void shouldDivideByLimitWhenLimitWasMeasured() {
        final Histogram roundTrip = OpenLoop.newHistogram();
        roundTrip.recordValue(10_000);
        final Histogram write = OpenLoop.newHistogram();
        write.recordValue(90_000);
        final Limit limit = new Limit(roundTrip, write, 0);
        final RunResult run = run(120_000, 0);
        final RunReport report = new RunReport(List.of(new RunResult(run.phase(), limit, 0, 0, 0, "")));
        assertEquals(100, report.limitMicros(50), 0.2);
        assertEquals(1.2, report.ratio(50), 0.01);
    }

    @Test
    void shouldCompareEachRunWithItsOwnLimitWhenDeviceDrifts() {
        final RunReport report = new RunReport(
                List.of(runBeside(110_000, 100_000), runBeside(240_000, 200_000), runBeside(300_000, 150_000)));
        assertEquals(1.2, report.ratio(50), 0.01);
    }

    @Test
    void shouldLeaveFioOutWhenItWasNotRun() {
        assertEquals(
                "  depth 8                journal     34,797.0 /s",
                JournalReport.line("depth 8", "/s", 34_797, Double.NaN, Double.NaN));
        assertEquals(
                "  depth 8                journal     34,797.0 /s    fio     28,422.0 /s    ratio 1.22",
                JournalReport.line("depth 8", "/s", 34_797, 28_422, 1.22));
    }

    @Test
    void shouldAddPartsOfRun() {
        final OpenLoop.Phase first = run(100_000, 0).phase();
        final OpenLoop.Phase both = first.with(run(300_000, 0).phase());
        assertEquals(2 * first.eventCount(), both.eventCount());
        assertEquals(2 * first.acknowledgedCount(), both.acknowledgedCount());
        assertEquals(2 * first.elapsedNs(), both.elapsedNs());
        assertEquals(2 * first.histogram().getTotalCount(), both.histogram().getTotalCount());
        assertEquals(first.achievedRate(), both.achievedRate(), 1e-6);
    }

    private static RunResult runBeside(final long latencyNs, final long limitNs) {
        final Histogram roundTrip = OpenLoop.newHistogram();
        roundTrip.recordValue(limitNs / 10);
        final Histogram write = OpenLoop.newHistogram();
        write.recordValue(limitNs - limitNs / 10);
        return run(latencyNs, 0).with(new Limit(roundTrip, write, 0));
    }

    @Test
    void shouldPutWordsElsewhereWhenJsonIsWanted() {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        terminal.json(true);
        terminal.say("words");
        terminal.progress("never");
        terminal.result(new JsonObject().put("a", 1));
        assertEquals("{\"a\":1}\n", out.toString(StandardCharsets.UTF_8));
        assertEquals("words\n", err.toString(StandardCharsets.UTF_8));
    }

    @Test
    void shouldCountAllEventsWhenDrawn() {
        final Histogram histogram = OpenLoop.newHistogram();
        histogram.recordValueWithCount(90_000, 900);
        histogram.recordValueWithCount(2_000_000, 99);
        histogram.recordValueWithCount(3_000_000_000L, 1);
        final List<String> lines = HistogramPicture.draw(histogram).lines().toList();
        assertEquals(14, lines.size());
        assertTrue(lines.get(0).contains("900") && lines.get(0).contains("90.0000 %"), lines.get(0));
        assertTrue(lines.get(13).contains("100.0000 %") && lines.get(13).contains("3.00 s"), lines.get(13));
        assertEquals("  (no events)\n", HistogramPicture.draw(OpenLoop.newHistogram()));
    }

    private static RunResult run(final long latencyNs, final double others) {
        final Histogram histogram = OpenLoop.newHistogram();
        histogram.recordValue(latencyNs);
        return new RunResult(new OpenLoop.Phase(histogram, 1, 1, 1, 1, 0), null, others, 0, 0, "");
    }
}
