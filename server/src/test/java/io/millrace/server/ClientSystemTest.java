package io.millrace.server;

import static io.millrace.server.NodeSystemTest.appendAll;
import static io.millrace.server.NodeSystemTest.assertCode;
import static io.millrace.server.NodeSystemTest.connect;
import static io.millrace.server.NodeSystemTest.readTexts;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What clients meet at one real node: refusals by name, limits, readers, rubbish from the network. */
@Timeout(60)
final class ClientSystemTest {
    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int LARGEST = 8 * 1024 * 1024;
    private static NodeProcess node;
    private static Millrace millrace;

    @BeforeAll
    static void start() {
        node = NodeProcess.create().with("journal.size=256MiB").start();
        millrace = connect(node);
    }

    @AfterAll
    static void stop() {
        try (NodeProcess ended = node) {
            millrace.close();
            ended.assertNoErrors();
        }
    }

    @Test
    void shouldRefuseByNameWhenAStreamIsNotInTheStateForIt() {
        millrace.streams().createStream("state/one", StreamConfiguration.fixed(2));
        assertCode(ErrorCode.STREAM_NOT_SEALED, () -> millrace.streams().delete("state/one"));
        assertEquals(5, ErrorCode.STREAM_NOT_SEALED.exitCode());
        final EventWriter open = millrace.openWriter("state/one");
        open.append("k", "before".getBytes(UTF_8));
        assertTrue(millrace.streams().seal("state/one"));
        assertCode(ErrorCode.CLIENT_SEALED, () -> open.append("k", "after".getBytes(UTF_8)));
        assertEquals(Result.SEALED, open.offer("k", "after".getBytes(UTF_8)));
        assertCode(ErrorCode.STREAM_SEALED, () -> millrace.openWriter("state/one"));
        assertEquals(1, readTexts(millrace, "state/one").size());
        assertTrue(millrace.streams().delete("state/one"));
        assertCode(ErrorCode.STREAM_NOT_FOUND, () -> millrace.streams().describe("state/one"));
        assertCode(ErrorCode.STREAM_NOT_FOUND, () -> millrace.openWriter("state/one"));
        assertCode(ErrorCode.STREAM_NOT_FOUND, () -> millrace.openReader("state/one", StreamPosition.HEAD));
    }

    @Test
    void shouldRefuseByNameWhenAStreamIsUnknownBadlyNamedOrDifferent() {
        assertCode(ErrorCode.STREAM_NOT_FOUND, () -> millrace.openWriter("no-scope/none"));
        assertCode(ErrorCode.BAD_NAME, () -> millrace.streams().describe("_system/none"));
        assertCode(ErrorCode.BAD_NAME, () -> millrace.streams().createStream("a b/c", StreamConfiguration.fixed(1)));
        millrace.streams().createStream("conflict/one", StreamConfiguration.fixed(2));
        assertCode(ErrorCode.STREAM_CONFLICT, () -> millrace.streams()
                .createStream("conflict/one", StreamConfiguration.fixed(3)));
        assertCode(ErrorCode.STREAM_NOT_FOUND, () -> millrace.openWriter("conflict/none"));
    }

    @Test
    void shouldTakeEightMebibytesAndRefuseMoreWhenEventsAreLarge() {
        millrace.streams().createStream("large/events", StreamConfiguration.fixed(1));
        final byte[] largest = new byte[LARGEST];
        new SplittableRandom(1).nextBytes(largest);
        try (EventWriter writer = millrace.openWriter("large/events");
                EventReader reader = millrace.openReader("large/events", StreamPosition.HEAD)) {
            writer.append("k", largest);
            assertCode(ErrorCode.PAYLOAD_TOO_LARGE, () -> writer.append("k", new byte[LARGEST + 1]));
            assertEquals(Result.TOO_LARGE, writer.offer("k", new byte[LARGEST + 1]));
            writer.append("k", new byte[0]);
            assertArrayEquals(largest, read(reader).payload());
            assertEquals(0, read(reader).payload().length);
        }
    }

    @Test
    void shouldFenceTheFirstWriterWhenASecondOneHasItsId() {
        millrace.streams().createStream("fence/events", StreamConfiguration.fixed(1));
        final UUID id = new UUID(7, 7);
        final EventWriter first = millrace.openWriter("fence/events", id);
        first.append("k", "one".getBytes(UTF_8));
        try (Millrace other = connect(node);
                EventWriter second = other.openWriter("fence/events", id)) {
            second.append("k", "two".getBytes(UTF_8));
            assertCode(ErrorCode.CLIENT_FENCED, () -> first.append("k", "three".getBytes(UTF_8)));
            assertEquals(Result.FENCED, first.offer("k", "four".getBytes(UTF_8)));
            second.append("k", "five".getBytes(UTF_8));
        }
        assertEquals("[one, two, five]", readTexts(millrace, "fence/events").toString());
    }

    @Test
    void shouldSeeAnEventSoonAfterItsAcknowledgementWhenFollowingTheTail() {
        millrace.streams().createStream("tail/events", StreamConfiguration.fixed(1));
        appendAll(millrace, "tail/events", 5, 10);
        try (Millrace other = connect(node);
                EventReader reader = other.openReader("tail/events", StreamPosition.TAIL);
                EventWriter writer = millrace.openWriter("tail/events")) {
            for (int i = 0; i < 50; i++) {
                writer.append("k", ("tail-" + i).getBytes(UTF_8));
                final long acknowledgedNs = System.nanoTime();
                assertEquals("tail-" + i, read(reader).asText());
                // No poll interval hides in the path; the bound only tells it from one, on a busy machine.
                assertTrue(System.nanoTime() - acknowledgedNs < 2_000_000_000L);
            }
        }
    }

    @Test
    void shouldReadEverythingOnceWhenCatchingUpWithAWriter() {
        millrace.streams().createStream("catch/up", StreamConfiguration.fixed(4));
        final KeyedLoad load = new KeyedLoad("w", millrace.openWriter("catch/up"));
        for (int i = 0; i < 20_000; i++) {
            load.step(8_000);
        }
        final AtomicBoolean stop = new AtomicBoolean();
        final Thread writing = new Thread(() -> {
            while (!stop.get()) {
                load.step(500);
            }
            load.finish();
        });
        writing.start();
        final Map<String, Long> whileWriting;
        try (Millrace other = connect(node)) {
            whileWriting = KeyedLoad.readAll(other, "catch/up");
        } finally {
            stop.set(true);
            join(writing);
        }
        assertEquals(4, whileWriting.size());
        assertEquals(load.offeredCount(), load.acknowledgedCount());
        load.assertIn(KeyedLoad.readAll(millrace, "catch/up"));
    }

    @Test
    void shouldServeAGoodClientWhenRubbishComesToItsPort() throws Exception {
        millrace.streams().createStream("rubbish/events", StreamConfiguration.fixed(4));
        final KeyedLoad load = new KeyedLoad("w", millrace.openWriter("rubbish/events"));
        final SplittableRandom random = new SplittableRandom(4711);
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            for (int i = 0; i < 20_000; i++) {
                final byte[] bytes = i % 2 == 0 ? garbage(random) : truncatedFrame(random);
                socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), node.port()));
                load.step(500);
            }
        }
        load.finish();
        load.assertIn(KeyedLoad.readAll(millrace, "rubbish/events"));
        try (Millrace fresh = connect(node)) {
            assertNotEquals(0, fresh.streams().describe("rubbish/events").readableBytes());
        }
        node.assertNoErrors();
    }

    private static byte[] garbage(final SplittableRandom random) {
        final byte[] bytes = new byte[random.nextInt(0, 1_400)];
        random.nextBytes(bytes);
        return bytes;
    }

    /**
     * A frame of Aeron's with a plausible header (version 0, a known type) that ends too early or lies of its length.
     */
    private static byte[] truncatedFrame(final SplittableRandom random) {
        final byte[] bytes = new byte[random.nextInt(8, 64)];
        random.nextBytes(bytes);
        final UnsafeBuffer frame = new UnsafeBuffer(ByteBuffer.wrap(bytes));
        frame.putInt(0, random.nextInt(-64, 2_000), ByteOrder.LITTLE_ENDIAN);
        frame.putByte(4, (byte) 0);
        frame.putByte(5, (byte) random.nextInt(256));
        frame.putShort(6, (short) random.nextInt(0, 12), ByteOrder.LITTLE_ENDIAN);
        return bytes;
    }

    private static EventView read(final EventReader reader) {
        final EventView event = reader.read(PATIENCE);
        return Objects.requireNonNull(event, "no event in time");
    }

    private static void join(final Thread thread) {
        try {
            thread.join();
        } catch (final InterruptedException e) {
            throw new AssertionError("interrupted", e);
        }
    }
}
