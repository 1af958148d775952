package io.millrace.server.cli;

import io.millrace.server.json.JsonWriter;
import io.millrace.server.metric.FileMetrics;
import io.millrace.server.metric.Metric;
import io.millrace.server.metric.MetricKind;
import io.millrace.server.metric.NodeStatus;
import io.millrace.server.metric.TimeSummary;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Counters of one moment, with rates where there is an earlier one.
 *
 * <p><b>Threading:</b> immutable.
 */
final class StatReport {
    private static final double NANOS = 1e9;
    private static final int LABEL_WIDTH = 34;

    private final Map<String, Long> values = new LinkedHashMap<>();
    private final Map<String, Double> rates = new LinkedHashMap<>();
    private final List<TimeSummary> times;

    private StatReport(final FileMetrics metrics, final @Nullable FileMetrics before) {
        final double seconds = before == null ? 0 : secondsBetween(before, metrics);
        metrics.forEach((metric, value) -> take(metric, value, before, seconds));
        times = TimeSummary.of(metrics, before);
    }

    /**
     * Makes a report.
     *
     * @param metrics of now.
     * @param before of the report before, null in the first one.
     * @return the report; its times are those since the one before.
     */
    static StatReport of(final FileMetrics metrics, final @Nullable FileMetrics before) {
        return new StatReport(metrics, before != null && isSameRun(before, metrics) ? before : null);
    }

    private static boolean isSameRun(final FileMetrics before, final FileMetrics now) {
        return before.value(NodeStatus.PROCESS_ID) == now.value(NodeStatus.PROCESS_ID)
                && before.value(NodeStatus.PROCESS_START) == now.value(NodeStatus.PROCESS_START);
    }

    /** Taken from the node's own times, so that a late look makes no wrong rate. */
    private static double secondsBetween(final FileMetrics before, final FileMetrics now) {
        return (now.value(NodeStatus.UPDATED) - before.value(NodeStatus.UPDATED)) / NANOS;
    }

    private void take(final Metric metric, final long value, final @Nullable FileMetrics before, final double seconds) {
        final boolean isOfProcess = metric.label().equals(NodeStatus.PROCESS_ID)
                || metric.label().equals(NodeStatus.PROCESS_START)
                || metric.label().equals(NodeStatus.UPDATED)
                || metric.label().equals(NodeStatus.STOPPED);
        if (isOfProcess || metric.kind() == MetricKind.BUCKET || metric.kind() == MetricKind.SUM) {
            return;
        }
        values.put(metric.label(), value);
        if (metric.kind() == MetricKind.COUNTER && before != null) {
            rates.put(metric.label(), seconds > 0 ? (value - before.value(metric.label())) / seconds : 0);
        }
    }

    /**
     * Writes it for people.
     *
     * @return lines.
     */
    String text() {
        final StringBuilder out = new StringBuilder();
        values.forEach((label, value) -> {
            out.append(String.format(Locale.ROOT, "%-" + LABEL_WIDTH + "s %,18d", label, value));
            final Double rate = rates.get(label);
            if (rate != null) {
                out.append(String.format(Locale.ROOT, " %,16.1f/s", rate));
            }
            out.append('\n');
        });
        for (final TimeSummary time : times) {
            out.append(String.format(
                    Locale.ROOT,
                    "%-" + LABEL_WIDTH + "s %,18d   mean %s, p50 <= %s, p99 <= %s, p99.9 <= %s%n",
                    time.name(),
                    time.count(),
                    micros(time.meanNs()),
                    micros(time.atMostNs(0.5)),
                    micros(time.atMostNs(0.99)),
                    micros(time.atMostNs(0.999))));
        }
        return out.toString();
    }

    private static String micros(final long ns) {
        return ns == Long.MAX_VALUE ? "more" : String.format(Locale.ROOT, "%,.0f us", ns / 1e3);
    }

    /**
     * Writes it for machines.
     *
     * @param data directory of the node.
     * @param status of the node.
     * @return one object.
     */
    String json(final Path data, final NodeStatus status) {
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text).beginObject().field("data", data.toString());
        StatReport.status(json, status);
        json.name("counters").beginObject();
        values.forEach(json::field);
        json.end();
        if (!rates.isEmpty()) {
            json.name("perSecond").beginObject();
            rates.forEach((label, rate) -> json.field(label, rate.doubleValue()));
            json.end();
        }
        json.name("times").beginObject();
        for (final TimeSummary time : times) {
            json.name(time.name())
                    .beginObject()
                    .field("count", time.count())
                    .field("meanNanos", time.meanNs())
                    .field("p50AtMostNanos", time.atMostNs(0.5))
                    .field("p99AtMostNanos", time.atMostNs(0.99))
                    .field("p999AtMostNanos", time.atMostNs(0.999))
                    .end();
        }
        json.end().end();
        return text.toString();
    }

    /**
     * Writes whether the node lives.
     *
     * @param json an open object.
     * @param status of the node.
     */
    static void status(final JsonWriter json, final NodeStatus status) {
        json.name("node")
                .beginObject()
                .field("state", status.state().name())
                .field("processId", status.processId())
                .field("startedAt", Words.instant(status.startedNs()))
                .field("ageMillis", status.ageNs() / 1_000_000)
                .end();
    }
}
