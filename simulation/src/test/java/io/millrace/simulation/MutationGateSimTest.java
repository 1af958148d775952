package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rules that chance alone shows to be needed: switched off, one of a few seeds fails. */
@Timeout(300)
final class MutationGateSimTest {
    private static final int SEEDS = 5;

    /** The others need a directed schedule, or more seeds. */
    private static final Set<String> BY_SEEDS = Set.of(
            "TAIL_WAITS_FOR_PREDECESSOR",
            "ACK_AFTER_OWN_DURABILITY",
            "FENCE_AFTER_SEAL",
            "APPLIES_COMMITTED_ONLY",
            "EFFECTS_NUMBERED",
            "installBoundToIncarnation");

    @Test
    void shouldBeNoticedWhenARuleIsSwitchedOff() {
        int tried = 0;
        for (final MutationGate.Mutation mutation : MutationGate.all()) {
            if (BY_SEEDS.contains(mutation.name())) {
                tried++;
                assertTrue(MutationGate.bySeeds(mutation, 1, SEEDS).isCaught(), mutation.name());
            }
        }
        assertTrue(tried == BY_SEEDS.size(), "a rule has another name now");
    }
}
