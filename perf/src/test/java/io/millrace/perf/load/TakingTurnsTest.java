package io.millrace.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.AckHandler;
import io.millrace.client.EventWriter;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several writers are one target: every event comes back once, under its own number. */
@Timeout(20)
final class TakingTurnsTest {
    private final List<FakeWriter> fakes = new ArrayList<>();
    private final List<Long> acknowledged = new ArrayList<>();

    /** A writer that acknowledges in the next turn what it was offered, unless it is held back. */
    private static final class FakeWriter {
        private long lastSequence;
        private long told;
        private int polls;
        private boolean heldBack;

        private EventWriter writer() {
            return (EventWriter) Proxy.newProxyInstance(
                    FakeWriter.class.getClassLoader(),
                    new Class<?>[] {EventWriter.class},
                    (proxy, method, arguments) -> switch (method.getName()) {
                        case "offer" -> ++lastSequence;
                        case "poll" -> poll((AckHandler) arguments[0]);
                        default -> throw new UnsupportedOperationException(method.getName());
                    });
        }

        private int poll(final AckHandler handler) {
            polls++;
            int count = 0;
            while (!heldBack && told < lastSequence) {
                handler.onAck(++told, 1, told, told * 100);
                count++;
            }
            return count;
        }
    }

    @Test
    void shouldComeBackUnderItsNumberWhenWritersTakeTurns() {
        final TakingTurns target = target(3);
        for (long index = 7; index < 7 + 10; index++) {
            assertTrue(target.offer(index));
        }
        assertEquals(10, target.poll(this::note));
        assertEquals(
                LongStream.range(7, 17).boxed().toList(),
                acknowledged.stream().sorted().toList());
        assertEquals(4, fakes.get(1).lastSequence, "events 7, 10, 13, 16");
    }

    @Test
    void shouldPollNobodyInVainWhenFewWritersAreBusy() {
        final TakingTurns target = target(100);
        target.offer(42);
        fakes.get(42).heldBack = true;
        target.poll(this::note);
        target.offer(43);
        target.poll(this::note);
        assertEquals(List.of(43L), acknowledged);
        fakes.get(42).heldBack = false;
        target.poll(this::note);
        assertEquals(List.of(43L, 42L), acknowledged);
        assertEquals(4, fakes.stream().mapToInt(fake -> fake.polls).sum(), "writer 42 three times, writer 43 once");
        target.poll(this::note);
        assertEquals(1, fakes.get(0).polls, "one turn of the client even when nothing is under way");
    }

    private TakingTurns target(final int count) {
        final List<ClientTarget> targets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final FakeWriter fake = new FakeWriter();
            fakes.add(fake);
            targets.add(new ClientTarget(fake.writer(), 100, count));
        }
        return new TakingTurns(targets);
    }

    private void note(final long first, final long last) {
        LongStream.rangeClosed(first, last).forEach(acknowledged::add);
    }
}
