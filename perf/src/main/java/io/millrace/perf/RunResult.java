package io.millrace.perf;

import io.millrace.perf.limit.Limit;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.process.ProcessorShare;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One measured run and the circumstances it was taken in.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param phase what the loop gave.
 * @param limit the physical limit measured before and after it, or null when it was not asked for.
 * @param othersShare processor share of other processes, 0 … 1, the limit's measurement included.
 * @param naks frames lost on the way, seen by either side; -1 unknown.
 * @param nodeBytesPerEvent garbage of the node's device thread; not a number when unknown.
 * @param times where the node says the time went.
 */
record RunResult(
        OpenLoop.Phase phase,
        @Nullable Limit limit,
        double othersShare,
        long naks,
        double nodeBytesPerEvent,
        String times) {
    /**
     * The same run beside a limit.
     *
     * @param measured before and after it.
     * @return disturbed if either was.
     */
    RunResult with(final Limit measured) {
        return new RunResult(
                phase, measured, Math.max(othersShare, measured.othersShare()), naks, nodeBytesPerEvent, times);
    }

    /** Whether other processes used so much of the machine that the run says little. */
    boolean isDisturbed() {
        return othersShare > ProcessorShare.DISTURBED_ABOVE;
    }

    /** The run's percentiles in microseconds. */
    Percentiles latency() {
        return Percentiles.of(phase.histogram());
    }

    /**
     * Picks the runs that are judged: undisturbed ones as far as there are enough, the least disturbed for the rest.
     *
     * @param attempts all runs made, at least one.
     * @param wanted how many are judged.
     * @return at most {@code wanted} runs, in the order they were made.
     */
    static List<RunResult> judged(final List<RunResult> attempts, final int wanted) {
        final List<RunResult> best = attempts.stream()
                .sorted((a, b) -> Double.compare(a.rank(), b.rank()))
                .limit(wanted)
                .toList();
        return attempts.stream().filter(best::contains).toList();
    }

    /** Undisturbed runs rank alike: otherwise the choice among them would be one of convenience. */
    private double rank() {
        return isDisturbed() ? othersShare : 0;
    }
}
