package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventWriter;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamManager;
import io.millrace.client.StreamState;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.RefusalCode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class RequestsTest {
    private final ClientFixture fixture = new ClientFixture(1, 2);
    private final StreamManager streams = fixture.conductor.requests();

    private static ErrorCode codeOf(final Runnable call) {
        return assertThrows(MillraceException.class, call::run).code();
    }

    private static String nameOf(final @Nullable StreamInfo info) {
        return info == null ? "refused" : info.name();
    }

    @Test
    void shouldDescribeAndCreate() {
        assertTrue(streams.createStream("test/stream", StreamConfiguration.fixed(2)));
        final StreamInfo info = streams.describe("test/stream");
        assertEquals("test/stream", info.name());
        assertEquals(StreamState.ACTIVE, info.state());
        assertEquals(2, info.segments().size());
        assertEquals(-1L, info.segments().get(1).keyHigh());
    }

    @Test
    void shouldThrowTheNodesCodeWhenRefused() {
        fixture.node.nextMetadataRefusal = RefusalCode.STREAM_NOT_FOUND;
        assertEquals(ErrorCode.STREAM_NOT_FOUND, codeOf(() -> streams.describe("test/stream")));
    }

    @Test
    void shouldAskAgainWhenNodeIsNotReady() {
        fixture.node.nextMetadataRefusal = RefusalCode.NOT_READY;
        assertEquals("test/stream", streams.describe("test/stream").name());
        assertEquals(1, fixture.conductor.counters().refusals());
    }

    @Test
    void shouldBeUnreachableWhenNodeIsDown() {
        fixture.node.isUp = false;
        fixture.clock.stepNs(100_000_000);
        assertEquals(ErrorCode.UNREACHABLE, codeOf(() -> streams.describe("test/stream")));
        assertEquals(ErrorCode.UNREACHABLE, codeOf(() -> fixture.conductor.awaitConnected(1_000_000_000L)));
        fixture.node.isUp = true;
        assertEquals("test/stream", streams.describe("test/stream").name());
        fixture.conductor.awaitConnected(1_000_000_000L);
    }

    /** The one that is gone may have executed it: under the same id it is executed once, whoever is asked. */
    @Test
    void shouldAskAnotherNodeUnderTheSameIdWhenTheAnswerIsLostWithTheFirst() {
        fixture.node.place = ":9001";
        final EventWriter writer = fixture.writer();
        writer.append("key", ClientFixture.bytes("a"));
        fixture.turns(50);
        final String asked = fixture.network.links.get(0).endpoint;
        fixture.node.lostAnswers = 1;
        fixture.node.onLostAnswer = () -> {
            fixture.node.deadEndpoints.add(asked);
            fixture.network.links.get(0).cut();
        };
        assertTrue(streams.createStream("test/another", StreamConfiguration.fixed(1)));
        assertEquals(2, fixture.node.created.size(), fixture.node.created::toString);
        final String first = fixture.node.created.get(0);
        final String second = fixture.node.created.get(1);
        assertTrue(first.startsWith(asked), first);
        assertTrue(second.startsWith(Places.resolve(":9001", asked)), second);
        assertEquals(first.substring(first.indexOf(' ')), second.substring(second.indexOf(' ')), "another id");
    }

    /** The devices of one node: streams are managed at the first one, and it may be silent for a while. */
    @Test
    void shouldAskTheFirstAgainWhenAllRequestsAreRefusedByAnotherDevice() {
        fixture.node.place = ":9001";
        final EventWriter writer = fixture.writer();
        writer.append("key", ClientFixture.bytes("a"));
        fixture.turns(50);
        final FakeNetwork.FakeLink first = fixture.network.links.get(0);
        fixture.node.managedAt = first.endpoint;
        fixture.node.deadEndpoints.add(first.endpoint);
        first.cut();
        final List<@Nullable StreamInfo> described = new ArrayList<>();
        fixture.conductor.requests().describeLater("test/stream", described::add);
        assertEquals(0, fixture.node.managementRefusals);
        assertEquals("test/stream", streams.describe("test/stream").name());
        assertTrue(fixture.node.managementRefusals >= 2, () -> "refused " + fixture.node.managementRefusals);
        assertEquals(
                List.of("test/stream"),
                described.stream().map(RequestsTest::nameOf).toList());
    }

    @Test
    void shouldRefuseBadNamesBeforeAsking() {
        assertEquals(ErrorCode.BAD_NAME, codeOf(() -> streams.describe("stream")));
        assertEquals(ErrorCode.BAD_NAME, codeOf(() -> streams.describe("a/b/c")));
        assertEquals(ErrorCode.BAD_NAME, codeOf(() -> streams.createScope("ü")));
        assertEquals(ErrorCode.BAD_INPUT, codeOf(() -> streams.setHeader("test/stream", new byte[4097])));
    }

    @Test
    void shouldThrowWhenClosed() {
        fixture.conductor.close();
        fixture.conductor.close();
        assertEquals(ErrorCode.CLIENT_CLOSED, codeOf(() -> streams.describe("test/stream")));
    }

    @Test
    void shouldRefuseWriterWhenStreamIsSealed() {
        fixture.node.seal();
        assertEquals(ErrorCode.STREAM_SEALED, codeOf(fixture::writer));
    }
}
