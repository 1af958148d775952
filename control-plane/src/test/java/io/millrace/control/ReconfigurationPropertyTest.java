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

    /**
     * A device that is gone for ever leaves fewer than the minimum (36), a lone head lost a record of the floor with
     * its device (60) or with its torn tail (242): nothing is guessed, and what an operator forces keeps what was
     * acknowledged (P3, P4).
     */
    @Example
    void shouldWaitForTheOperatorWhenNobodyElseCanKnow() {
        for (final long seed : new long[] {36, 60, 242}) {
            final ReconfigurationChaos chaos = new ReconfigurationChaos(seed, ControlRules.ALL);
            chaos.run(STEPS);
            assertTrue(chaos.forced > 0, "seed " + seed);
        }
    }

    /** A node that answered Seal and was torn before it could install is not what was chosen (D1). */
    @Example
    void shouldNotLeadWhenNodeStartsAnewBetweenSealAndInstall() {
        final ReconfigurationChaos chaos = new ReconfigurationChaos(377, ControlRules.ALL);
        chaos.run(STEPS);
        assertTrue(chaos.acknowledgedCount() > 2, "it went on");
    }
}
