package io.millrace.perf.compare;

import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Percentiles;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Looks for the highest rate that a system holds with 99 % of its events acknowledged in less than ten milliseconds:
 * steps upwards in short phases until twice in a row a rate is too much, then measures the last one that was not, lower
 * ones in wide steps until one holds for the whole duration, and halves what lies between that and the lowest that did
 * not; where the last one holds at once, it goes on upwards. Wide steps, for what a device takes for a second may be
 * three times what it takes for ten.
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
    private static final double BACK = 0.7;
    private static final double NEAR = 1.1;
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
        OpenLoop.Phase last = phase(climb(ceiling), seconds);
        OpenLoop.Phase found = null;
        double tooMuch = Double.POSITIVE_INFINITY;
        for (int attempt = 1; ; attempt++) {
            if (holds(last)) {
                say(last, "holds");
                found = last;
            } else {
                say(last, "does not hold");
                tooMuch = last.ratePerSecond();
            }
            if (attempt == ATTEMPTS || (found != null && tooMuch / found.ratePerSecond() < NEAR)) {
                break;
            }
            final double next;
            if (found == null) {
                next = tooMuch * BACK;
            } else if (tooMuch == Double.POSITIVE_INFINITY) {
                next = found.ratePerSecond() * STEP; // the steps upwards ended by a hitch
            } else {
                next = Math.sqrt(found.ratePerSecond() * tooMuch);
            }
            if (next > ceiling) {
                break;
            }
            if (offered + next * seconds > eventBudget) {
                log.accept("no room for another attempt");
                break;
            }
            last = phase(next, seconds);
        }
        return found == null ? last : found;
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
