package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that stands alone, with real clients, under faults; {@code -Dsim.seed=} repeats one seed. */
@Timeout(240)
final class SingleNodeSimTest {
    private static final int SEEDS = Integer.getInteger("sim.seeds", 30);

    @Test
    void shouldKeepEveryPromiseWhenFaultsStrike() {
        final Long only = Long.getLong("sim.seed");
        final long first = only == null ? 1 : only;
        final int count = only == null ? SEEDS : 1;
        long acknowledged = 0;
        long faults = 0;
        for (long seed = first; seed < first + count; seed++) {
            final Simulation.Outcome outcome = Simulation.runSingle(seed, false);
            assertEquals("", outcome.violation(), "seed " + seed);
            acknowledged += outcome.acknowledged();
            faults += outcome.faults();
        }
        assertTrue(acknowledged >= 1_000L * count, acknowledged + " acknowledged by " + count + " seeds");
        assertTrue(faults >= 10L * count, faults + " faults in " + count + " seeds");
    }

    @Test
    void shouldHaveTheSameTraceHashWhenTheSeedIsTheSame() {
        final Simulation.Outcome first = Simulation.runSingle(7, false);
        final Simulation.Outcome second = Simulation.runSingle(7, true);
        assertEquals(first.traceHash(), second.traceHash());
        assertEquals(first.events(), second.events());
        assertNotEquals(first.traceHash(), Simulation.runSingle(8, false).traceHash());
        assertTrue(second.trace().size() > 10, "a readable trace");
    }
}
