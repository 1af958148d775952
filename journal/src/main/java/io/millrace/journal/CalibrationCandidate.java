package io.millrace.journal;

import java.util.List;
import java.util.Locale;

/**
 * One way to write durably, and what it gave on a device.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param method of durable writes
 * @param writesInFlight K
 * @param p50Ns median of the times of events, nanoseconds
 * @param p99Ns 99th percentile, nanoseconds
 * @param failure why it cannot be used, empty when it can
 */
public record CalibrationCandidate(SyncMethod method, int writesInFlight, long p50Ns, long p99Ns, String failure) {
    /** What is used on a device that is not calibrated: K as in ADR 6. */
    static final int DEFAULT_WRITES_IN_FLIGHT = 2;

    private static final double WORTH_A_CHANGE = 0.9;

    /**
     * Makes a candidate from sorted times.
     *
     * @param method of durable writes
     * @param writesInFlight K
     * @param sortedNs ascending, at least one
     * @return candidate
     */
    static CalibrationCandidate of(final SyncMethod method, final int writesInFlight, final long[] sortedNs) {
        return new CalibrationCandidate(
                method, writesInFlight, sortedNs[sortedNs.length / 2], sortedNs[(int) (sortedNs.length * 0.99)], "");
    }

    /**
     * Tells whether every write of the measurement was durable.
     *
     * @return false when it may not be chosen
     */
    public boolean isUsable() {
        return failure.isEmpty();
    }

    /** Middle and tail count alike: the geometric mean of both. */
    private double cost() {
        return Math.sqrt((double) p50Ns * p99Ns);
    }

    private boolean isDefault() {
        return method == SyncMethod.RWF_DSYNC && writesInFlight == DEFAULT_WRITES_IN_FLIGHT;
    }

    /**
     * Chooses: the default, {@code RWF_DSYNC} with two writes in flight, unless another one is better by more than a
     * tenth; noise decides nothing.
     *
     * @param candidates as measured
     * @return the best usable one
     * @throws IllegalArgumentException when none is usable
     */
    static CalibrationCandidate best(final List<CalibrationCandidate> candidates) {
        CalibrationCandidate best = null;
        for (final CalibrationCandidate candidate : candidates) {
            if (candidate.isUsable() && (best == null || candidate.cost() < best.cost())) {
                best = candidate;
            }
        }
        if (best == null) {
            throw new IllegalArgumentException("no candidate is usable: " + candidates);
        }
        for (final CalibrationCandidate candidate : candidates) {
            if (candidate.isDefault() && candidate.isUsable() && best.cost() > candidate.cost() * WORTH_A_CHANGE) {
                return candidate;
            }
        }
        return best;
    }

    /**
     * Describes it to an operator.
     *
     * @return one line
     */
    public String describe() {
        final String name = String.format(Locale.ROOT, "%-12s K=%d", method, writesInFlight);
        return isUsable()
                ? String.format(Locale.ROOT, "%s  p50 %8.1f  p99 %8.1f us", name, p50Ns / 1e3, p99Ns / 1e3)
                : name + "  not usable: " + failure;
    }
}
