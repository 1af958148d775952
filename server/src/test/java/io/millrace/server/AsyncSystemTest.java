package io.millrace.server;

import static io.millrace.server.NodeSystemTest.connect;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventPosition;
import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Futures and atomic lists at a real node that is killed in the middle. */
final class AsyncSystemTest {
    private static final String STREAM = "async/events";
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int KILLS = 3;
    private static final int UNITS = 400;

    @Test
    @Timeout(80)
    void shouldCompleteEveryFutureAndKeepListsWholeWhenTheNodeIsKilled() {
        final SplittableRandom random = new SplittableRandom(4711);
        final List<CompletableFuture<EventPosition>> futures = new ArrayList<>();
        final List<String> expected = new ArrayList<>();
        try (NodeProcess node = NodeProcess.create().with("journal.size=256MiB").start()) {
            try (Millrace millrace = connect(node)) {
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                try (EventWriter writer = millrace.openWriter(STREAM)) {
                    for (int kill = 0; kill <= KILLS; kill++) {
                        for (int unit = 0; unit < UNITS; unit++) {
                            futures.add(append(writer, random, expected));
                        }
                        if (kill < KILLS) {
                            node.kill();
                            node.start();
                        }
                    }
                    writer.flush(PATIENCE);
                    assertTrue(futures.stream().allMatch(CompletableFuture::isDone), "flush waits for futures");
                    assertEquals(
                            expected.size(),
                            futures.get(futures.size() - 1).join().eventNumber());
                }
                assertReadBack(millrace, expected);
            }
        }
    }

    /** One event, or a list that now and then exceeds a frame; its place in its list is in the text. */
    private static CompletableFuture<EventPosition> append(
            final EventWriter writer, final SplittableRandom random, final List<String> expected) {
        final int count = random.nextInt(4) == 0 ? random.nextInt(2, 30) : 1;
        final int padding = random.nextInt(1_000);
        final List<byte[]> list = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            final String text = expected.size() + "/" + i + "/" + count + "/" + "x".repeat(padding);
            expected.add(text);
            list.add(text.getBytes(UTF_8));
        }
        return count == 1 ? writer.appendAsync("key", list.get(0)) : writer.appendAsync("key", list);
    }

    private static void assertReadBack(final Millrace millrace, final List<String> expected) {
        try (EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
            for (final String text : expected) {
                final EventView event = Objects.requireNonNull(reader.read(PATIENCE), "no event in time");
                assertEquals(text, event.asText());
            }
            assertEquals(
                    millrace.streams().describe(STREAM).readableBytes(),
                    reader.position().offsetOf(0),
                    "nothing more");
        }
    }

    @Test
    @Timeout(60)
    void shouldDeliverEachEventOnceWhenALiveTailingReaderSeeks() {
        try (NodeProcess node = NodeProcess.started();
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
            try (EventWriter writer = millrace.openWriter(STREAM);
                    EventReader reader = millrace.openReader(STREAM, StreamPosition.TAIL)) {
                int written = 0;
                for (int round = 0; round < 20; round++) {
                    final StreamPosition mark = reader.position();
                    final int first = written;
                    for (int i = 0; i < 50; i++) {
                        final CompletableFuture<EventPosition> future = writer.appendAsync(
                                "key", String.valueOf(written++).getBytes(UTF_8));
                        assertTrue(!future.isCompletedExceptionally());
                    }
                    assertNext(reader, first, first + random(round)); // what follows is on its way to the reader
                    reader.seek(mark);
                    assertNext(reader, first, written);
                    if (round % 5 == 4) {
                        reader.seek(StreamPosition.HEAD);
                        assertNext(reader, 0, written);
                        reader.seek(StreamPosition.TAIL);
                    }
                }
            }
            node.assertNoErrors();
        }
    }

    private static int random(final int round) {
        return new SplittableRandom(round).nextInt(50);
    }

    private static void assertNext(final EventReader reader, final int first, final int end) {
        for (int number = first; number < end; number++) {
            final EventView event = Objects.requireNonNull(reader.read(PATIENCE), "no event in time");
            assertEquals(String.valueOf(number), event.asText());
        }
    }
}
