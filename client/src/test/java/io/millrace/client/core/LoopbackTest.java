package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.AckHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.NodeInfo;
import io.millrace.client.Result;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.MutableLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client over real media on loopback. */
@Timeout(60)
class LoopbackTest {
    private static final Duration WAIT = Duration.ofSeconds(10);

    private static byte[] bytes(final String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static EventView next(final EventReader reader) {
        final EventView event = reader.read(WAIT);
        if (event == null) {
            throw new AssertionError("no event in time");
        }
        return event;
    }

    @Test
    void shouldWriteAndReadInFewLines() {
        try (LoopbackNode node = new LoopbackNode(1);
                Millrace millrace = Millrace.connect(node.endpoint())) {
            assertTrue(millrace.streams().createStream("demo/ticks", StreamConfiguration.fixed(1)));
            try (EventWriter writer = millrace.openWriter("demo/ticks");
                    EventReader reader = millrace.openReader("demo/ticks", StreamPosition.HEAD)) {
                writer.append("AAPL", bytes("187.20"));
                assertEquals("187.20", next(reader).asText());
                final byte[] large = new byte[1024 * 1024];
                large[large.length - 1] = 7;
                writer.append("AAPL", large);
                assertEquals(7, next(reader).payload()[large.length - 1]);
            }
            assertTrue(millrace.isConnected());
            final NodeInfo info = millrace.node();
            assertNotNull(info);
            assertEquals(1024 * 1024, info.maxEventLength());
        }
    }

    @Test
    void shouldWriteOnceWhenNodeRestarts() {
        final int count = 20_000;
        try (LoopbackNode node = new LoopbackNode(2);
                Millrace millrace = Millrace.connect(node.endpoint());
                EventWriter writer = millrace.openWriter("demo/ticks")) {
            final MutableLong acknowledged = new MutableLong();
            final AckHandler acks = (sequence, segmentId, number, end) -> acknowledged.increment();
            for (int i = 0; i < count; i++) {
                if (i == count / 3 || i == count / 2) {
                    node.restart();
                }
                long sequence;
                while ((sequence = writer.offer("key" + i % 7, bytes(Integer.toString(i)))) < 0) {
                    assertTrue(Result.isRetryable(sequence), Result.name(sequence));
                    writer.poll(acks, 1000);
                }
            }
            while (acknowledged.value < count) {
                writer.poll(acks, 1000);
            }
            final int[] last = new int[7];
            try (EventReader reader = millrace.openReader("demo/ticks", StreamPosition.HEAD)) {
                for (int i = 0; i < count; i++) {
                    final int value = Integer.parseInt(next(reader).asText());
                    assertTrue(value / 7 == last[value % 7], "value " + value);
                    last[value % 7]++;
                }
            }
            assertTrue(millrace.counters().reconnects() >= 1);
        }
    }

    @Test
    void shouldServeSeveralThreads() throws InterruptedException {
        try (LoopbackNode node = new LoopbackNode(1);
                Millrace millrace = Millrace.connect(node.endpoint());
                EventWriter writer = millrace.openWriter("demo/ticks")) {
            final List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                final Thread thread = new Thread(() -> {
                    for (int k = 0; k < 50; k++) {
                        writer.append(null, bytes("event"));
                    }
                });
                thread.start();
                threads.add(thread);
            }
            for (final Thread thread : threads) {
                thread.join();
            }
            assertEquals(200, writer.acknowledgedSequence());
        }
    }

    @Test
    void shouldSendWithoutHelpWhenCallerOnlyOffers() {
        try (LoopbackNode node = new LoopbackNode(1);
                Millrace millrace = Millrace.connect(node.endpoint());
                EventWriter writer = millrace.openWriter("demo/ticks")) {
            for (int i = 0; i < 100; i++) {
                assertTrue(writer.offer("key", bytes("event")) > 0);
            }
            int idleCount = 0;
            while (writer.acknowledgedSequence() < 100) {
                idleCount = ClientConductor.idle(idleCount);
            }
        }
    }

    @Test
    void shouldGoOnOverNewMediaWhenTransportHasClosed() {
        try (LoopbackNode node = new LoopbackNode(1)) {
            final Millrace.Context context =
                    new Millrace.Context().invoker(true).endpoint(node.endpoint());
            final TransportNetwork network = new TransportNetwork(context, 1, 2);
            try (ClientConductor conductor = new ClientConductor(context, 3, (settings, high, low) -> network)) {
                conductor.awaitConnected(WAIT.toNanos());
                final EventWriter writer = conductor.openWriter("demo/ticks", 0, 0);
                final EventReader reader = conductor.openReader("demo/ticks", StreamPosition.HEAD);
                writer.append("key", bytes("a"));
                assertEquals("a", next(reader).asText());
                writer.offer("key", bytes("b"));
                network.transport().close();
                writer.append("key", bytes("c"));
                assertEquals("b", next(reader).asText());
                assertEquals("c", next(reader).asText());
                assertEquals(1, conductor.counters().transportRebuilds());
            }
        }
    }

    @Test
    void shouldSayUnreachableWhenNobodyListens() {
        final Millrace.Context context =
                new Millrace.Context().endpoint("127.0.0.1:9").connectTimeoutNs(300_000_000L);
        final MillraceException thrown = assertThrows(MillraceException.class, () -> Millrace.connect(context));
        assertEquals(ErrorCode.UNREACHABLE, thrown.code());
        assertEquals(
                ErrorCode.BAD_ADDRESS,
                assertThrows(MillraceException.class, () -> Millrace.connect("nowhere"))
                        .code());
    }
}
