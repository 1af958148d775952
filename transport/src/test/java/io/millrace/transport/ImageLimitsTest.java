package io.millrace.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.aeron.protocol.DataHeaderFlyweight;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class ImageLimitsTest {
    private static final int TERM_LENGTH = 64 << 10;
    private static final int HEADER = DataHeaderFlyweight.HEADER_LENGTH;

    private final ImageLimits limits = new ImageLimits(TERM_LENGTH, 8192, new LogMemory(Long.MAX_VALUE));
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);

    @Test
    void shouldDropATruncatedFrameWhateverTheDatagramBeforeLeftBehindIt() {
        frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, 64);
        assertTrue(limits.allowData(buffer, 64));
        for (int length = 0; length < 64; length++) {
            assertFalse(limits.allowData(buffer, length), "cut at " + length);
        }
        assertEquals(64, limits.refusedCount());
    }

    @Test
    void shouldTakeWhatASenderSends() {
        frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, 0);
        assertTrue(limits.allowData(buffer, HEADER), "a heartbeat");
        frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, 33);
        frame(64, DataHeaderFlyweight.HDR_TYPE_DATA, 40);
        assertTrue(limits.allowData(buffer, 128), "two frames with their alignment");
        frame(128, DataHeaderFlyweight.HDR_TYPE_PAD, 1024);
        assertTrue(limits.allowData(buffer, 128 + HEADER), "padding is sent without its bytes");
        termOffset(TERM_LENGTH - HEADER);
        frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, HEADER);
        assertTrue(limits.allowData(buffer, HEADER), "the end of a term");
        assertEquals(0, limits.refusedCount());
    }

    @Test
    void shouldDropDataWhenItLiesOutsideEveryTerm() {
        for (final int offset : new int[] {-32, 1, 31, TERM_LENGTH, TERM_LENGTH + 32, Integer.MAX_VALUE - 31}) {
            termOffset(offset);
            frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, 64);
            assertFalse(limits.allowData(buffer, 64), "term offset " + offset);
        }
        for (final int frameLength : new int[] {-1, 1, 31, 65, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            termOffset(0);
            frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, frameLength);
            assertFalse(limits.allowData(buffer, 64), "frame length " + frameLength);
        }
        frame(0, DataHeaderFlyweight.HDR_TYPE_PAD, TERM_LENGTH + 32);
        assertFalse(limits.allowData(buffer, HEADER), "padding beyond the term");
        frame(0, DataHeaderFlyweight.HDR_TYPE_DATA, 0);
        assertFalse(limits.allowData(buffer, 64), "a heartbeat has no bytes");
    }

    @Test
    void shouldDropSetUpsWhenTheirNumbersContradictEachOther() {
        assertTrue(limits.allow(TERM_LENGTH, 1408, 5, 5, 0));
        assertTrue(limits.allow(TERM_LENGTH, 1408, Integer.MAX_VALUE, Integer.MIN_VALUE, 64), "term ids wrap");
        assertFalse(limits.allow(TERM_LENGTH, 1408, 5, 4, 0));
        assertFalse(limits.allow(TERM_LENGTH, 1408, 5, 5, -32));
        assertFalse(limits.allow(TERM_LENGTH, 1408, 5, 5, 33));
        assertFalse(limits.allow(TERM_LENGTH, 1408, 5, 5, TERM_LENGTH));
        assertFalse(limits.allow(TERM_LENGTH, 8224, 5, 5, 0));
        assertFalse(limits.allow(2 * TERM_LENGTH, 1408, 5, 5, 0));
        assertFalse(new ImageLimits(1 << 20, 1 << 20, new LogMemory(Long.MAX_VALUE))
                .allow(TERM_LENGTH, TERM_LENGTH / 2 + 32, 5, 5, 0));
    }

    private void termOffset(final int offset) {
        buffer.putInt(DataHeaderFlyweight.TERM_OFFSET_FIELD_OFFSET, offset, ByteOrder.LITTLE_ENDIAN);
    }

    private void frame(final int index, final int type, final int frameLength) {
        buffer.putInt(index, frameLength, ByteOrder.LITTLE_ENDIAN);
        buffer.putShort(index + DataHeaderFlyweight.TYPE_FIELD_OFFSET, (short) type, ByteOrder.LITTLE_ENDIAN);
    }
}
