package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.StreamPosition;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A reader goes to the tail, and to the head when the tail cannot read, or is not there. */
@Timeout(20)
final class ReadPlacesTest {
    private static final Duration WAIT = Duration.ofSeconds(20);
    private static final String HEAD = "127.0.0.1:9001";
    private static final String TAIL = "127.0.0.1:9002";
    private static final int EVENTS = 8;

    private final ClientFixture fixture = new ClientFixture(1, 2);

    @BeforeEach
    void write() {
        fixture.node.place = HEAD;
        final EventWriter writer = fixture.writer();
        for (int i = 0; i < EVENTS; i++) {
            writer.append("key " + i, ClientFixture.bytes("event " + i));
        }
        fixture.turns(200);
        writer.close();
        fixture.node.tailPlace = TAIL;
        for (final FakeNode.Segment segment : fixture.node.segments) {
            assertTrue(segment.bytes.size() > 0, "each segment has something to be read");
        }
    }

    private List<String> readAll(final EventReader reader) {
        final List<String> events = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            final EventView event = reader.read(WAIT);
            assertNotNull(event, () -> "no event in time; asked " + fixture.node.subscribed);
            events.add(event.asText());
        }
        events.sort(null);
        return events;
    }

    private static List<String> all() {
        final List<String> events = new ArrayList<>();
        for (int i = 0; i < EVENTS; i++) {
            events.add("event " + i);
        }
        return events;
    }

    @Test
    void shouldReadAtTheTailWhenItCan() {
        assertEquals(all(), readAll(fixture.reader(StreamPosition.HEAD)));
        assertEquals(List.of(TAIL + " 0", TAIL + " 1"), fixture.node.subscribed);
    }

    @Test
    void shouldReadASegmentAtTheHeadWhenTheTailCannotReadIt() {
        fixture.node.unreadable.add(TAIL + " 1");
        assertEquals(all(), readAll(fixture.reader(StreamPosition.HEAD)));
        assertTrue(fixture.node.subscribed.contains(HEAD + " 1"), fixture.node.subscribed::toString);
        assertFalse(fixture.node.subscribed.contains(HEAD + " 0"), "that one was read at the tail");
    }

    @Test
    void shouldReadAtTheHeadWhenTheTailIsSilent() {
        fixture.node.deadEndpoints.add(TAIL);
        assertEquals(all(), readAll(fixture.reader(StreamPosition.HEAD)));
        assertTrue(fixture.node.subscribed.contains(HEAD + " 0"), fixture.node.subscribed::toString);
        assertTrue(fixture.node.subscribed.contains(HEAD + " 1"), fixture.node.subscribed::toString);
    }

    /** What one segment finds out about the places must not send the other one back to where it cannot be read. */
    @Test
    void shouldStayAtTheHeadWhenAnotherSegmentLooksForItsPlace() {
        fixture.node.unreadable.add(TAIL + " 0");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals(all(), readAll(reader));
        fixture.node.unreadable.add(TAIL + " 1");
        fixture.node.subscribed.clear();
        fixture.node.restart();
        fixture.turns(40_000);
        assertTrue(fixture.node.subscribed.contains(HEAD + " 1"), fixture.node.subscribed::toString);
        assertFalse(fixture.node.subscribed.contains(TAIL + " 0"), fixture.node.subscribed::toString);
    }

    @Test
    void shouldTryTheTailAgainWhenTheHeadCannotReadEither() {
        fixture.node.unreadable.add(TAIL + " 0");
        fixture.node.unreadable.add(HEAD + " 0");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        fixture.turns(40_000);
        assertTrue(fixture.node.subscribed.contains(HEAD + " 0"), fixture.node.subscribed::toString);
        fixture.node.unreadable.remove(TAIL + " 0");
        assertEquals(all(), readAll(reader));
    }

    @Test
    void shouldGoToTheTailWhenItIsAnotherOne() {
        fixture.node.unreadable.add(TAIL + " 0");
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals(all(), readAll(reader));
        fixture.node.tailPlace = "127.0.0.1:9003";
        fixture.node.restart();
        fixture.turns(40_000);
        assertTrue(
                fixture.node.subscribed.contains("127.0.0.1:9003 1"), // the old tail does not serve it any more
                fixture.node.subscribed::toString);
        assertTrue(fixture.node.subscribed.contains("127.0.0.1:9003 0"), fixture.node.subscribed::toString);
    }

    @Test
    void shouldAskAgainWhereItIsReadWhenTheAnswerIsLost() {
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        assertEquals(all(), readAll(reader));
        fixture.node.tailPlace = "127.0.0.1:9004";
        fixture.node.lostAnswers = 1;
        fixture.node.restart();
        fixture.turns(60_000);
        assertEquals(0, fixture.node.lostAnswers, "it was not asked");
        assertTrue(fixture.node.subscribed.contains("127.0.0.1:9004 0"), fixture.node.subscribed::toString);
    }
}
