package io.millrace.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;

/**
 * What one benchmark gave with one set of parameters.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param name class and method, without packages.
 * @param parameters {@code name=value}, with a blank between; empty when there are none.
 * @param score mean of the iterations.
 * @param error half of the score's interval at 99.9 %; not a number of one iteration.
 * @param p50 median; of a benchmark that samples each call, else of the iterations' means.
 * @param p99 as {@code p50}.
 * @param unit of these.
 * @param allocatedBytes an operation.
 */
record BenchmarkRow(
        String name,
        String parameters,
        double score,
        double error,
        double p50,
        double p99,
        String unit,
        double allocatedBytes) {
    private static final String ALLOCATION = "gc.alloc.rate.norm";

    /**
     * Reads JMH's results.
     *
     * @param results of a run.
     * @return in their order.
     */
    static List<BenchmarkRow> of(final Collection<RunResult> results) {
        final List<BenchmarkRow> rows = new ArrayList<>();
        for (final RunResult result : results) {
            final Result<?> primary = result.getPrimaryResult();
            final BenchmarkParams asked = result.getParams();
            final String[] path = asked.getBenchmark().split("\\.", -1);
            final Result<?> allocated = result.getSecondaryResults().get(ALLOCATION);
            rows.add(new BenchmarkRow(
                    path[path.length - 2] + "." + path[path.length - 1],
                    asked.getParamsKeys().stream()
                            .sorted()
                            .map(key -> key + "=" + asked.getParam(key))
                            .collect(Collectors.joining(" ")),
                    primary.getScore(),
                    primary.getScoreError(),
                    primary.getStatistics().getPercentile(50),
                    primary.getStatistics().getPercentile(99),
                    primary.getScoreUnit(),
                    allocated == null ? Double.NaN : allocated.getScore()));
        }
        return List.copyOf(rows);
    }

    /**
     * Writes rows for people.
     *
     * @param rows any number.
     * @return lines.
     */
    static String table(final List<BenchmarkRow> rows) {
        final StringBuilder out = new StringBuilder();
        out.append(String.format(
                Locale.ROOT,
                "%-48s %-20s %12s %10s %12s %12s %-6s %12s",
                "benchmark",
                "with",
                "mean",
                "+/-",
                "p50",
                "p99",
                "unit",
                "allocated B"));
        for (final BenchmarkRow row : rows) {
            out.append(String.format(
                    Locale.ROOT,
                    "%n%-48s %-20s %12.1f %10s %12.1f %12.1f %-6s %12.1f",
                    row.name,
                    row.parameters,
                    row.score,
                    Double.isNaN(row.error) ? "" : String.format(Locale.ROOT, "%.1f", row.error),
                    row.p50,
                    row.p99,
                    row.unit,
                    row.allocatedBytes));
        }
        return out.toString();
    }

    /**
     * Writes rows as one object.
     *
     * @param rows any number.
     * @return JSON in one line.
     */
    static String json(final List<BenchmarkRow> rows) {
        return rows.stream().map(BenchmarkRow::json).collect(Collectors.joining(",", "{\"rows\":[", "]}"));
    }

    private String json() {
        return "{\"benchmark\":\"" + name + "\",\"parameters\":\"" + parameters + "\",\"mean\":" + number(score)
                + ",\"error\":" + number(error) + ",\"p50\":" + number(p50) + ",\"p99\":" + number(p99)
                + ",\"unit\":\"" + unit + "\",\"allocatedBytesPerOperation\":" + number(allocatedBytes) + "}";
    }

    private static String number(final double value) {
        return Double.isNaN(value) || Double.isInfinite(value) ? "null" : String.format(Locale.ROOT, "%.3f", value);
    }
}
