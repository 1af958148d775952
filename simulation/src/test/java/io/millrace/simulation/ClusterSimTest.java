package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A cluster of three to five nodes under faults. {@code -Dsim.seed=} repeats one seed, {@code -Dsim.seeds=} runs more:
 * 10,000 for a soak.
 */
@Timeout(900)
final class ClusterSimTest {
    private static final int SEEDS = Integer.getInteger("sim.seeds", 40);

    @Test
    void shouldKeepEveryPromiseWhenFaultsStrikeACluster() {
        final Long only = Long.getLong("sim.seed");
        final long first = only == null ? 1 : only;
        final int count = only == null ? SEEDS : 1;
        long acknowledged = 0;
        long faults = 0;
        long reconfigurations = 0;
        for (long seed = first; seed < first + count; seed++) {
            final Simulation.Outcome outcome = Simulation.runCluster(seed, false);
            assertEquals("", outcome.violation(), "seed " + seed);
            acknowledged += outcome.acknowledged();
            faults += outcome.faults();
            reconfigurations += outcome.reconfigurations();
        }
        if (only == null) {
            assertTrue(acknowledged >= 1_000L * count, acknowledged + " acknowledged by " + count + " seeds");
            assertTrue(faults >= 10L * count, faults + " faults in " + count + " seeds");
            assertTrue(reconfigurations >= 3L * count, reconfigurations + " epochs in " + count + " seeds");
        }
    }

    @Test
    void shouldHaveTheSameTraceHashWhenTheSeedOfAClusterIsTheSame() {
        assertEquals(
                Simulation.runCluster(3, false).traceHash(),
                Simulation.runCluster(3, true).traceHash());
    }
}
