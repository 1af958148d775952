package io.millrace.perf.load;

import io.millrace.perf.report.JsonObject;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/**
 * The percentiles every result quotes, in microseconds.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param p50 median.
 * @param p90 90th percentile.
 * @param p99 99th percentile.
 * @param p99_9 99.9th percentile.
 * @param p99_99 99.99th percentile.
 * @param max longest.
 */
public record Percentiles(double p50, double p90, double p99, double p99_9, double p99_99, double max) {
    /**
     * Reads them from a histogram.
     *
     * @param histogram of nanoseconds.
     * @return microseconds.
     */
    public static Percentiles of(final Histogram histogram) {
        return new Percentiles(
                histogram.getValueAtPercentile(50) / 1e3,
                histogram.getValueAtPercentile(90) / 1e3,
                histogram.getValueAtPercentile(99) / 1e3,
                histogram.getValueAtPercentile(99.9) / 1e3,
                histogram.getValueAtPercentile(99.99) / 1e3,
                histogram.getMaxValue() / 1e3);
    }

    /**
     * The median of several runs, each percentile for itself.
     *
     * @param runs at least one.
     * @return the medians.
     */
    public static Percentiles median(final List<Percentiles> runs) {
        return new Percentiles(
                median(runs, Percentiles::p50),
                median(runs, Percentiles::p90),
                median(runs, Percentiles::p99),
                median(runs, Percentiles::p99_9),
                median(runs, Percentiles::p99_99),
                median(runs, Percentiles::max));
    }

    /**
     * The median of one figure over several runs; of an even number the mean of the middle two.
     *
     * @param runs at least one.
     * @param figure picks it.
     * @param <T> a run.
     * @return the median.
     */
    public static <T> double median(final List<T> runs, final ToDoubleFunction<T> figure) {
        final double[] values = runs.stream().mapToDouble(figure).toArray();
        Arrays.sort(values);
        final int middle = values.length / 2;
        return values.length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }

    /** As a JSON object with exactly the names p50, p90, p99, p99_9, p99_99, max. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("p50", p50)
                .put("p90", p90)
                .put("p99", p99)
                .put("p99_9", p99_9)
                .put("p99_99", p99_99)
                .put("max", max);
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "p50 %.1f  p90 %.1f  p99 %.1f  p99.9 %.1f  p99.99 %.1f  max %.0f us",
                p50,
                p90,
                p99,
                p99_9,
                p99_99,
                max);
    }
}
