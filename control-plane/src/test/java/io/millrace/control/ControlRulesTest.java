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
 * The chaos has teeth: with one rule off it finds a broken invariant. Rules that one replica too few or too many breaks
 * only in schedules of several steps are held by {@link ReplicaChoiceTest} and {@link ReconfigurationTest}, with the
 * rule and without it.
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
                return e.getMessage() == null ? -1 : seed;
            }
        }
        return -1;
    }

    @ParameterizedTest
    @CsvSource({
        "0, eligibleByK", "1, minimumToInstall", "2, amnesiaCountsForNothing", "3, onlyCompleteEligible",
        "4, uncertainDecidesNotAlone", "5, damagedNotEligible", "6, installBoundToIncarnation", "7, lateReportIgnored",
        "8, memberMustBeSealed", "9, floorBoundsK", "10, historyKept", "11, incarnationIssuedOnce"
    })
    void shouldBreakAnInvariantWhenARuleIsOff(final int rule, final String name) {
        assertEquals(name, ControlRules.class.getRecordComponents()[rule].getName());
        assertTrue(breakingSeed(rule, MAX_SEEDS) >= 0, name + " is not caught");
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
