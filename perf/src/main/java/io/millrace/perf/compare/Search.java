package io.millrace.perf.compare;

import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Looks for the highest rate that a system holds with 99 % of its events acknowledged in less than ten milliseconds:
 * steps upwards in short phases until twice in a row a rate is too much, then measures the last one that was not, and
 * lower ones until one holds for the whole duration.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class Search {
    /** A rate holds when 99 % of its events are acknowledged in this time. */
    static final double HOLDS_P99_MICROS = 10_000;
    /** Seconds at the highest rate that the steps up to it and the attempts there come to, for the room they need. */
    static final double TOTAL_SECONDS_AT_THE_TOP = 16;

    private static final double HOLDS_RATE_SHARE = 0.99;
    private static final double FIRST_RATE = 20_000;
    private static final double STEP = 1.35;
    private static final double BACK = 0.93;
    private static final int MISSES = 2;
    private static final int ATTEMPTS = 12;
    private static final double PROBE_SECONDS = 1;

    /** Runs one phase. */
    interface Phases {
        /**
         * Runs one phase.
         *
         * @param ratePerSecond of it.
         * @param seconds it lasts.
         * @return what it gave.
         */
        OpenLoop.Phase run(double ratePerSecond, double seconds);
    }

    private final Phases phases;
    private final Consumer<String> log;
    private double offered;

    /**
     * Makes it.
     *
     * @param phases runs them.
     * @param log is told of each step.
     */
    Search(final Phases phases, final Consumer<String> log) {
        this.phases = phases;
        this.log = log;
    }

    /**
     * Searches and measures.
     *
     * @param seconds of the measurement.
     * @param ceiling rate beyond which nobody looks.
     * @param eventBudget events that there is room for.
     * @return the phase at the rate that holds; the last attempt, when none does.
     */
    OpenLoop.Phase run(final double seconds, final double ceiling, final long eventBudget) {
        double candidate = climb(ceiling);
        OpenLoop.Phase phase = phase(candidate, seconds);
        for (int attempt = 1; attempt < ATTEMPTS && !holds(phase); attempt++) {
            say(phase, "does not hold");
            candidate *= BACK;
            if (offered + candidate * seconds > eventBudget) {
                log.accept("no room for another attempt");
                break;
            }
            phase = phase(candidate, seconds);
        }
        say(phase, holds(phase) ? "holds" : "does not hold");
        return phase;
    }

    private double climb(final double ceiling) {
        double best = FIRST_RATE;
        double candidate = FIRST_RATE;
        int misses = 0;
        while (misses < MISSES && candidate < ceiling) {
            final OpenLoop.Phase phase = phase(candidate, PROBE_SECONDS);
            if (isSustained(phase)) {
                best = candidate;
                misses = 0;
                candidate *= STEP;
            } else {
                misses++;
            }
            say(phase, misses == 0 ? "sustained" : "too much");
        }
        return best;
    }

    private OpenLoop.Phase phase(final double ratePerSecond, final double seconds) {
        offered += ratePerSecond * seconds;
        return phases.run(ratePerSecond, seconds);
    }

    /**
     * Whether a rate holds.
     *
     * @param phase at it.
     * @return true when the events came through at that rate and in time.
     */
    static boolean holds(final OpenLoop.Phase phase) {
        return cameThrough(phase) && Percentiles.of(phase.histogram()).p99() < HOLDS_P99_MICROS;
    }

    /** A device that hangs once spoils the p99 of a short phase at any rate: here nine of ten decide. */
    private static boolean isSustained(final OpenLoop.Phase phase) {
        return cameThrough(phase) && Percentiles.of(phase.histogram()).p90() < HOLDS_P99_MICROS;
    }

    private static boolean cameThrough(final OpenLoop.Phase phase) {
        return phase.isComplete() && phase.achievedRate() >= phase.ratePerSecond() * HOLDS_RATE_SHARE;
    }

    private void say(final OpenLoop.Phase phase, final String verdict) {
        log.accept(String.format(
                Locale.ROOT,
                "%,.0f events/s: %s, achieved %,.0f, %s",
                phase.ratePerSecond(),
                verdict,
                phase.achievedRate(),
                Percentiles.of(phase.histogram())));
    }
}
