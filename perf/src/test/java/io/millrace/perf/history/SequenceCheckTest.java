package io.millrace.perf.history;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The judge sees what it is there to see. */
@Timeout(20)
final class SequenceCheckTest {
    private final SequenceCheck check = new SequenceCheck(new long[] {3, 2});

    @Test
    void shouldBeCleanWhenEveryEventCameOnceInOrder() {
        read(0, 0, 1, 0, 0, 1, 1, 1, 0, 2);
        assertTrue(check.isComplete());
        assertTrue(check.isClean());
        assertEquals(5, check.readBack());
    }

    @Test
    void shouldCountLossWhenEventIsMissing() {
        read(0, 0, 1, 0, 0, 2, 1, 1);
        assertCounts(1, 0, 0, 0);
    }

    @Test
    void shouldCountLossWhenEndIsMissing() {
        read(0, 0, 0, 1, 1, 0, 1, 1);
        assertCounts(1, 0, 0, 0);
    }

    @Test
    void shouldCountDuplicateWhenEventCameTwice() {
        read(0, 0, 0, 1, 0, 1, 1, 0, 1, 1, 0, 2);
        assertCounts(0, 1, 0, 0);
        assertEquals(6, check.readBack());
    }

    @Test
    void shouldCountReorderWhenEventCameLate() {
        read(0, 0, 0, 2, 0, 1, 1, 0, 1, 1);
        assertCounts(0, 0, 1, 0);
    }

    @Test
    void shouldCountDamageWhenNobodyWroteTheEvent() {
        read(0, 0, 0, 1, 0, 2, 1, 0, 1, 1, 7, 0, 0, 3, -1, 0, 0, -1);
        check.onDamagedEvent();
        assertCounts(0, 0, 0, 5);
    }

    @Test
    void shouldTakeEventWhenItIsAsWritten() {
        final KeyedEvents events = new KeyedEvents(128);
        events.write(17, 4_000_000_000L);
        final UnsafeBuffer copy = new UnsafeBuffer(new byte[256]);
        copy.putBytes(40, events.buffer(), 0, 128);
        assertTrue(events.read(copy, 40, 128));
        assertEquals(17, events.key());
        assertEquals(4_000_000_000L, events.sequence());
    }

    @Test
    void shouldRefuseEventWhenOneBitIsFlippedOrLengthDiffers() {
        final KeyedEvents events = new KeyedEvents(32);
        events.write(3, 5);
        final UnsafeBuffer copy = new UnsafeBuffer(new byte[33]);
        for (int bit = 0; bit < 32 * 8; bit++) {
            copy.putBytes(0, events.buffer(), 0, 32);
            copy.putByte(bit / 8, (byte) (copy.getByte(bit / 8) ^ (1 << (bit % 8))));
            assertFalse(events.read(copy, 0, 32), "bit " + bit);
        }
        copy.putBytes(0, events.buffer(), 0, 32);
        assertFalse(events.read(copy, 0, 31));
        assertFalse(events.read(copy, 0, 33));
    }

    private void read(final int... keysAndSequences) {
        for (int i = 0; i < keysAndSequences.length; i += 2) {
            check.onEvent(keysAndSequences[i], keysAndSequences[i + 1]);
        }
    }

    private void assertCounts(final long lost, final long duplicated, final long outOfOrder, final long damaged) {
        assertEquals(lost, check.lost());
        assertEquals(duplicated, check.duplicated());
        assertEquals(outOfOrder, check.outOfOrder());
        assertEquals(damaged, check.damaged());
        assertFalse(check.isClean());
    }
}
