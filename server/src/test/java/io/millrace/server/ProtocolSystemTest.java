package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.ProtocolVersion;
import io.millrace.codec.wire.RefusalCode;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a real node answers to clients that break the protocol: another version, gaps, two writers of one id. */
@Timeout(60)
final class ProtocolSystemTest {
    private static NodeProcess node;
    private static Millrace millrace;

    @BeforeAll
    static void start() {
        node = NodeProcess.started();
        millrace = NodeSystemTest.connect(node);
    }

    @AfterAll
    static void stop() {
        try (NodeProcess ended = node) {
            millrace.close();
            ended.assertNoErrors();
        }
    }

    @Test
    void shouldRefuseByNameWhenTheClientSpeaksAnotherMajorVersion() throws Exception {
        try (VersionRelay relay = new VersionRelay(node.port(), ProtocolVersion.of(2, 5))) {
            final CliProcess cli = new CliProcess(node.directory(), relay.endpoint());
            final CliProcess.Outcome refused =
                    cli.run("stream", "list", "--output", "json").assertRefused(ErrorCode.PROTOCOL_VERSION);
            final Map<String, String> json = refused.json();
            assertEquals("MR-1001", json.get("error.code"));
            assertTrue(String.valueOf(json.get("error.message")).contains("2.5"), "the client's: " + json);
            assertTrue(
                    String.valueOf(json.get("error.message")).contains(ProtocolVersion.toText(ProtocolVersion.CURRENT)),
                    "the node's: " + json);
            assertTrue(refused.errorText().contains(ErrorCode.PROTOCOL_VERSION.remedy()), refused::toString);
        }
        try (VersionRelay relay = new VersionRelay(node.port(), ProtocolVersion.CURRENT + 1)) {
            final CliProcess cli = new CliProcess(node.directory(), relay.endpoint());
            cli.run("stream", "list").assertDone(); // a newer minor version is understood
        }
    }

    @Test
    void shouldRefuseAGapAndTakeTheMissingNumberAfterwards() {
        final StreamInfo stream = create("gap/events");
        try (RawWriter writer = new RawWriter(node, stream, new UUID(3, 1))) {
            writer.append(1, "one");
            writer.awaitAcknowledged(1);
            writer.append(3, "three");
            assertEquals(2, writer.awaitRefusal(RefusalCode.EVENT_NUMBER_GAP), "the number that is expected");
            assertEquals(1, writer.acknowledged());
            writer.append(2, "two");
            writer.append(3, "three");
            writer.awaitAcknowledged(3);
        }
        assertEquals(List.of("one", "two", "three"), NodeSystemTest.readTexts(millrace, "gap/events"));
    }

    @Test
    void shouldFenceTheFirstAndStoreNothingTwiceWhenTwoWritersHaveOneId() {
        final StreamInfo stream = create("twins/events");
        final UUID id = new UUID(4, 1);
        try (RawWriter first = new RawWriter(node, stream, id)) {
            first.append(1, "one");
            first.awaitAcknowledged(1);
            try (RawWriter second = new RawWriter(node, stream, id)) {
                assertEquals(1, second.lastNumber(), "it learns what is stored");
                first.append(2, "zombie");
                first.awaitRefusal(RefusalCode.WRITER_FENCED);
                second.append(1, "one");
                second.append(2, "two");
                second.awaitAcknowledged(2);
            }
            try (Millrace other = NodeSystemTest.connect(node);
                    EventWriter third = other.openWriter("twins/events", id)) {
                third.append("k", "three".getBytes(UTF_8));
            }
        }
        assertEquals(List.of("one", "two", "three"), NodeSystemTest.readTexts(millrace, "twins/events"));
    }

    private static StreamInfo create(final String name) {
        millrace.streams().createStream(name, StreamConfiguration.fixed(1));
        return millrace.streams().describe(name);
    }
}
