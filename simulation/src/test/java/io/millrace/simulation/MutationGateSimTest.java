package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The mutation gate: no safety rule can be switched off without a checker that notices. */
@Timeout(300)
final class MutationGateSimTest {
    private static final int SEEDS = 5;

    /** The twelve of the first simulation's table, by the names they have here; one of K and the floor has two. */
    private static final List<String> TABLE = List.of(
            "FENCE_AFTER_SEAL",
            "TAIL_WAITS_FOR_PREDECESSOR",
            "ACK_AFTER_OWN_DURABILITY",
            "eligibleByK",
            "floorBoundsK",
            "TRUNCATE_ON_REJOIN",
            "DEDUPLICATE",
            "RESTART_FORGETS_EPOCH",
            "INSTALL_BOUND_TO_INCARNATION",
            "LATE_SEAL_IGNORED",
            "PROMISE_DURABLE_BEFORE_SEALED",
            "NO_ACK_AFTER_SEALED",
            "CORRUPTION_IS_NOT_TORN");

    /** Those that chance alone shows to be needed, within a few seeds. */
    private static final Set<String> BY_SEEDS = Set.of(
            "TAIL_WAITS_FOR_PREDECESSOR",
            "ACK_AFTER_OWN_DURABILITY",
            "FENCE_AFTER_SEAL",
            "APPLIES_COMMITTED_ONLY",
            "EFFECTS_NUMBERED");

    @Test
    void shouldCatchEveryRuleByAScheduleWhenItIsSwitchedOff() {
        final Set<String> left = new TreeSet<>();
        for (final MutationGate.Mutation mutation : MutationGate.all()) {
            final MutationGate.Verdict verdict = MutationGate.bySchedules(mutation);
            if (!verdict.isCaught()) {
                left.add(mutation.name() + " " + verdict.violation());
            }
        }
        assertEquals(Set.of(), left, "rules that nothing needs");
    }

    @Test
    void shouldCatchSomeRulesBySeedsWhenTheyAreSwitchedOff() {
        for (final String name : BY_SEEDS) {
            assertTrue(MutationGate.bySeeds(MutationGate.named(name), 1, SEEDS).isCaught(), name);
        }
    }

    @Test
    void shouldKnowTheRulesOfTheTable() {
        for (final String name : TABLE) {
            assertEquals(name, MutationGate.named(name).name());
        }
    }
}
