package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.load.IntervalLog;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is written as .hlog comes back, slice by slice. */
@Timeout(20)
final class HistogramLogTest {
    private static final long MILLI = 1_000_000;

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldComeBackByTagAndTimeWhenReadAgain() throws IOException {
        final IntervalLog slices = new IntervalLog(1000 * MILLI);
        assertEquals(10, slices.size());
        slices.record(50 * MILLI, 120_000);
        slices.record(950 * MILLI, 5 * MILLI);
        slices.record(5000 * MILLI, 7 * MILLI); // due after the last slice: counted there
        final Path file = directory.resolve("a.hlog");
        try (HistogramLog log = new HistogramLog(file, "a comment")) {
            log.write("ack", slices);
            log.write("journal", slices.slice(0).copy(), 0, 1);
        }
        final Map<String, List<HistogramLog.Slice>> read = HistogramLog.read(file);
        assertEquals(List.of("ack", "journal"), List.copyOf(read.keySet()));
        final List<HistogramLog.Slice> ack = read.getOrDefault("ack", List.of());
        assertEquals(10, ack.size());
        assertEquals(0.9, ack.get(9).startSeconds(), 0.001);
        assertEquals(2, ack.get(9).histogram().getTotalCount());
        assertEquals(3, HistogramLog.sum(ack).getTotalCount());
        assertEquals(120_000.0, (double) HistogramLog.sum(ack).getValueAtPercentile(1), 200);
        assertTrue(Files.readString(file).startsWith("#a comment"), "people may read the head");
    }
}
