package io.millrace.perf.compare;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Who is measured next: all systems in turns, A B C A B C, so that what drifts on the machine drifts for all of them. A
 * system is through when it has its undisturbed runs, or twice as many attempts; one that cannot be measured leaves.
 *
 * <p><b>Threading:</b> one thread.
 *
 * @param <R> what a run gives.
 */
final class Rounds<R> {
    private static final int FAILURES_MAX = 2;

    private final int wanted;
    private final Predicate<R> isDisturbed;
    private final ToDoubleFunction<R> disturbance;
    private final Map<String, List<R>> runs = new LinkedHashMap<>();
    private final Map<String, Integer> failures = new LinkedHashMap<>();
    private final Map<String, String> skipped = new LinkedHashMap<>();

    /** Does one run of a system. */
    interface Runner<R> {
        /**
         * Does one run.
         *
         * @param system its name.
         * @param attempt from 1.
         * @return what it gave.
         */
        Outcome<R> run(String system, int attempt);
    }

    /**
     * What came of an attempt: a run, or why there is none.
     *
     * @param run or null.
     * @param why there is none; empty when there is one.
     * @param isFailure whether another attempt may succeed.
     */
    record Outcome<R>(@Nullable R run, String why, boolean isFailure) {}

    /**
     * Prepares the rounds.
     *
     * @param systems in the order of each round.
     * @param wanted undisturbed runs of each.
     * @param isDisturbed whether a run was disturbed.
     * @param disturbance how much.
     */
    Rounds(
            final List<String> systems,
            final int wanted,
            final Predicate<R> isDisturbed,
            final ToDoubleFunction<R> disturbance) {
        this.wanted = wanted;
        this.isDisturbed = isDisturbed;
        this.disturbance = disturbance;
        systems.forEach(system -> runs.put(system, new ArrayList<>()));
    }

    /**
     * Goes on until every system is through.
     *
     * @param runner does the runs.
     */
    void go(final Runner<R> runner) {
        boolean again = true;
        while (again) {
            again = false;
            for (final Map.Entry<String, List<R>> entry : runs.entrySet()) {
                final String system = entry.getKey();
                if (isThrough(system)) {
                    continue;
                }
                again = true;
                final Outcome<R> outcome = runner.run(system, attempts(system) + 1);
                final R run = outcome.run();
                if (run != null) {
                    entry.getValue().add(run);
                } else if (!outcome.isFailure() || failures.merge(system, 1, Integer::sum) >= FAILURES_MAX) {
                    skipped.put(system, outcome.why());
                }
            }
        }
    }

    /**
     * The runs that are judged: undisturbed ones as far as there are enough, then those that were disturbed least.
     *
     * @param system its name.
     * @return at most as many as were wanted.
     */
    List<R> judged(final String system) {
        final List<R> all = runs.getOrDefault(system, List.of());
        final List<R> judged = new ArrayList<>(
                all.stream().filter(isDisturbed.negate()).limit(wanted).toList());
        all.stream()
                .filter(isDisturbed)
                .sorted(Comparator.comparingDouble(disturbance))
                .limit(wanted - judged.size())
                .forEach(judged::add);
        return judged;
    }

    /**
     * Why a system has no row of figures.
     *
     * @param system its name.
     * @return the reason, or null when it has one.
     */
    @Nullable
    String skipped(final String system) {
        return runs.getOrDefault(system, List.of()).isEmpty() ? skipped.get(system) : null;
    }

    /**
     * How many attempts were made.
     *
     * @param system its name.
     */
    int attempts(final String system) {
        return runs.getOrDefault(system, List.of()).size() + failures.getOrDefault(system, 0);
    }

    private boolean isThrough(final String system) {
        final List<R> all = runs.getOrDefault(system, List.of());
        return skipped.containsKey(system)
                || all.stream().filter(isDisturbed.negate()).count() >= wanted
                || attempts(system) >= 2 * wanted;
    }
}
