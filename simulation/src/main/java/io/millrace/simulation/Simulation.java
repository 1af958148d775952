package io.millrace.simulation;

import java.util.List;

/**
 * Runs seeds.
 *
 * <p><b>Threading</b>: one thread at a time.
 */
public final class Simulation {
    private static final int TRACE_LINES = 4_000;
    private static final double NS_PER_SECOND = 1e9;

    private Simulation() {}

    /**
     * What became of one seed.
     *
     * @param seed run
     * @param violation in words, empty when every promise was kept
     * @param traceHash of all events
     * @param acknowledged events
     * @param reconfigurations of chains
     * @param faults that struck
     * @param virtualSeconds lived through
     * @param events of the scheduler
     * @param trace the last lines, when they were asked for
     */
    public record Outcome(
            long seed,
            String violation,
            long traceHash,
            long acknowledged,
            long reconfigurations,
            long faults,
            double virtualSeconds,
            long events,
            List<String> trace) {}

    /**
     * Runs one seed of a node that stands alone.
     *
     * @param seed any
     * @param isTraced whether to keep lines for people
     * @return what became of it
     */
    public static Outcome runSingle(final long seed, final boolean isTraced) {
        final Randomness randomness = new Randomness(seed);
        return run(seed, new World(randomness, Scenario.single(randomness), Rules.ALL, isTraced ? TRACE_LINES : 0));
    }

    /**
     * Runs one seed of a cluster.
     *
     * @param seed any
     * @param isTraced whether to keep lines for people
     * @return what became of it
     */
    public static Outcome runCluster(final long seed, final boolean isTraced) {
        return runCluster(seed, Rules.ALL, isTraced);
    }

    /** Runs one seed of a cluster in which not all rules hold. */
    static Outcome runCluster(final long seed, final Rules rules, final boolean isTraced) {
        final Randomness randomness = new Randomness(seed);
        return run(seed, new World(randomness, Scenario.cluster(randomness), rules, isTraced ? TRACE_LINES : 0));
    }

    private static Outcome run(final long seed, final World world) {
        String violation = "";
        try {
            world.run();
        } catch (final Violation broken) {
            violation = String.valueOf(broken.getMessage());
            world.note(() -> "VIOLATION " + broken.getMessage());
        } catch (final RuntimeException broken) {
            violation = "harness: " + broken + " at " + broken.getStackTrace()[0];
            world.note(() -> "VIOLATION " + broken);
        }
        return new Outcome(
                seed,
                violation,
                world.trace().hash(),
                world.history().acknowledgedCount(),
                world.watch().reconfigurationCount(),
                world.faultCount(),
                world.scheduler().nowNs() / NS_PER_SECOND,
                world.scheduler().eventCount(),
                world.trace().lines());
    }
}
