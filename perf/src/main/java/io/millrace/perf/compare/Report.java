package io.millrace.perf.compare;

import io.millrace.perf.report.JsonObject;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A comparison as one JSON object and as one page.
 *
 * <p><b>Threading:</b> one thread.
 */
final class Report {
    /** Points of a percentile curve in each tenfold step towards 100 %. */
    private static final int POINTS_PER_NINE = 12;

    private static final int NINES = 5;

    private final List<Result> results;
    private final List<Row> rows;
    private final Map<String, Map<String, String>> descriptions;
    private final @Nullable Machine machine;
    private final String command;

    /**
     * Prepares it.
     *
     * @param results what was measured.
     * @param rows of it, with their ratios.
     * @param descriptions what each system says of itself.
     * @param machine it ran on; null in tests, which run on none.
     * @param command that repeats it.
     */
    Report(
            final List<Result> results,
            final List<Row> rows,
            final Map<String, Map<String, String>> descriptions,
            final @Nullable Machine machine,
            final String command) {
        this.results = results;
        this.rows = rows;
        this.descriptions = descriptions;
        this.machine = machine;
        this.command = command;
    }

    /** Rows, details, environment, command. */
    JsonObject json() {
        final List<JsonObject> details = new ArrayList<>();
        for (final Result result : results) {
            if (!result.runs().isEmpty()) {
                result.parts().forEach(part -> details.add(result.details(part)));
            }
        }
        return new JsonObject()
                .put("rows", rows.stream().map(Row::toJson).toList())
                .put("details", details)
                .put("environment", environment())
                .put("command", command);
    }

    /**
     * The page.
     *
     * @throws IOException when its template is missing.
     */
    String page() throws IOException {
        return Page.render(json(), series(), rows, environmentLines(), command);
    }

    private JsonObject environment() {
        final JsonObject systems = new JsonObject();
        descriptions.forEach((system, described) -> {
            final JsonObject one = new JsonObject();
            described.forEach(one::put);
            systems.put(system, one);
        });
        return (machine == null ? new JsonObject() : machine.toJson()).put("systems", systems);
    }

    private List<String[]> environmentLines() {
        final List<String[]> lines = new ArrayList<>();
        lines.add(new String[] {"machine", String.valueOf(machine)});
        for (final Map.Entry<String, Map<String, String>> system : descriptions.entrySet()) {
            final List<String> words = new ArrayList<>();
            system.getValue().forEach((name, value) -> words.add(name + ": " + value));
            lines.add(new String[] {system.getKey(), String.join("; ", words)});
        }
        return lines;
    }

    /** What the pictures are drawn from. */
    private List<JsonObject> series() {
        final List<JsonObject> series = new ArrayList<>();
        for (final Result result : results) {
            if (result.runs().isEmpty()) {
                continue;
            }
            for (final Result.Part part : result.parts()) {
                final String tag = part.tag();
                if (tag != null) {
                    final Row row = result.row(part);
                    series.add(new JsonObject()
                            .put("system", result.system())
                            .put("workload", part.name())
                            .put("rate", row.rate())
                            .put("durable", row.durable())
                            .putNumbers("curve", curve(result.sum(tag)))
                            .putNumbers("time", overTime(result.runs().get(0), tag)));
                }
            }
        }
        return series;
    }

    /**
     * A percentile curve.
     *
     * @param histogram nanoseconds.
     * @return pairs of nines (1 is 90 %, 2 is 99 % …) and microseconds.
     */
    static double[] curve(final Histogram histogram) {
        final List<Double> points = new ArrayList<>();
        for (int i = 0; i <= POINTS_PER_NINE * NINES; i++) {
            final double nines = (double) i / POINTS_PER_NINE;
            final double above = Math.pow(10, -nines);
            if (above * histogram.getTotalCount() < 1) {
                break;
            }
            points.add(nines);
            points.add(histogram.getValueAtPercentile(100 * (1 - above)) / 1e3);
        }
        return points.stream().mapToDouble(point -> point).toArray();
    }

    private static double[] overTime(final Run run, final String tag) {
        final List<Double> points = new ArrayList<>();
        for (final Run.Moment moment : run.overTime().getOrDefault(tag, List.of())) {
            points.addAll(List.of(moment.seconds(), moment.p50(), moment.p99(), moment.max()));
        }
        return points.stream().mapToDouble(point -> point).toArray();
    }
}
