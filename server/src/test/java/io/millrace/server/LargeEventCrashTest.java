package io.millrace.server;

import static io.millrace.server.NodeSystemTest.connect;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * kill -9 while events of up to 8 MiB are on their way in fragments: the same writer sends the torn one again from its
 * first byte, and each is read back once, whole and in order between small ones.
 */
final class LargeEventCrashTest {
    private static final String STREAM = "crash/large";
    private static final int KILLS = 4;
    private static final int EVENTS_PER_ROUND = 6;
    private static final int LARGEST = 8 * 1024 * 1024;

    private final SplittableRandom random = new SplittableRandom(Long.getLong("crash.seed", 20_261_123L));

    @Test
    @Timeout(90)
    void shouldReadEachLargeEventOnceWhenTheNodeIsKilledInTheMiddleOfOne() {
        try (NodeProcess node = NodeProcess.create().with("journal.size=512MiB").with("journal.zone-size=16MiB")) {
            node.start();
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                final EventWriter writer = millrace.openWriter(STREAM);
                for (int kill = 0; kill < KILLS; kill++) {
                    final Thread killer = killer(node, random.nextInt(5, 120));
                    final long target = writer.lastSequence() + EVENTS_PER_ROUND;
                    killer.start();
                    while (writer.lastSequence() < target || killer.isAlive() || node.isAlive()) {
                        if (writer.lastSequence() < target) {
                            offer(writer);
                        }
                        writer.doWork();
                        if (!node.isAlive() && writer.pendingCount() > 0) {
                            break;
                        }
                    }
                    node.kill();
                    node.start(writer::doWork);
                }
                writer.flush(Duration.ofSeconds(40));
                assertEquals(writer.lastSequence(), writer.acknowledgedSequence());
                assertReadBack(millrace, writer.lastSequence());
            }
        }
    }

    private static Thread killer(final NodeProcess node, final int afterMs) {
        return new Thread(() -> {
            LockSupport.parkNanos(afterMs * 1_000_000L);
            node.signalKill();
        });
    }

    /** An event's bytes follow from its sequence; every third is small. */
    private static byte[] payload(final long sequence) {
        final SplittableRandom bytes = new SplittableRandom(sequence);
        final int length = sequence % 3 == 0
                ? bytes.nextInt(8, 200)
                : sequence % 5 == 0 ? LARGEST : bytes.nextInt(100_000, LARGEST);
        final byte[] payload = new byte[length];
        bytes.nextBytes(payload);
        return payload;
    }

    private static void offer(final EventWriter writer) {
        final byte[] payload = payload(writer.lastSequence() + 1);
        final long result = writer.offer(7, new UnsafeBuffer(payload), 0, payload.length);
        assertTrue(result > 0 || Result.isRetryable(result), () -> Result.name(result));
    }

    private static void assertReadBack(final Millrace millrace, final long count) {
        try (EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
            for (long sequence = 1; sequence <= count; sequence++) {
                final EventView event = Objects.requireNonNull(reader.read(Duration.ofSeconds(20)), "no event in time");
                // Not assertArrayEquals: its message would be the events.
                assertTrue(
                        Arrays.equals(payload(sequence), event.payload()),
                        "event " + sequence + " of " + event.payload().length + " bytes");
            }
            assertEquals(
                    reader.position().offsetOf(0),
                    millrace.streams().describe(STREAM).readableBytes(),
                    "nothing more");
        }
    }
}
