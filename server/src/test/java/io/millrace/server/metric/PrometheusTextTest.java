package io.millrace.server.metric;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link PrometheusText}: what it writes is read by a strict parser, and by promtool where it is installed. */
@Timeout(30)
final class PrometheusTextTest {
    private static final List<Metric> METRICS = List.of(
            new Metric("sessions", MetricKind.GAUGE, "Open sessions"),
            new Metric("journal.written.bytes", MetricKind.COUNTER, "Bytes handed to the device"),
            new Metric("journal.io.stall.longest.ns", MetricKind.GAUGE, "Oldest age of a stalled write"),
            Metric.bucket("append.journal.time", 8_192, "Time of an append"),
            Metric.bucket("append.journal.time", 16_384, "Time of an append"),
            Metric.bucket("append.journal.time", Long.MAX_VALUE, "Time of an append"),
            Metric.sum("append.journal.time", "Time of an append"));

    @Test
    void shouldUseBaseUnitsAndSuffixesWhenMetricsAreWritten() {
        final MetricTable table = table(3, 4_096, 25_000_000, 1, 2, 4, 1_500_000_000);
        final Map<String, String> samples = PrometheusParser.parse(PrometheusText.of("1.2.3", table));
        assertEquals("1", samples.get("millrace_build_info{version=\"1.2.3\"}"));
        assertEquals("3", samples.get("millrace_sessions"));
        assertEquals("4096", samples.get("millrace_journal_written_bytes_total"));
        assertEquals("0.025", samples.get("millrace_journal_io_stall_longest_seconds"));
        final String time = "millrace_append_journal_time_seconds";
        assertEquals("1", samples.get(time + "_bucket{le=\"8.192E-6\"}"));
        assertEquals("3", samples.get(time + "_bucket{le=\"1.6384E-5\"}"));
        assertEquals("7", samples.get(time + "_bucket{le=\"+Inf\"}"));
        assertEquals("1.5", samples.get(time + "_sum"));
        assertEquals("7", samples.get(time + "_count"));
    }

    @Test
    void shouldPleasePromtoolWhenItIsInstalled() throws Exception {
        final String text = PrometheusText.of("1.2.3", table(3, 4_096, 25_000_000, 1, 2, 4, 1_500_000_000));
        PrometheusParser.assertAccepted(text);
        assertTrue(text.endsWith("\n"));
        assertEquals(text.length(), text.getBytes(UTF_8).length, "plain ASCII");
    }

    private static MetricTable table(final long... values) {
        final MetricTable table = new MetricTable(METRICS);
        for (int i = 0; i < values.length; i++) {
            table.set(i, values[i]);
        }
        return table;
    }
}
