package io.millrace.perf;

import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Terminal;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * The figures of the judged runs as one: medians, figure by figure.
 *
 * <p><b>Threading:</b> immutable.
 */
final class RunReport {
    private final List<RunResult> runs;

    /**
     * Takes the runs.
     *
     * @param runs at least one.
     */
    RunReport(final List<RunResult> runs) {
        this.runs = List.copyOf(runs);
    }

    /** Median percentiles in microseconds. */
    Percentiles latency() {
        return Percentiles.median(runs.stream().map(RunResult::latency).toList());
    }

    /**
     * Median of the limit's percentile.
     *
     * @param percentile 0 … 100.
     * @return microseconds; not a number when a run has no limit.
     */
    double limitMicros(final double percentile) {
        return Percentiles.median(
                runs, run -> run.limit() == null ? Double.NaN : run.limit().micros(percentile));
    }

    /**
     * How many times the limit an event takes: each run against the limit measured beside it.
     *
     * @param percentile 50 or 99.
     * @return median of the runs' ratios; not a number when a run has no limit.
     */
    double ratio(final double percentile) {
        return Percentiles.median(
                runs,
                run -> run.limit() == null
                        ? Double.NaN
                        : run.phase().histogram().getValueAtPercentile(percentile)
                                / 1e3
                                / run.limit().micros(percentile));
    }

    /** Median of the acknowledged events per second. */
    double achievedRate() {
        return Percentiles.median(runs, run -> run.phase().achievedRate());
    }

    /** Frames lost on the way in all runs. */
    long naks() {
        return runs.stream().mapToLong(RunResult::naks).sum();
    }

    /** Medians of the garbage per event on both sides. */
    JsonObject allocationJson() {
        return new JsonObject()
                .put("client", Percentiles.median(runs, run -> run.phase().allocatedBytesPerEvent()))
                .put("node", Percentiles.median(runs, RunResult::nodeBytesPerEvent));
    }

    /** Whether one of the runs was disturbed. */
    boolean isDisturbed() {
        return runs.stream().anyMatch(RunResult::isDisturbed);
    }

    /** Whether every event of every run was acknowledged. */
    boolean isComplete() {
        return runs.stream().allMatch(run -> run.phase().isComplete());
    }

    /** All latencies of all runs. */
    Histogram allEvents() {
        final Histogram all = OpenLoop.newHistogram();
        runs.forEach(run -> all.add(run.phase().histogram()));
        return all;
    }

    /**
     * Says what the figures are worth.
     *
     * @param terminal prints.
     * @param wanted runs that were to be judged.
     */
    void sayCircumstances(final Terminal terminal, final int wanted) {
        terminal.say(String.format(
                Locale.ROOT,
                "achieved %.0f events/s, allocated per event %s B (client, node), %d naks, %d of %d runs, disturbed: %s",
                achievedRate(),
                allocationJson(),
                naks(),
                runs.size(),
                wanted,
                isDisturbed() ? "YES, other processes used more than 5 % of the machine: do not quote" : "no"));
        if (!isComplete()) {
            terminal.warn("not every event was acknowledged in time");
        }
    }

    /**
     * Says what one run gave.
     *
     * @param terminal prints.
     * @param number of the run, from 1.
     * @param run the run.
     */
    static void sayRun(final Terminal terminal, final int number, final RunResult run) {
        terminal.say(String.format(
                Locale.ROOT,
                "run %d: %s, %.0f/s, others used %.1f %%%s%s%n       %s",
                number,
                run.latency(),
                run.phase().achievedRate(),
                run.othersShare() * 100,
                run.isDisturbed() ? " (disturbed)" : "",
                run.phase().isComplete()
                        ? ""
                        : ", " + (run.phase().eventCount() - run.phase().acknowledgedCount()) + " NOT ACKNOWLEDGED",
                run.times()));
    }
}
