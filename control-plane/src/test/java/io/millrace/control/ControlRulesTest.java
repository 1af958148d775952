package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.control.ClusterBed.Violation;
import java.lang.reflect.RecordComponent;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The chaos has teeth: with one rule off it finds a broken invariant in a seed that is harmless with all rules. Six of
 * the twelve rules are caught so; the others by pairs of {@link ReplicaChoiceTest} and {@link ReconfigurationTest}.
 */
@Timeout(120)
final class ControlRulesTest {
    private static final int MAX_SEEDS = 400;
    private static final int STEPS = 600;

    /**
     * Looks for a seed that breaks an invariant.
     *
     * @param rule that is off.
     * @return the seed, or -1.
     */
    static int breakingSeed(final int rule, final int seeds) {
        for (int seed = 0; seed < seeds; seed++) {
            try {
                new ReconfigurationChaos(seed, ControlRules.without(rule)).run(STEPS);
            } catch (final Violation e) {
                if (e.getMessage() == null || e.getMessage().startsWith("I20")) {
                    continue;
                }
                // It must be the rule: with all of them the same seed is harmless, or this throws.
                new ReconfigurationChaos(seed, ControlRules.ALL).run(STEPS);
                return seed;
            }
        }
        return -1;
    }

    /** Rules without which chaos loses or forks something within {@link #MAX_SEEDS} seeds. */
    @ParameterizedTest
    @CsvSource({
        "0, eligibleByK",
        "1, minimumToInstall",
        "6, installBoundToIncarnation",
        "8, memberMustBeSealed",
        "9, floorBoundsK",
        "11, incarnationIssuedOnce"
    })
    void shouldBreakAnInvariantWhenARuleIsOff(final int rule, final String name) {
        assertEquals(name, ControlRules.class.getRecordComponents()[rule].getName());
        assertTrue(breakingSeed(rule, MAX_SEEDS) >= 0, name + " is not caught");
    }

    /** Rules without which chaos loses nothing: a directed test runs with the rule and without it, and they differ. */
    @ParameterizedTest
    @CsvSource({
        "2, amnesiaCountsForNothing, ReplicaChoiceTest, shouldCountForNothingWhenMembershipIsForgotten",
        "3, onlyCompleteEligible, ReplicaChoiceTest, shouldNotTakeLearnerWhenItIsNotComplete",
        "4, uncertainDecidesNotAlone, ReplicaChoiceTest, shouldNotDecideAloneWhenTailIsUncertain",
        "5, damagedNotEligible, ReplicaChoiceTest, shouldNotTakeShortLogWhenOthersAreLonger",
        "7, lateReportIgnored, ReconfigurationTest, shouldIgnoreReportWhenItAnswersAnOlderSeal",
        "10, historyKept, ReconfigurationTest, shouldJudgeLogsByAllEpochsWhenPositionsWereWrittenTwice"
    })
    void shouldHaveADirectedPairWhenChaosDoesNotCatchARule(
            final int rule, final String name, final String test, final String pair)
            throws ReflectiveOperationException {
        assertEquals(name, ControlRules.class.getRecordComponents()[rule].getName());
        final Class<?> directed = Class.forName("io.millrace.control." + test);
        assertTrue(directed.getDeclaredMethod(pair).isAnnotationPresent(Test.class));
    }

    @Test
    void shouldSwitchOffOneRuleWhenAskedTo() throws ReflectiveOperationException {
        final RecordComponent[] components = ControlRules.class.getRecordComponents();
        assertEquals(ControlRules.COUNT, components.length);
        for (int rule = 0; rule < components.length; rule++) {
            final ControlRules rules = ControlRules.without(rule);
            for (int i = 0; i < components.length; i++) {
                final boolean holds = (boolean) components[i].getAccessor().invoke(rules);
                if (i == rule) {
                    assertFalse(holds, components[i].getName());
                } else {
                    assertTrue(holds, components[i].getName());
                }
            }
        }
    }
}
