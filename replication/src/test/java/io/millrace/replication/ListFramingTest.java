package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.EventFrame;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
final class ListFramingTest {
    private static final long KEY = 5;
    private static final int PAYLOAD = 50;
    private static final int FRAME = EventFrame.HEADER_LENGTH + PAYLOAD;
    private static final int COUNT = 4;
    private static final int TOTAL = COUNT * FRAME;

    private final ListFraming framing = new ListFraming();
    private final UnsafeBuffer list = new UnsafeBuffer(new byte[TOTAL]);
    private final UnsafeBuffer frame = new UnsafeBuffer(new byte[1024]);
    private final AppendDecoder append = new AppendDecoder();

    ListFramingTest() {
        for (int i = 0; i < COUNT; i++) {
            EventFrame.putHeader(list, i * FRAME, KEY, PAYLOAD);
        }
    }

    private int check(final int offset, final int length) {
        return check(offset, length, 1, COUNT);
    }

    private int check(final int offset, final int length, final long number, final int count) {
        final AppendEncoder encoder = new AppendEncoder();
        encoder.wrapAndApplyHeader(frame, 0, new MessageHeaderEncoder())
                .firstEventNumber(number)
                .eventCount(count)
                .fragmentOffset(offset)
                .fragmentedLength(TOTAL);
        append.wrapAndApplyHeader(frame, 0, new MessageHeaderDecoder());
        return framing.check(append, list, offset, length, KEY, KEY);
    }

    private void take(final int offset, final int length) {
        assertEquals(0, check(offset, length));
        framing.accept(append);
    }

    @Test
    void shouldTakeAListWhenItsFragmentsFollowEachOther() {
        take(0, FRAME + 20);
        assertTrue(framing.isOpen());
        take(FRAME + 20, FRAME);
        take(2 * FRAME + 20, TOTAL - 2 * FRAME - 20);
        assertFalse(framing.isOpen());
    }

    @Test
    void shouldStayWhereItWasWhenAFragmentWasCheckedAndNotSequenced() {
        take(0, FRAME);
        assertEquals(0, check(FRAME, FRAME));
        assertEquals(0, check(FRAME, FRAME));
        take(FRAME, FRAME);
        assertEquals(ListFraming.OUT_OF_ORDER, check(FRAME, FRAME));
    }

    @Test
    void shouldAskForTheFirstFragmentWhenOneContinuesNoList() {
        assertEquals(ListFraming.OUT_OF_ORDER, check(FRAME, FRAME));
        take(0, FRAME);
        assertEquals(ListFraming.OUT_OF_ORDER, check(2 * FRAME, FRAME));
        assertEquals(ListFraming.OUT_OF_ORDER, check(FRAME, FRAME, 2, COUNT));
        assertEquals(ListFraming.OUT_OF_ORDER, check(FRAME, FRAME, 1, COUNT + 1));
        framing.reset();
        assertEquals(ListFraming.OUT_OF_ORDER, check(FRAME, FRAME));
        take(0, 2 * FRAME);
    }

    @Test
    void shouldRefuseWhenFramesContradictTheList() {
        assertEquals(EventFrame.INCOMPLETE, check(0, FRAME + 5), "a cut header");
        assertEquals(EventFrame.BAD_LENGTH, check(0, TOTAL + 1));
        assertEquals(EventFrame.BAD_LENGTH, check(0, 0));
        assertEquals(EventFrame.BAD_COUNT, check(0, TOTAL, 1, COUNT + 1));
        assertEquals(EventFrame.BAD_COUNT, check(0, 2 * FRAME, 1, 1));
        take(0, FRAME);
        EventFrame.putHeader(list, FRAME, KEY + 1, PAYLOAD);
        assertEquals(EventFrame.BAD_KEY_HASH, check(FRAME, FRAME));
        assertEquals(KEY + 1, framing.badKeyHash());
        EventFrame.putHeader(list, FRAME, KEY, TOTAL);
        assertEquals(EventFrame.BAD_LENGTH, check(FRAME, FRAME));
        EventFrame.putHeader(list, FRAME, KEY, -1);
        assertEquals(EventFrame.BAD_LENGTH, check(FRAME, FRAME));
    }
}
