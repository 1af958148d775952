package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.RefusalCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class EventReaderTest {
    private static final Duration WAIT = Duration.ofSeconds(1);

    private final ClientFixture fixture = new ClientFixture(1, 1);
    private final EventWriter writer = fixture.writer();

    private void write(final String... texts) {
        for (final String text : texts) {
            writer.append("key", ClientFixture.bytes(text));
        }
    }

    private static List<String> poll(final EventReader reader, final int turns) {
        final List<String> texts = new ArrayList<>();
        for (int i = 0; i < turns; i++) {
            reader.poll(
                    (buffer, offset, length, keyHash, segmentId, eventOffset) ->
                            texts.add(buffer.getStringWithoutLengthAscii(offset, length)),
                    10);
        }
        return texts;
    }

    private static EventView next(final EventReader reader) {
        final EventView event = reader.read(WAIT);
        if (event == null) {
            throw new AssertionError("no event in time");
        }
        return event;
    }

    @Test
    void shouldReadFromHeadAndFollowTheTail() {
        write("a", "b");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals("a", next(reader).asText());
        assertEquals(13, next(reader).eventOffset());
        assertNull(reader.read(Duration.ofMillis(1)));
        write("c");
        final EventView event = next(reader);
        assertEquals("c", event.asText());
        assertEquals(KeyHash.of("key"), event.keyHash());
    }

    @Test
    void shouldReadOnlyWhatFollowsWhenOpenedAtTail() {
        write("a", "b");
        final EventReader reader = fixture.reader(StreamPosition.TAIL);
        write("c");
        assertEquals("c", next(reader).asText());
        assertEquals(List.of(), poll(reader, 5));
    }

    @Test
    void shouldStayBeforeTheEventWhenHandlerThrows() {
        write("a", "b");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        fixture.turns(5);
        final StreamPosition before = reader.position();
        assertThrows(
                IllegalArgumentException.class,
                () -> reader.poll(
                        (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
                            throw new IllegalArgumentException("not now");
                        },
                        10));
        assertEquals(before, reader.position());
        assertEquals(List.of("a", "b"), poll(reader, 1));
    }

    @Test
    void shouldResumeFromTextOfPosition() {
        write("a", "b", "c");
        final EventReader first = fixture.reader(StreamPosition.HEAD);
        next(first);
        final StreamPosition saved = StreamPosition.parse(first.position().asText());
        assertEquals("7:0@13", saved.asText());
        first.close();
        final EventReader second = fixture.reader(saved);
        assertEquals(List.of("b", "c"), poll(second, 5));
        second.seek(saved);
        assertEquals(List.of("b", "c"), poll(second, 5));
        second.seek(StreamPosition.HEAD);
        assertEquals(List.of("a", "b", "c"), poll(second, 5));
        second.seek(StreamPosition.TAIL);
        assertEquals(List.of(), poll(second, 5));
        final StreamPosition foreign = StreamPosition.parse("8:0@13");
        assertEquals(
                ErrorCode.OFFSET_OUT_OF_RANGE,
                assertThrows(MillraceException.class, () -> second.seek(foreign))
                        .code());
    }

    @Test
    void shouldSeekFromWithinHandler() {
        write("a", "b", "c");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        fixture.turns(5);
        assertEquals(
                1,
                reader.poll(
                        (buffer, offset, length, keyHash, segmentId, eventOffset) ->
                                reader.seek(StreamPosition.parse("7:0@26")),
                        10));
        assertEquals(List.of("c"), poll(reader, 5));
    }

    @Test
    void shouldBeAtEndWhenSealedAndDrained() {
        write("a");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals("a", next(reader).asText());
        assertFalse(reader.isAtEnd());
        fixture.node.seal();
        assertNull(reader.read(WAIT));
        assertTrue(reader.isAtEnd());
        fixture.network.cutAll();
        fixture.turns(5);
        assertTrue(reader.isAtEnd());
    }

    @Test
    void shouldGoOnBehindTheLastEventWhenSessionIsLost() {
        write("a", "b");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals("a", next(reader).asText());
        fixture.network.cutAll();
        write("c");
        assertEquals(List.of("b", "c"), poll(reader, 10));
        assertEquals(1, fixture.conductor.counters().resubscriptions());
    }

    @Test
    void shouldRenewCreditWhenHalfIsProcessed() {
        final byte[] payload = new byte[500_000];
        for (int i = 0; i < 12; i++) {
            writer.append("key", payload);
        }
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        for (int i = 0; i < 12; i++) {
            assertEquals(payload.length, next(reader).payload().length);
        }
        assertTrue(fixture.node.creditFrames >= 3, "credits " + fixture.node.creditFrames);
        assertEquals(0, fixture.conductor.counters().resubscriptions());
    }

    @Test
    void shouldReadTheLargestEventWhenTheWindowsAreSmaller() {
        final byte[] largest = new byte[EventFrame.MAX_PAYLOAD];
        new SplittableRandom(1).nextBytes(largest);
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        write("before");
        writer.append("key", largest);
        write("behind");
        assertEquals("before", next(reader).asText());
        assertArrayEquals(largest, next(reader).payload());
        assertEquals("behind", next(reader).asText());
        assertEquals(0, fixture.conductor.counters().resubscriptions());
    }

    @Test
    void shouldThrowByNameWhenSegmentIsGone() {
        fixture.node.nextSubscribeRefusal = RefusalCode.SEGMENT_DELETED;
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals(
                ErrorCode.SEGMENT_DELETED,
                assertThrows(MillraceException.class, () -> poll(reader, 5)).code());
        reader.close();
        assertEquals(
                ErrorCode.CLIENT_CLOSED,
                assertThrows(MillraceException.class, () -> poll(reader, 1)).code());
    }

    @Test
    void shouldSubscribeAgainWhenNodeIsNotReady() {
        write("a");
        fixture.node.nextSubscribeRefusal = RefusalCode.NOT_READY;
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals("a", next(reader).asText());
    }

    @Test
    void shouldWaitForAnotherMemberWhenTheDeviceCannotBeRead() {
        write("a");
        fixture.node.everySubscribeRefusal = RefusalCode.DEVICE_FENCED;
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        final long startNs = fixture.clock.nanoTime();
        while (fixture.clock.nanoTime() - startNs < 29_000_000_000L) {
            assertEquals(List.of(), poll(reader, 10));
        }
        fixture.node.everySubscribeRefusal = null;
        assertEquals("a", next(reader).asText());
    }

    @Test
    void shouldWaitAnewWhenTheDeviceCouldBeReadBetweenTwoRefusals() {
        write("a");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals("a", next(reader).asText());
        for (int i = 0; i < 2; i++) {
            fixture.network.cutAll();
            fixture.node.nextSubscribeRefusal = RefusalCode.DEVICE_FENCED;
            final long startNs = fixture.clock.nanoTime();
            while (fixture.clock.nanoTime() - startNs < 40_000_000_000L) {
                assertEquals(List.of(), poll(reader, 10));
            }
        }
        write("b");
        assertEquals("b", next(reader).asText());
    }

    @Test
    void shouldThrowWhenTheDeviceCannotBeReadForLong() {
        write("a", "b");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals("a", next(reader).asText());
        fixture.network.cutAll();
        fixture.node.everySubscribeRefusal = RefusalCode.DEVICE_FENCED;
        final long startNs = fixture.clock.nanoTime();
        final MillraceException thrown = assertThrows(MillraceException.class, () -> {
            while (fixture.clock.nanoTime() - startNs < 40_000_000_000L) {
                poll(reader, 10);
            }
        });
        assertEquals(ErrorCode.DEVICE_FENCED, thrown.code());
        assertTrue(fixture.clock.nanoTime() - startNs >= 30_000_000_000L);
    }

    @Test
    void shouldThrowWhenBytesAreNoEvents() {
        fixture.node.segments[0].bytes.write(new byte[] {-1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 0, 13);
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals(
                ErrorCode.BAD_EVENT_DATA,
                assertThrows(MillraceException.class, () -> poll(reader, 5)).code());
    }
}
