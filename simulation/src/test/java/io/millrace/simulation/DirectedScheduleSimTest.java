package io.millrace.simulation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Schedules that once broke the plan, each with all rules, and with each rule that it is there for switched off. */
@Timeout(120)
final class DirectedScheduleSimTest {
    private static final int TRACE_LINES = 200;

    static Stream<Arguments> schedules() {
        return DirectedSchedules.all().stream().map(schedule -> Arguments.of(schedule.name(), schedule));
    }

    static Stream<Arguments> rules() {
        return DirectedSchedules.all().stream().flatMap(schedule -> schedule.caught().stream()
                .map(caught -> Arguments.of(caught.mutation(), schedule, caught)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("schedules")
    void shouldBreakNothingWhenEveryRuleHolds(final String name, final Schedule schedule) {
        final Schedule.Run run = schedule.run(Rules.ALL, TRACE_LINES);
        assertEquals("", run.violation(), () -> name + ":\n" + String.join("\n", run.trace()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rules")
    void shouldBreakAPromiseWhenARuleIsSwitchedOff(
            final String name, final Schedule schedule, final Schedule.Caught caught) {
        final Schedule.Run run = schedule.run(MutationGate.named(name).rules(), TRACE_LINES);
        assertTrue(
                caught.broken().contains(run.broken()),
                () -> schedule.name() + ": " + run.violation() + "\n" + String.join("\n", run.trace()));
    }

    @Test
    void shouldHaveAScheduleForEachRuleOfTheProtocolThatIsBuilt() {
        final Set<String> rules = new HashSet<>();
        final Set<String> names = new HashSet<>();
        for (final Schedule schedule : DirectedSchedules.all()) {
            rules.addAll(List.of(schedule.rule().split(", ")));
            assertTrue(names.add(schedule.name()), schedule.name());
        }
        assertTrue(
                rules.containsAll(List.of("P1", "P2", "P3", "P4", "P5", "P6", "P7", "P8", "P12", "P13", "P15")),
                rules.toString());
    }
}
