package io.millrace.simulation;

import io.millrace.control.ControlRules;
import io.millrace.replication.ChainRules;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/**
 * Proves that the checkers have teeth: each safety rule is switched off in turn, and a directed schedule that keeps
 * every promise with all rules must break the promise that the rule is there for; where no schedule is known to, a seed
 * must fail.
 *
 * <p><b>Threading</b>: one thread at a time; mutations are independent of each other.
 */
final class MutationGate {
    private MutationGate() {}

    /**
     * One rule switched off.
     *
     * @param name of the rule
     * @param rules the others
     */
    record Mutation(String name, Rules rules) {}

    /**
     * What became of it.
     *
     * @param mutation tried
     * @param by what caught it: the name of a schedule, or of a seed; empty: nothing did
     * @param violation found, empty when none was
     */
    record Verdict(Mutation mutation, String by, String violation) {
        /** Tells whether a checker noticed. */
        boolean isCaught() {
            return !by.isEmpty();
        }
    }

    /** Lists every rule of the replicas and of the control plane. */
    static List<Mutation> all() {
        final List<Mutation> mutations = new ArrayList<>();
        for (final ChainRules.Rule rule : ChainRules.Rule.values()) {
            mutations.add(new Mutation(rule.name(), new Rules(ChainRules.ALL.without(rule), ControlRules.ALL)));
        }
        final RecordComponent[] components = ControlRules.class.getRecordComponents();
        for (int i = 0; i < components.length; i++) {
            mutations.add(new Mutation(components[i].getName(), new Rules(ChainRules.ALL, ControlRules.without(i))));
        }
        return mutations;
    }

    /** Finds a rule by its name. */
    static Mutation named(final String name) {
        for (final Mutation mutation : all()) {
            if (mutation.name().equals(name)) {
                return mutation;
            }
        }
        throw new IllegalArgumentException("there is no rule " + name);
    }

    /**
     * Plays the schedules that are there for a rule, then runs seeds, until one fails.
     *
     * @param first seed
     * @param count most seeds
     */
    static Verdict tryOut(final Mutation mutation, final long first, final int count) {
        final Verdict directed = bySchedules(mutation);
        return directed.isCaught() || count == 0 ? directed : bySeeds(mutation, first, count);
    }

    /** Plays the schedules that are there for a rule: nothing is broken with it, the right promise without it. */
    static Verdict bySchedules(final Mutation mutation) {
        String last = "";
        for (final Schedule schedule : DirectedSchedules.all()) {
            for (final Schedule.Caught caught : schedule.caught()) {
                if (caught.mutation().equals(mutation.name())
                        && schedule.run(Rules.ALL, 0).broken().isEmpty()) {
                    final Schedule.Run run = schedule.run(mutation.rules(), 0);
                    last = run.violation();
                    if (caught.broken().contains(run.broken())) {
                        return new Verdict(mutation, "\"" + schedule.name() + "\"", last);
                    }
                }
            }
        }
        return new Verdict(mutation, "", last);
    }

    /**
     * Runs seeds until one fails.
     *
     * @param first seed
     * @param count most seeds
     */
    static Verdict bySeeds(final Mutation mutation, final long first, final int count) {
        for (long seed = first; seed < first + count; seed++) {
            final String violation =
                    Simulation.runCluster(seed, mutation.rules(), false).violation();
            if (!violation.isEmpty()) {
                return new Verdict(mutation, "seed " + seed, violation);
            }
        }
        return new Verdict(mutation, "", "");
    }
}
