package io.millrace.perf.compare;

import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.report.JsonFields;
import io.millrace.perf.report.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Results that no machine gave, always the same. */
final class FixedResults {
    private static final long SECOND_NS = 1_000_000_000L;

    private FixedResults() {}

    /** A cell at a rate. */
    static Workload.Cell cell(final Workload workload, final long rate) {
        return workload.cells(List.of(rate), SECOND_NS, 10 * SECOND_NS).get(0);
    }

    /**
     * A run whose latencies lie evenly from half to one and a half times a median.
     *
     * @param p50Micros the median.
     * @param flushes that the device did in ten seconds.
     * @param tags what the latencies are of; the second and later ones take twice as long each.
     */
    static Run run(final double p50Micros, final long flushes, final String... tags) {
        return run(p50Micros, flushes, true, tags);
    }

    /** As {@link #run(double, long, String...)}; of a search, with whether a rate held. */
    static Run run(final double p50Micros, final long flushes, final boolean isComplete, final String... tags) {
        final Map<String, Histogram> totals = new LinkedHashMap<>();
        final Map<String, List<Run.Moment>> overTime = new LinkedHashMap<>();
        double median = p50Micros;
        for (final String tag : tags) {
            final Histogram histogram = OpenLoop.newHistogram();
            for (int i = 0; i < 100_000; i++) {
                histogram.recordValue((long) (median * (500 + i / 100.0)));
            }
            totals.put(tag, histogram);
            final List<Run.Moment> moments = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                moments.add(new Run.Moment(0.05 + i * 0.1, median, median * 2, median * (3 + i % 7)));
            }
            overTime.put(tag, moments);
            median *= 2;
        }
        final JsonFields told = JsonFields.parse(new JsonObject()
                .put("claimsDurable", true)
                .put("eventsPerSecond", 10_000.0)
                .put("eventCount", 100_000)
                .put("elapsedSeconds", 10.0)
                .put("othersShare", 0.01)
                .put("flushes", flushes)
                .put("deviceWrites", 100_000)
                .put("deviceWrittenBytes", 400_000_000L)
                .put("residentBytes", 100L << 20)
                .put("naks", 0)
                .put("complete", isComplete)
                .toString());
        return new Run(told, totals, overTime, Path.of("a.hlog"), true);
    }

    /** Ours, the limit, a slower peer, a faster one that does not flush, and one that could not run. */
    static List<Result> results(final Workload.Cell cell) {
        return List.of(
                new Result(
                        cell,
                        "millrace-1",
                        List.of(
                                run(120, 80_000, "ack", "queue", "journal", "chain"),
                                run(130, 80_000, "ack", "queue", "journal", "chain"),
                                run(140, 80_000, "ack", "queue", "journal", "chain")),
                        3,
                        null),
                new Result(cell, "limit", List.of(run(100, 90_000, "ack")), 1, null),
                new Result(cell, "redis-always", List.of(run(260, 40_000, "ack")), 1, null),
                new Result(cell, "chronicle-queue", List.of(run(65, 0, "ack")), 1, null),
                new Result(cell, "pravega <one bookie> & more", List.of(), 2, "failed: \"no\" & <nothing>"));
    }
}
