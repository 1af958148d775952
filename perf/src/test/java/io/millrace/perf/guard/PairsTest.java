package io.millrace.perf.guard;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Turns and repetitions. */
@Timeout(30)
final class PairsTest {
    private final List<String> runs = new ArrayList<>();

    private Sample run(final String side, final boolean disturbed) {
        runs.add(side);
        return new Sample(runs.size(), 2 * runs.size(), 0, disturbed);
    }

    @Test
    void shouldTakeTurnsInBothOrdersWhenNothingDisturbs() throws IOException {
        final List<Verdict.Pair> pairs =
                new Pairs(3).run(() -> run("base", false), () -> run("new", false), (attempt, pair) -> {});
        assertEquals(List.of("base", "new", "new", "base", "base", "new"), runs);
        assertEquals(3, pairs.size());
        assertEquals(4, pairs.get(1).base().p50(), "the second pair began with the new side");
        assertEquals(3, pairs.get(1).fresh().p50());
    }

    @Test
    void shouldRepeatAPairWhenOneOfItsRunsWasDisturbed() throws IOException {
        final List<Integer> told = new ArrayList<>();
        final List<Verdict.Pair> pairs = new Pairs(2)
                .run(
                        () -> run("base", false),
                        () -> run("new", runs.size() == 1),
                        (attempt, pair) -> told.add(pair.isDisturbed() ? -attempt : attempt));
        assertEquals(List.of(-1, 2, 3), told);
        assertTrue(pairs.stream().noneMatch(Verdict.Pair::isDisturbed));
        assertEquals(2, pairs.size());
    }

    @Test
    void shouldGiveUpAndSaySoWhenEverythingIsDisturbed() throws IOException {
        final List<Verdict.Pair> pairs =
                new Pairs(2).run(() -> run("base", true), () -> run("new", true), (attempt, pair) -> {});
        assertEquals(8, runs.size());
        assertEquals(2, pairs.size());
        assertTrue(new Verdict("a", pairs, 1.05, false).isDisturbed());
        assertFalse(pairs.isEmpty());
    }

    @Test
    void shouldPassOnTheReasonWhenARunFails() {
        assertThrows(IOException.class, () -> new Pairs(2)
                .run(
                        () -> run("base", false),
                        () -> {
                            throw new IOException("the node ended");
                        },
                        (attempt, pair) -> {}));
    }
}
