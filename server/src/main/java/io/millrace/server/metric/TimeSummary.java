package io.millrace.server.metric;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a histogram's buckets say: bounds below which a part of the times lay, not more.
 *
 * <p><b>Threading</b>: immutable.
 */
public final class TimeSummary {
    private final String name;
    private final List<Long> bounds = new ArrayList<>();
    private final List<Long> counts = new ArrayList<>();
    private long count;
    private long sumNs;

    private TimeSummary(final String name) {
        this.name = name;
    }

    /**
     * Reads all histograms.
     *
     * @param metrics of now.
     * @param before whose times are left out, null to take all.
     * @return one summary each.
     */
    public static List<TimeSummary> of(final FileMetrics metrics, final @Nullable FileMetrics before) {
        final List<TimeSummary> summaries = new ArrayList<>();
        metrics.forEach((metric, value) -> {
            if (metric.kind() == MetricKind.BUCKET || metric.kind() == MetricKind.SUM) {
                final long since = value - (before == null ? 0 : before.value(metric.label()));
                last(
                                summaries,
                                metric.base()
                                        + metric.label().substring(metric.name().length()))
                        .take(metric, since);
            }
        });
        return summaries;
    }

    private static TimeSummary last(final List<TimeSummary> summaries, final String name) {
        if (summaries.isEmpty() || !summaries.get(summaries.size() - 1).name.equals(name)) {
            summaries.add(new TimeSummary(name));
        }
        return summaries.get(summaries.size() - 1);
    }

    private void take(final Metric metric, final long value) {
        if (metric.kind() == MetricKind.SUM) {
            sumNs = value;
        } else {
            bounds.add(metric.boundNs());
            counts.add(value);
            count += value;
        }
    }

    /** Returns the histogram's name. */
    public String name() {
        return name;
    }

    /** Returns the number of times. */
    public long count() {
        return count;
    }

    /** Returns their mean in nanoseconds, 0 when there are none. */
    public long meanNs() {
        return count == 0 ? 0 : sumNs / count;
    }

    /**
     * Returns a bound of a percentile.
     *
     * @param part of the times, 0 to 1.
     * @return nanoseconds; {@link Long#MAX_VALUE} when it lies above all bounds, 0 when there are no times.
     */
    public long atMostNs(final double part) {
        long below = 0;
        for (int i = 0; i < bounds.size(); i++) {
            below += counts.get(i);
            if (below > 0 && below >= part * count) {
                return bounds.get(i);
            }
        }
        return 0;
    }
}
