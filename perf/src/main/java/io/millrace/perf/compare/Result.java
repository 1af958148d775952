package io.millrace.perf.compare;

import io.millrace.perf.cluster.MillraceClusterSystem;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.node.MillraceSystem;
import io.millrace.perf.report.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * One system's judged runs of one cell, and the rows they make.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param cell what was done.
 * @param system who did it.
 * @param runs judged; empty when it was skipped.
 * @param attempts that were made.
 * @param skipped why there are no runs, or null.
 */
record Result(
        Workload.Cell cell,
        String system,
        List<Run> runs,
        int attempts,
        @Nullable String skipped) {
    private static final double[] SHARES = {50, 90, 99, 99.9};
    private static final String NONE_HELD = "no rate was found that holds; the attempts are in the output above";

    /**
     * One row's source: which latencies it quotes.
     *
     * @param name of the row's workload.
     * @param tag of the histograms; null where no latency is measured.
     */
    record Part(String name, @Nullable String tag) {}

    /** What the cell's rows are of. */
    List<Part> parts() {
        return switch (cell.plan().mode()) {
            case TAIL -> List.of(new Part(cell.name(), "seen"), new Part(cell.name() + "-ack", "ack"));
            case BESIDE ->
                List.of(new Part(cell.workload() + "-alone", "alone"), new Part(cell.workload() + "-beside", "beside"));
            case WARM, COLD -> List.of(new Part(cell.name(), null));
            case APPEND, CLOSED, SEARCH, TRANSACTIONS -> List.of(new Part(cell.name(), "ack"));
        };
    }

    /**
     * The row of a part.
     *
     * @param part one of {@link #parts()}.
     * @return without ratios.
     */
    Row row(final Part part) {
        final double scheduled = cell.plan().mode().hasRate() ? cell.plan().ratePerSecond() : 0;
        if (runs.isEmpty()) {
            return Row.skipped(system, part.name(), scheduled, skipped == null ? "no run" : skipped);
        }
        if (cell.plan().mode() == Mode.SEARCH) {
            final List<Run> held = runs.stream().filter(Run::isComplete).toList();
            if (held.isEmpty()) {
                return Row.skipped(system, part.name(), scheduled, NONE_HELD);
            } else if (held.size() < runs.size()) {
                return new Result(cell, system, held, attempts, null).row(part);
            }
        }
        final String tag = part.tag();
        return new Row(
                system,
                part.name(),
                scheduled,
                runs.stream().allMatch(Run::isDurable),
                runs.size(),
                tag == null
                        ? null
                        : Percentiles.median(
                                runs.stream().map(run -> run.percentiles(tag)).toList()),
                median("eventsPerSecond"),
                null,
                null,
                runs.stream().anyMatch(Run::isDisturbed),
                null);
    }

    /**
     * What a row does not say.
     *
     * @param part one of {@link #parts()}.
     */
    JsonObject details(final Part part) {
        final JsonObject json = new JsonObject()
                .put("system", system)
                .put("workload", part.name())
                .put("rate", cell.plan().mode().hasRate() ? cell.plan().ratePerSecond() : 0)
                .put("attempts", attempts)
                .put("complete", runs.stream().allMatch(Run::isComplete));
        final String tag = part.tag();
        final JsonObject spread = new JsonObject();
        if (tag != null) {
            spread(spread, "p50", run -> run.percentiles(tag).p50());
            spread(spread, "p99", run -> run.percentiles(tag).p99());
        }
        spread(spread, "eventsPerSecond", run -> run.figure("eventsPerSecond"));
        json.put("spread", spread)
                .put("flushesPerSecond", median(run -> run.figure("flushes") / run.figure("elapsedSeconds")))
                .put(
                        "deviceBytesPerEvent",
                        median(run -> run.figure("deviceWrittenBytes") / Math.max(1, run.figure("eventCount"))))
                .put("othersShare", median("othersShare"))
                .put("residentBytes", median("residentBytes"))
                .put("processors", processors())
                .put(
                        "naks",
                        runs.stream()
                                .mapToDouble(run -> Math.max(0, run.figure("naks")))
                                .sum())
                .put("rigP50Micros", median("rigP50Micros"))
                .put("rigP99Micros", median("rigP99Micros"));
        if (part.name().endsWith("-beside")) {
            json.put("readEventsPerSecond", median("readEventsPerSecond"));
        }
        if ("ack".equals(tag)
                && List.of(MillraceSystem.NAME, MillraceClusterSystem.NAME).contains(system)
                && runs.get(0).totals().containsKey("journal")) {
            json.put("acknowledgementShares", shares());
        }
        final List<JsonObject> each = new ArrayList<>();
        for (final Run run : runs) {
            final JsonObject one = new JsonObject()
                    .put("log", String.valueOf(run.log().getFileName()))
                    .put("eventsPerSecond", run.figure("eventsPerSecond"))
                    .put("othersShare", run.figure("othersShare"))
                    .put("flushes", run.figure("flushes"))
                    .put("durable", run.isDurable())
                    .put("complete", run.isComplete());
            each.add(tag == null ? one : one.put("micros", run.percentiles(tag).toJson()));
        }
        return json.put("each", each);
    }

    /**
     * Where the time of an acknowledgement goes: for each percentile the node's three shares and what is left, which is
     * the network, the client and the rig. Percentiles of parts do not add up exactly; what is left is cut at zero.
     */
    List<JsonObject> shares() {
        final Histogram ack = sum("ack");
        final Histogram queue = sum("queue");
        final Histogram journal = sum("journal");
        final Histogram chain = sum("chain");
        final List<JsonObject> rows = new ArrayList<>();
        for (final double percentile : SHARES) {
            final double total = ack.getValueAtPercentile(percentile) / 1e3;
            final double inQueue = queue.getValueAtPercentile(percentile) / 1e3;
            final double inJournal = journal.getValueAtPercentile(percentile) / 1e3;
            final double inChain = chain.getValueAtPercentile(percentile) / 1e3;
            rows.add(new JsonObject()
                    .put("percentile", percentile)
                    .put("total", total)
                    .put("queue", inQueue)
                    .put("journal", inJournal)
                    .put("chain", inChain)
                    .put("network", Math.max(0, total - inQueue - inJournal - inChain)));
        }
        return rows;
    }

    /**
     * The latencies of all judged runs.
     *
     * @param tag what of.
     * @return nanoseconds.
     */
    Histogram sum(final String tag) {
        final Histogram sum = OpenLoop.newHistogram();
        for (final Run run : runs) {
            final Histogram one = run.totals().get(tag);
            if (one != null) {
                sum.add(one);
            }
        }
        return sum;
    }

    /** What runs and what waits for a processor, in threads. */
    private JsonObject processors() {
        return new JsonObject()
                .put("systemRunning", median("systemRunning"))
                .put("systemWaiting", median("systemWaiting"))
                .put("rigRunning", median("rigRunning"))
                .put("rigWaiting", median("rigWaiting"));
    }

    private double median(final String figure) {
        return median(run -> run.figure(figure));
    }

    private double median(final ToDoubleFunction<Run> figure) {
        return Percentiles.median(runs, figure);
    }

    private void spread(final JsonObject into, final String name, final ToDoubleFunction<Run> figure) {
        into.putNumbers(
                name,
                runs.stream().mapToDouble(figure).min().orElse(Double.NaN),
                runs.stream().mapToDouble(figure).max().orElse(Double.NaN));
    }
}
