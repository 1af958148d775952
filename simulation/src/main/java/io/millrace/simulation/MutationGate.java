package io.millrace.simulation;

import io.millrace.control.ControlRules;
import io.millrace.replication.ChainRules;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/**
 * Proves that the checkers have teeth: each safety rule is switched off in turn, and a seed must fail then.
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
     * @param seed that failed, 0: none did
     * @param violation of that seed, empty when none failed
     */
    record Verdict(Mutation mutation, long seed, String violation) {
        /** Tells whether a checker noticed. */
        boolean isCaught() {
            return !violation.isEmpty();
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
                return new Verdict(mutation, seed, violation);
            }
        }
        return new Verdict(mutation, 0, "");
    }
}
