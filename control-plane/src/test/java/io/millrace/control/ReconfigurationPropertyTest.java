package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** A chain under any order of reports, ticks, repeats and faults. */
class ReconfigurationPropertyTest {
    private static final int STEPS = 600;

    /** Acknowledged records survive, copies agree, and the chain is whole again when faults end. */
    @Property(tries = 100)
    void shouldKeepWhatWasAcknowledgedWhenFaultsAreRandom(@ForAll final long seed) {
        new ReconfigurationChaos(seed, ControlRules.ALL).run(STEPS);
    }

    /** The chaos is worth its name: it acknowledges, and it reconfigures. */
    @Example
    void shouldBeBusyWhenSeedsAreCounted() {
        int acknowledged = 0;
        int reconfigurations = 0;
        for (int seed = 0; seed < 20; seed++) {
            final ReconfigurationChaos chaos = new ReconfigurationChaos(seed, ControlRules.ALL);
            chaos.run(STEPS);
            acknowledged += chaos.acknowledgedCount();
            reconfigurations += chaos.reconfigurations;
        }
        assertTrue(acknowledged > 20 * 5, "acknowledged " + acknowledged);
        assertTrue(reconfigurations > 20 * 3, "reconfigurations " + reconfigurations);
    }
}
