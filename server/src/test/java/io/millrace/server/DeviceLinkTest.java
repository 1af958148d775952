package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.ControlledMessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The queues between the control plane and a device of another thread. */
@Timeout(30)
final class DeviceLinkTest implements DeviceLink.Orders, DeviceLink.News {
    private final DeviceLink link = new DeviceLink();
    private final List<String> heard = new ArrayList<>();
    private final ControlledMessageHandler obedience = DeviceLink.obedience(this);
    private final ControlledMessageHandler hearing = DeviceLink.hearing(this);
    private boolean isPressed;

    @Override
    public boolean onEffect(
            final int chain, final long effectNumber, final DirectBuffer buffer, final int offset, final int length) {
        if (!isPressed) {
            heard.add(
                    "effect " + chain + " " + effectNumber + " " + buffer.getStringWithoutLengthAscii(offset, length));
        }
        return !isPressed;
    }

    @Override
    public void onAskLength(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        heard.add("ask " + queryId + " " + index + " " + chain + " " + streamId + " " + segmentId);
    }

    @Override
    public void onEffectDone(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        heard.add("done " + chain + " " + effectNumber + " " + action + " " + streamId + " " + segmentId + " "
                + finalLength);
    }

    @Override
    public void onLength(
            final long queryId,
            final int index,
            final long chainEpoch,
            final long length,
            final long startOffset,
            final boolean isSealed) {
        heard.add("length " + queryId + " " + index + " " + chainEpoch + " " + length + " " + startOffset + " "
                + isSealed);
    }

    @Override
    public void onDeviceFenced() {
        heard.add("fenced");
    }

    private static UnsafeBuffer text(final String text) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[text.length()]);
        buffer.putStringWithoutLengthAscii(0, text);
        return buffer;
    }

    @Test
    void shouldCarryEveryFieldBothWays() {
        assertTrue(link.orderEffect(3, 1L << 40, text("xeffect"), 1, 6));
        assertTrue(link.askLength(-5, 1023, 64, Long.MAX_VALUE, Long.MIN_VALUE));
        assertEquals(2, link.obey(obedience));
        assertTrue(link.tellEffectDone(3, 9, EffectAction.TRUNCATE_SEGMENT, 7, 8, 1L << 50));
        assertTrue(link.tellLength(-5, 2, 11, -1, 4, true));
        assertTrue(link.tellFenced());
        assertEquals(3, link.hear(hearing));
        assertEquals(
                List.of(
                        "effect 3 " + (1L << 40) + " effect",
                        "ask -5 1023 64 " + Long.MAX_VALUE + " " + Long.MIN_VALUE,
                        "done 3 9 TRUNCATE_SEGMENT 7 8 " + (1L << 50),
                        "length -5 2 11 -1 4 true",
                        "fenced"),
                heard);
    }

    @Test
    void shouldGiveAnEffectAgainAndKeepTheOrderWhenTheJournalIsPressed() {
        link.orderEffect(1, 1, text("a"), 0, 1);
        link.orderEffect(1, 2, text("b"), 0, 1);
        isPressed = true;
        assertEquals(0, link.obey(obedience));
        isPressed = false;
        assertEquals(2, link.obey(obedience));
        assertEquals(List.of("effect 1 1 a", "effect 1 2 b"), heard);
    }

    @Test
    void shouldTakeAWholeStreamsQuestionsAndThenSayThatItIsFull() {
        int asked = 0;
        while (link.askLength(1, asked, 1, 1, asked)) {
            asked++;
        }
        assertTrue(asked >= 1_024, asked + " questions");
        int told = 0;
        while (link.tellEffectDone(1, told, EffectAction.CREATE_SEGMENT, 1, told, 0)) {
            told++;
        }
        assertTrue(told >= 1_024, told + " news");
        int obeyed = 0;
        for (int i = 0; i < asked; i++) {
            obeyed += link.obey(obedience);
        }
        assertEquals(asked, obeyed);
        assertTrue(link.askLength(2, 0, 1, 1, 0), "there is room again");
    }

    @Test
    void shouldLoseAndDoubleNothingBetweenTwoThreads() throws InterruptedException {
        final int count = 200_000;
        final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        final long[] next = new long[1];
        final ControlledMessageHandler counting = DeviceLink.obedience(new DeviceLink.Orders() {
            @Override
            public boolean onEffect(
                    final int chain, final long number, final DirectBuffer buffer, final int offset, final int length) {
                assertEquals(next[0]++, number);
                return true;
            }

            @Override
            public void onAskLength(
                    final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
                throw new AssertionError("nobody asked");
            }
        });
        final Thread obeying = new Thread(() -> {
            try {
                while (next[0] < count && !Thread.interrupted()) {
                    link.obey(counting);
                }
            } catch (final AssertionError e) {
                failure.set(e);
            }
        });
        obeying.start();
        final UnsafeBuffer effect = text("effect");
        for (int i = 0; i < count && failure.get() == null; i++) {
            while (!link.orderEffect(1, i, effect, 0, 6) && failure.get() == null) {
                Thread.onSpinWait();
            }
        }
        obeying.join(20_000);
        obeying.interrupt();
        assertEquals(null, failure.get());
        assertEquals(count, next[0]);
    }
}
