package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Systems take turns; disturbed runs are made again, what cannot run leaves. */
@Timeout(20)
final class RoundsTest {
    private final List<String> order = new ArrayList<>();

    /** A run of a fake system. */
    private record FakeRun(String name, double othersShare) {
        boolean isDisturbed() {
            return othersShare > 0;
        }
    }

    @Test
    void shouldTakeTurnsWhenNothingIsDisturbed() {
        final Rounds<FakeRun> rounds = rounds(3, "a", "b");
        rounds.go((system, attempt) -> calm(system, attempt));
        assertEquals(List.of("a1", "b1", "a2", "b2", "a3", "b3"), order);
        assertEquals(3, rounds.judged("a").size());
        assertEquals(3, rounds.attempts("b"));
    }

    @Test
    void shouldRepeatARunWhenItWasDisturbed() {
        final Rounds<FakeRun> rounds = rounds(2, "a", "b");
        rounds.go((system, attempt) ->
                system.equals("b") && attempt == 1 ? disturbed(system, attempt) : calm(system, attempt));
        assertEquals(List.of("a1", "b1", "a2", "b2", "b3"), order);
        assertEquals(
                List.of("b2", "b3"),
                rounds.judged("b").stream().map(FakeRun::name).toList());
    }

    @Test
    void shouldJudgeDisturbedRunsWhenThereAreNotEnoughOthers() {
        final Rounds<FakeRun> rounds = rounds(2, "a");
        rounds.go((system, attempt) -> attempt == 3 ? calm(system, attempt) : disturbed(system, attempt));
        assertEquals(4, rounds.attempts("a"), "twice as many attempts and no more");
        assertEquals(
                List.of("a3", "a1"),
                rounds.judged("a").stream().map(FakeRun::name).toList());
    }

    @Test
    void shouldJudgeTheLeastDisturbedRunWhenAllAre() {
        final Rounds<FakeRun> rounds = rounds(1, "a");
        rounds.go((system, attempt) ->
                new Rounds.Outcome<>(new FakeRun(system + attempt, attempt == 1 ? 0.7 : 0.1), "", false));
        assertEquals(
                List.of("a2"), rounds.judged("a").stream().map(FakeRun::name).toList());
    }

    @Test
    void shouldLeaveWhenASystemCannotBeMeasured() {
        final Rounds<FakeRun> rounds = rounds(2, "a", "b");
        rounds.go((system, attempt) -> {
            if (system.equals("a")) {
                order.add("a" + attempt);
                return new Rounds.Outcome<>(null, "no package", false);
            }
            return calm(system, attempt);
        });
        assertEquals(List.of("a1", "b1", "b2"), order);
        assertEquals("no package", rounds.skipped("a"));
        assertNull(rounds.skipped("b"));
    }

    @Test
    void shouldTryAgainOnceWhenARunFails() {
        final Rounds<FakeRun> rounds = rounds(2, "a", "b");
        rounds.go((system, attempt) -> {
            order.add(system + attempt);
            return system.equals("b") || attempt == 1
                    ? new Rounds.Outcome<>(null, "failed: it fell over", true)
                    : new Rounds.Outcome<>(new FakeRun(system + attempt, 0), "", false);
        });
        assertEquals(List.of("a1", "b1", "a2", "b2", "a3"), order);
        assertNull(rounds.skipped("a"), "it has runs");
        assertEquals("failed: it fell over", rounds.skipped("b"));
    }

    private static Rounds<FakeRun> rounds(final int wanted, final String... systems) {
        return new Rounds<>(List.of(systems), wanted, FakeRun::isDisturbed, FakeRun::othersShare);
    }

    private Rounds.Outcome<FakeRun> calm(final String system, final int attempt) {
        order.add(system + attempt);
        return new Rounds.Outcome<>(new FakeRun(system + attempt, 0), "", false);
    }

    private Rounds.Outcome<FakeRun> disturbed(final String system, final int attempt) {
        order.add(system + attempt);
        return new Rounds.Outcome<>(new FakeRun(system + attempt, 0.5), "", false);
    }
}
