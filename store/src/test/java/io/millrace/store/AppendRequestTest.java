package io.millrace.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.AppendEncoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
final class AppendRequestTest {
    private final ChainLog log = new ChainLog();
    private final UnsafeBuffer buffer = new UnsafeBuffer(new byte[1024]);
    private final AppendEncoder encoder = new AppendEncoder();
    private final AppendDecoder decoder = new AppendDecoder();

    @BeforeEach
    void setUp() {
        log.effect(EffectAction.CREATE_SEGMENT, 1).setUp(5, 1, 1).commit();
    }

    @Test
    void shouldAskAsTheFrameSaysWhenItHoldsEvents() {
        frame(2, 3).expectedOffset(40).flags().clear().atomic(true);
        final AppendRequest request = wrap(60);
        assertEquals(2, request.firstEventNumber);
        assertEquals(3, request.eventCount);
        assertEquals(60, request.lengthBytes);
        assertEquals(40, request.expectedOffset);
        assertTrue(request.atomic);
        assertFalse(request.fragment);
        assertEquals(StoreStatus.EVENT_NUMBER_GAP, log.overlay.checkAppend(request));
        assertEquals(1, log.overlay.answerDetail());
    }

    @Test
    void shouldAskAsTheFrameSaysWhenItHoldsAFragment() {
        frame(1, 1).fragmentOffset(0).fragmentedLength(100).flags().clear().fragment(true);
        final AppendRequest request = wrap(60);
        assertTrue(request.fragment);
        assertFalse(request.lastFragment);
        assertEquals(100, request.fragmentedLength);
        assertEquals(9, request.fragmentSession);
        assertEquals(StoreStatus.APPEND, log.overlay.checkAppend(request));
        frame(1, 1)
                .fragmentOffset(0)
                .fragmentedLength(60)
                .flags()
                .clear()
                .fragment(true)
                .lastFragment(true);
        assertTrue(wrap(60).lastFragment);
        assertEquals(StoreStatus.APPEND, log.overlay.checkAppend(log.request));
    }

    @Test
    void shouldRefuseWhenAFragmentSaysItHoldsSeveralEvents() {
        frame(1, 2).fragmentedLength(100).flags().clear().fragment(true);
        assertEquals(StoreStatus.MALFORMED, log.overlay.checkAppend(wrap(60)));
    }

    @Test
    void shouldKeepNothingOfAFragmentWhenEventsFollow() {
        frame(1, 1).fragmentOffset(20).fragmentedLength(100).flags().clear().fragment(true);
        wrap(60);
        frame(1, 1).fragmentOffset(20).fragmentedLength(100).flags().clear();
        final AppendRequest request = wrap(20);
        assertFalse(request.fragment);
        assertEquals(0, request.fragmentOffset);
        assertEquals(0, request.fragmentedLength);
        assertEquals(StoreStatus.APPEND, log.overlay.checkAppend(request));
    }

    private AppendEncoder frame(final long first, final int count) {
        return encoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .writerIdHigh(-5)
                .writerIdLow(5)
                .streamId(ChainLog.STREAM)
                .segmentId(1)
                .firstEventNumber(first)
                .expectedOffset(-1)
                .writerEpoch(1)
                .eventCount(count)
                .fragmentOffset(0)
                .fragmentedLength(0);
    }

    private AppendRequest wrap(final int bytes) {
        encoder.putEvents(new byte[bytes], 0, bytes);
        decoder.wrapAndApplyHeader(buffer, 0, new MessageHeaderDecoder());
        return log.request.wrap(decoder, ChainLog.secret(5, 1), 9);
    }
}
