package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.StreamPosition;
import io.millrace.codec.wire.RefusalCode;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client goes to the address that serves a segment's chain, and asks again when that is no longer right. */
@Timeout(20)
final class PlacesTest {
    private static final Duration WAIT = Duration.ofSeconds(20);

    private final ClientFixture fixture = new ClientFixture(1, 2);

    private List<String> openEndpoints() {
        return fixture.network.links.stream()
                .filter(link -> !link.isClosed)
                .map(link -> link.endpoint)
                .toList();
    }

    private static String next(final EventReader reader) {
        final EventView event = reader.read(WAIT);
        assertNotNull(event, "no event in time");
        return event.asText();
    }

    @Test
    void shouldResolvePlacesByTheAddressThatWasAsked() {
        assertEquals("host:1", Places.resolve("", "host:1"));
        assertEquals("host:2", Places.resolve(":2", "host:1"));
        assertEquals("[::1]:2", Places.resolve(":2", "[::1]:1"));
        assertEquals("127.0.0.1:2", Places.resolve(":2", "ipc"));
        assertEquals("ipc", Places.resolve("", "ipc"));
        assertEquals("other:3", Places.resolve("other:3", "host:1"));
    }

    @Test
    void shouldWriteAndReadAtTheAddressOfTheChain() {
        fixture.node.place = ":9001";
        final EventWriter writer = fixture.writer();
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        writer.append("key", ClientFixture.bytes("a"));
        assertEquals("a", next(reader));
        final String asked = openEndpoints().get(0);
        assertEquals(
                List.of(asked, Places.resolve(":9001", asked)), openEndpoints(), "one connection for both segments");
    }

    @Test
    void shouldAskAgainAndLoseNothingWhenTheChainIsServedElsewhere() {
        final EventWriter writer = fixture.writer();
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        writer.append("key", ClientFixture.bytes("a"));
        assertEquals("a", next(reader));
        fixture.node.place = ":9002";
        fixture.node.restart();
        writer.append("key", ClientFixture.bytes("b"));
        assertEquals("b", next(reader));
        assertEquals(0, writer.failure());
    }

    @Test
    void shouldAskAgainAndCloseTheOldConnectionWhenAnAddressIsSilentForLong() {
        fixture.node.place = ":9001";
        final EventWriter writer = fixture.writer();
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        writer.append("key", ClientFixture.bytes("a"));
        assertEquals("a", next(reader));
        final String old = openEndpoints().get(1);
        fixture.node.deadEndpoints.add(old);
        fixture.node.place = ":9003";
        fixture.node.restart();
        writer.append("key", ClientFixture.bytes("b"));
        assertEquals("b", next(reader));
        assertTrue(!openEndpoints().contains(old), () -> openEndpoints().toString());
        assertEquals(2, openEndpoints().size());
    }

    @Test
    void shouldAskAnotherNodeWhenTheOneItWasGivenIsGoneForGood() {
        fixture.node.place = ":9001";
        final EventWriter writer = fixture.writer();
        final EventReader reader = fixture.reader(StreamPosition.HEAD);
        writer.append("key", ClientFixture.bytes("a"));
        assertEquals("a", next(reader));
        fixture.node.deadEndpoints.add(openEndpoints().get(0));
        fixture.node.place = ":9002";
        fixture.node.restart();
        writer.append("key", ClientFixture.bytes("b"));
        assertEquals("b", next(reader));
        assertEquals(0, writer.failure());
    }

    /** The old head may be cut off from its chain, not from the client: its session is healthy and answers nothing. */
    @Test
    void shouldAskAgainWhenTheChainHasANewEpoch() {
        fixture.node.place = ":9001";
        final EventWriter writer = fixture.writer();
        writer.append("key", ClientFixture.bytes("a"));
        fixture.node.place = ":9004";
        fixture.node.changeChain();
        writer.append("key", ClientFixture.bytes("b"));
        fixture.turns(200);
        assertTrue(openEndpoints().stream().anyMatch(endpoint -> endpoint.endsWith(":9004")), () -> openEndpoints()
                .toString());
    }

    /** While an epoch ends its head refuses, and the writer asks less and less often; the next epoch is not to wait. */
    @Test
    void shouldGoOnAtOnceWhenTheChainHasANewEpochAfterManyRefusals() {
        fixture.node.place = "fake:1";
        final EventWriter writer = fixture.writer();
        writer.append("key", ClientFixture.bytes("a"));
        fixture.turns(100);
        assertEquals(0, writer.pendingCount());
        fixture.node.everyAppendRefusal = RefusalCode.WRONG_NODE;
        assertTrue(writer.offer("key", ClientFixture.bytes("b")) > 0);
        fixture.turns(450); // 45 ms: its pauses were 1 to 16 ms, the one of 32 ms is under way
        fixture.node.everyAppendRefusal = null;
        fixture.node.changeChain();
        fixture.turns(60);
        assertEquals(0, writer.pendingCount(), "the event waits on for the end of the writer's pause");
    }

    /** Asked before the new epoch and answered after it: the head of then has died since, or answers nothing. */
    @Test
    void shouldNotGoBackWhenAPlaceIsOlderThanTheNewsOfTheChain() {
        fixture.node.place = "fake:1";
        final EventWriter writer = fixture.writer();
        writer.append("key", ClientFixture.bytes("a"));
        fixture.turns(100);
        fixture.node.place = ":9005";
        fixture.node.deadEndpoints.add(Places.resolve(":9005", openEndpoints().get(0)));
        fixture.node.isHoldingDescriptions = true;
        fixture.node.everyAppendRefusal = RefusalCode.WRONG_NODE;
        assertTrue(writer.offer("key", ClientFixture.bytes("b")) > 0);
        fixture.turns(50);
        fixture.node.everyAppendRefusal = null;
        fixture.node.place = "fake:1";
        fixture.node.changeChain();
        fixture.turns(1);
        fixture.node.releaseDescriptions();
        fixture.turns(100);
        assertEquals(0, writer.pendingCount(), "it waits at the head of the epoch before");
    }

    /** Two epochs that follow on each other: a slower session tells of the first one when the second one is known. */
    @Test
    void shouldNotGoBackWhenNewsOfAnOlderEpochComeLate() {
        fixture.node.place = "fake:1";
        final EventWriter writer = fixture.writer();
        writer.append("key", ClientFixture.bytes("a"));
        fixture.turns(100);
        fixture.node.everyAppendRefusal = RefusalCode.WRONG_NODE;
        assertTrue(writer.offer("key", ClientFixture.bytes("b")) > 0);
        fixture.turns(50);
        fixture.node.everyAppendRefusal = null;
        final String dead = Places.resolve(":9006", openEndpoints().get(0));
        fixture.node.deadEndpoints.add(dead);
        fixture.node.changeChain();
        final long late = fixture.node.chainEpoch;
        fixture.node.changeChain();
        fixture.node.tellChain(late, ":9006");
        fixture.turns(100);
        assertEquals(0, writer.pendingCount(), "it waits at the head of the epoch before");
    }
}
