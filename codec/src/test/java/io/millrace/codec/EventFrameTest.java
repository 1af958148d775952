package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Set;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/** Where events begin among bytes. */
final class EventFrameTest {
    private static final int INDEX = 5;

    @Test
    void shouldTellBoundariesFromAllOtherPlaces() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[INDEX + 3 * EventFrame.HEADER_LENGTH + 7]);
        EventFrame.putHeader(buffer, INDEX, 1, 3);
        EventFrame.putHeader(buffer, INDEX + 15, 2, 0);
        EventFrame.putHeader(buffer, INDEX + 27, 3, 4);
        final Set<Integer> boundaries = Set.of(0, 15, 27, 43);
        for (int place = 0; place <= 43; place++) {
            assertEquals(
                    boundaries.contains(place),
                    EventFrame.isBoundary(buffer, INDEX, buffer.capacity(), INDEX + place),
                    "place " + place);
        }
    }

    @Test
    void shouldLookAtNoByteBehindTheLimitAndBelieveNoImpossibleLength() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[EventFrame.HEADER_LENGTH + 2]);
        EventFrame.putHeader(buffer, 0, 1, 0);
        assertFalse(EventFrame.isBoundary(buffer, 0, buffer.capacity(), 13), "the next length ends behind the limit");
        for (final int length : new int[] {-1, Integer.MIN_VALUE, EventFrame.MAX_PAYLOAD + 1, Integer.MAX_VALUE}) {
            buffer.putInt(0, length);
            assertFalse(EventFrame.isBoundary(buffer, 0, buffer.capacity(), 12), "length " + length);
        }
    }
}
