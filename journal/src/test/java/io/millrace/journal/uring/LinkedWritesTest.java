package io.millrace.journal.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a write and the FSYNC behind it make together. */
@Timeout(20)
final class LinkedWritesTest {
    private static final int LENGTH = 8192;
    private static final int ECANCELED = 125;

    private final LinkedWrites links = new LinkedWrites(2);

    @Test
    void shouldBeDurableOnlyWhenWriteAndThenSyncSucceed() {
        assertEquals(LENGTH, outcome(LENGTH, 0));
        assertEquals(-5, outcome(-5, -ECANCELED));
        assertEquals(-61, outcome(-61, -ECANCELED));
        assertEquals(4096, outcome(4096, -ECANCELED));
        assertEquals(0, outcome(0, -ECANCELED));
        assertEquals(-5, outcome(LENGTH, -5));
        assertEquals(-28, outcome(LENGTH, -28));
    }

    @Test
    void shouldNeverAskForAnotherTryWhenSyncFailed() {
        assertEquals(-11, outcome(-11, -ECANCELED), "the write alone may be repeated");
        assertEquals(-5, outcome(LENGTH, -11));
    }

    @Test
    void shouldFailWhenSyncCompletedBeforeTheWrite() {
        final int slot = links.take(7, LENGTH);
        assertFalse(links.onSync(slot, 0));
        assertTrue(links.onWrite(slot, LENGTH));
        assertEquals(-5, links.release(slot));
    }

    @Test
    void shouldReuseSlotsWithoutMemoryOfTheLastWrite() {
        final int first = links.take(1, LENGTH);
        final int second = links.take(2, 4096);
        assertEquals(-1, links.take(3, LENGTH));
        assertFalse(links.onWrite(first, -5));
        assertTrue(links.onSync(first, -ECANCELED));
        assertEquals(1, links.token(first));
        assertEquals(-5, links.release(first));
        final int third = links.take(3, LENGTH);
        assertFalse(links.onWrite(third, LENGTH));
        assertTrue(links.onSync(third, 0));
        assertEquals(3, links.token(third));
        assertEquals(LENGTH, links.release(third));
        assertEquals(2, links.token(second));
    }

    private int outcome(final int write, final int sync) {
        final int slot = links.take(1, LENGTH);
        assertFalse(links.onWrite(slot, write));
        assertTrue(links.onSync(slot, sync));
        return links.release(slot);
    }
}
