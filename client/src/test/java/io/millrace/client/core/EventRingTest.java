package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.EventFrame;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventRingTest {
    private static final int CAPACITY = 2 << 20;
    private static final int MAX_EVENTS = 4096;

    private final EventRing ring = new EventRing(CAPACITY, MAX_EVENTS);

    private boolean append(final int payloadLength) {
        final int length = EventFrame.frameLength(payloadLength);
        ring.fit(length);
        if (!ring.hasRoom(length, 1, ring.acknowledgedIndex())) {
            return false;
        }
        final long index = ring.appendedIndex() + 1;
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[payloadLength]);
        payload.setMemory(0, payloadLength, (byte) index);
        ring.append(index * 7, payload, 0, payloadLength, index * 3);
        return true;
    }

    private void check() {
        for (long index = ring.acknowledgedIndex() + 1; index <= ring.appendedIndex(); index++) {
            final int at = ring.index(ring.endPosition(index - 1));
            final int length = (int) (ring.endPosition(index) - ring.endPosition(index - 1));
            assertEquals(index * 7, EventFrame.keyHash(ring.bytes(), at));
            assertEquals(length - EventFrame.HEADER_LENGTH, EventFrame.payloadLength(ring.bytes(), at));
            assertEquals((byte) index, ring.bytes().getByte(at + length - 1));
            assertEquals(index * 3, ring.sequence(index));
        }
    }

    @Test
    void shouldKeepEventsWhenItGrowsRoundTheEnd() {
        for (int round = 1; round <= 40; round++) {
            for (int i = 0; i < 50 * round; i++) {
                assertTrue(append(20 + (i * 37) % 900));
            }
            check();
            ring.acknowledge(ring.appendedIndex() - 25L * round);
            check();
            ring.acknowledge(ring.appendedIndex() - 10);
        }
        assertEquals(10, ring.appendedIndex() - ring.acknowledgedIndex());
    }

    @Test
    void shouldBeFullOnlyAtItsLimits() {
        for (int i = 0; i < MAX_EVENTS; i++) {
            assertTrue(append(1));
        }
        assertFalse(append(1));
        ring.acknowledge(ring.appendedIndex());
        final int payloadLength = CAPACITY / 16 - EventFrame.HEADER_LENGTH;
        for (int i = 0; i < 16; i++) {
            assertTrue(append(payloadLength));
        }
        assertFalse(append(1));
        check();
    }

    @Test
    void shouldKeepListsWholeWhenItGrows() {
        assertTrue(append(10));
        ring.append(5, List.of(new byte[10], new byte[20], new byte[30]), 100);
        for (int i = 0; i < 2000; i++) {
            assertTrue(append(10));
        }
        assertEquals(1, ring.unitCount(0));
        assertEquals(3, ring.unitCount(1));
        assertEquals(1, ring.unitCount(4));
        assertEquals(4, ring.runEnd(1, 1 << 20));
    }
}
