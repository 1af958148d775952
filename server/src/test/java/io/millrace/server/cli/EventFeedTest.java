package io.millrace.server.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.client.AckHandler;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class EventFeedTest {
    private static final long TIMEOUT_NS = 1_000_000_000L;
    private static final UnsafeBuffer PAYLOAD = new UnsafeBuffer(new byte[8]);

    @Test
    void shouldCountEveryEventWhenAcknowledgementsComeBeforeTheFirstRegularPoll() {
        final ForgetfulWriter writer = new ForgetfulWriter();
        try (Millrace millrace = Millrace.connect(
                        new Millrace.Context().endpoint("127.0.0.1:1").connectTimeoutNs(0));
                Interruption interruption = Interruption.of(millrace)) {
            final EventFeed feed =
                    new EventFeed(millrace, writer.port(), SystemNanoClock.INSTANCE, TIMEOUT_NS, interruption);
            for (int i = 0; i < 20; i++) {
                feed.offer(false, 0, PAYLOAD, 0, PAYLOAD.capacity());
            }
            feed.drain();
            assertEquals(20, feed.acknowledgedCount());
            assertEquals(20, feed.offeredCount());
        }
    }

    /** Acknowledges at once and has room for four tidings: whoever has not polled yet is told nothing of older ones. */
    private static final class ForgetfulWriter {
        private static final int ROOM = 4;

        private boolean isPolled;
        private long offered;
        private long told;

        EventWriter port() {
            return (EventWriter) Proxy.newProxyInstance(
                    EventWriter.class.getClassLoader(), new Class<?>[] {EventWriter.class}, this::call);
        }

        private @Nullable Object call(final Object port, final Method method, final Object[] arguments) {
            return switch (method.getName()) {
                case "offer" -> offer();
                case "poll" -> poll((AckHandler) arguments[0]);
                case "pendingCount", "failure" -> 0L;
                case "lastRefusal" -> null;
                default -> throw new UnsupportedOperationException(method.getName());
            };
        }

        private long offer() {
            if (!isPolled && offered - told == ROOM) {
                told = offered;
            }
            return ++offered;
        }

        private int poll(final AckHandler handler) {
            isPolled = true;
            final int count = (int) (offered - told);
            while (told < offered) {
                handler.onAck(++told, 0, told, told * PAYLOAD.capacity());
            }
            return count;
        }
    }
}
