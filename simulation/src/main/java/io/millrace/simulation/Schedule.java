package io.millrace.simulation;

import io.millrace.codec.MillraceException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * A schedule that once broke the plan, or would without its rule: played with all rules nothing is broken, played
 * without one of {@link #caught} the promise that the rule is there for is.
 *
 * <p><b>Threading</b>: immutable; every run is a world of its own.
 *
 * @param name in words
 * @param rule of the protocol that it belongs to
 * @param scenario sizes and times
 * @param script what happens
 * @param caught rules that it cannot do without
 */
record Schedule(String name, String rule, Scenario scenario, Consumer<Director> script, List<Caught> caught) {
    private static final long SEED = 1;
    private static final int PLAIN_PAYLOAD = 200;
    private static final int ZONES = 64;

    /**
     * A rule that the schedule cannot do without.
     *
     * @param mutation name of the rule, as {@link MutationGate} lists it
     * @param broken names of the promises, one of which is broken without it
     */
    record Caught(String mutation, List<String> broken) {}

    /** Begins a schedule on a chain of so many members; one more node knows the way. */
    static Builder of(final String name, final String rule, final int factor) {
        return new Builder(name, rule, factor);
    }

    /** Puts a schedule together. */
    static final class Builder {
        private final String name;
        private final String rule;
        private final int factor;
        private final List<Caught> caught = new ArrayList<>();
        private int minimum = 1;
        private int longestPayload = PLAIN_PAYLOAD;
        private int zones = ZONES;
        private int spares = 1;

        private Builder(final String name, final String rule, final int factor) {
            this.name = name;
            this.rule = rule;
            this.factor = factor;
        }

        /** Sets the members below which nothing is installed, 1 when it is not said. */
        Builder minimum(final int members) {
            minimum = members;
            return this;
        }

        /** Makes events long and devices small. */
        Builder longEvents(final int bytes, final int zoneCount) {
            longestPayload = bytes;
            zones = zoneCount;
            return this;
        }

        /** Leaves out the node that knows the way: the client was started with the tail. */
        Builder withoutSpare() {
            spares = 0;
            return this;
        }

        /** Names a rule that the schedule cannot do without, and what is broken then. */
        Builder catches(final String mutation, final String... broken) {
            caught.add(new Caught(mutation, List.of(broken)));
            return this;
        }

        /** Says what happens. */
        Schedule plays(final Consumer<Director> script) {
            return new Schedule(
                    name,
                    rule,
                    Scenario.directed(factor + spares, factor, minimum, longestPayload, zones),
                    script,
                    List.copyOf(caught));
        }
    }

    /**
     * What became of a run.
     *
     * @param broken name of the promise, empty when all were kept
     * @param violation in words
     * @param trace what happened, when it was asked for
     */
    record Run(String broken, String violation, List<String> trace) {}

    /** Plays it. */
    Run run(final Rules rules, final int traceLines) {
        final World world = new World(new Randomness(SEED), scenario, rules, traceLines);
        String broken = "";
        String violation = "";
        try {
            final Director director = new Director(world);
            director.begin();
            script.accept(director);
            director.finish();
        } catch (final Violation found) {
            broken = found.rule();
            violation = String.valueOf(found.getMessage());
        } catch (final MillraceException refused) {
            broken = Director.SCHEDULE; // a client's call that blocks, while the world is set up
            violation = Director.SCHEDULE + ": " + refused;
        }
        try {
            world.close();
        } catch (final MillraceException late) {
            world.note(() -> "while the world ends: " + late);
        }
        return new Run(broken, violation, world.trace().lines());
    }
}
