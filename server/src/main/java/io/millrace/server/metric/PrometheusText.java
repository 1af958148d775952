package io.millrace.server.metric;

import java.util.Locale;

/**
 * Writes metrics in Prometheus' text format, version 0.0.4: base units, {@code _total} behind counters, cumulative
 * buckets.
 *
 * <p><b>Threading</b>: one thread for each; made for one answer.
 */
public final class PrometheusText implements MetricSource.Visitor {
    /** What the answer of an HTTP server says of its content. */
    public static final String CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final String PREFIX = "millrace_";
    private static final double NANOSECONDS = 1e9;

    private final StringBuilder out = new StringBuilder(16 * 1024);
    private String headed = "";
    private String histogram = "";
    private long cumulative;

    private PrometheusText() {}

    /**
     * Writes everything.
     *
     * @param version of this build.
     * @param source of the metrics.
     * @return the text.
     */
    public static String of(final String version, final MetricSource source) {
        final PrometheusText text = new PrometheusText();
        text.head("millrace_build_info", "Version of this node, always 1", "gauge");
        text.out.append("millrace_build_info{version=\"").append(version).append("\"} 1\n");
        source.forEach(text);
        return text.out.toString();
    }

    @Override
    public void onMetric(final Metric metric, final long value) {
        switch (metric.kind()) {
            case COUNTER -> single(metric, value, name(metric.name()) + "_total", "counter");
            case GAUGE -> single(metric, value, name(metric.name()), "gauge");
            case BUCKET -> bucket(metric, value);
            case SUM -> sum(metric, value);
        }
    }

    private void single(final Metric metric, final long value, final String name, final String type) {
        head(name, metric.help(), type);
        out.append(name);
        if (!metric.device().isEmpty()) {
            out.append("{device=\"").append(metric.device()).append("\"}");
        }
        out.append(' ');
        if (metric.isTime()) {
            out.append(value / NANOSECONDS);
        } else {
            out.append(value);
        }
        out.append('\n');
    }

    private void bucket(final Metric metric, final long value) {
        final String name = name(metric.base()) + "_seconds";
        final String series = name + metric.device();
        if (!series.equals(histogram)) {
            histogram = series;
            cumulative = 0;
            head(name, metric.help(), "histogram");
        }
        cumulative += value;
        out.append(name).append("_bucket{");
        if (!metric.device().isEmpty()) {
            out.append("device=\"").append(metric.device()).append("\",");
        }
        out.append("le=\"");
        if (metric.boundNs() == Long.MAX_VALUE) {
            out.append("+Inf");
        } else {
            out.append(metric.boundNs() / NANOSECONDS);
        }
        out.append("\"} ").append(cumulative).append('\n');
    }

    private void sum(final Metric metric, final long value) {
        final String name = name(metric.base()) + "_seconds";
        final String labels = metric.device().isEmpty() ? "" : "{device=\"" + metric.device() + "\"}";
        out.append(name)
                .append("_sum")
                .append(labels)
                .append(' ')
                .append(value / NANOSECONDS)
                .append('\n');
        out.append(name)
                .append("_count")
                .append(labels)
                .append(' ')
                .append(cumulative)
                .append('\n');
        histogram = "";
    }

    /** Once for all devices: their series stand one behind the other. */
    private void head(final String name, final String help, final String type) {
        if (name.equals(headed)) {
            return;
        }
        headed = name;
        out.append("# HELP ").append(name).append(' ').append(help).append('\n');
        out.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    private static String name(final String label) {
        final String plain = label.endsWith(".ns") ? label.substring(0, label.length() - 3) + ".seconds" : label;
        return PREFIX + plain.replace('.', '_').replace('-', '_').toLowerCase(Locale.ROOT);
    }
}
