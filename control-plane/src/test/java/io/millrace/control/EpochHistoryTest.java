package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What of a log is valid. */
@Timeout(10)
final class EpochHistoryTest {
    private static EpochHistory history(final long... pairs) {
        final EpochHistory history = new EpochHistory();
        for (int i = 0; i < pairs.length; i += 2) {
            history.add(pairs[i], pairs[i + 1]);
        }
        return history;
    }

    @Test
    void shouldCutWhatALaterEpochWroteAnew() {
        final EpochHistory chain = history(1, 1, 2, 8, 4, 6);
        assertEquals(5, chain.validPosition(history(1, 1), 0, 0, 10), "epoch 1 counts up to where 4 begins");
        assertEquals(5, chain.validPosition(history(1, 1, 2, 8), 0, 0, 9));
        assertEquals(9, chain.validPosition(history(1, 1, 4, 6), 0, 0, 9));
        assertEquals(5, chain.validPosition(history(1, 1, 3, 6), 0, 0, 9), "epoch 3 was never installed");
        assertEquals(3, chain.validPosition(history(1, 1), 0, 0, 3));
        assertEquals(0, chain.validPosition(history(), 0, 0, 0));
    }

    @Test
    void shouldRefuseTheBaseWhenItIsNotValid() {
        final EpochHistory chain = history(1, 1, 4, 6);
        assertEquals(-1, chain.validPosition(history(1, 8), 7, 1, 9), "a checkpoint of what was not committed");
        assertEquals(9, chain.validPosition(history(4, 8), 7, 4, 9));
        assertEquals(5, chain.validPosition(history(1, 6), 5, 1, 9));
    }

    @Test
    void shouldJudgeTheSameWhenDominatedEpochsAreForgotten() {
        final EpochHistory chain = history(1, 1, 2, 8, 4, 6, 5, 9);
        chain.forgetDominated();
        assertEquals(3, chain.count());
        assertEquals(5, chain.validPosition(history(1, 1, 2, 8), 0, 0, 9));
        chain.forgetUpTo(7);
        assertEquals(1, chain.count());
        assertEquals(5, chain.epoch(0));
        assertEquals(8, chain.validPosition(history(4, 8), 7, 4, 12));
    }

    @Test
    void shouldRefuseWhenEpochsDoNotRise() {
        final EpochHistory chain = history(2, 1);
        assertThrows(IllegalArgumentException.class, () -> chain.add(2, 5));
        assertThrows(IllegalArgumentException.class, () -> chain.add(3, 0));
    }
}
