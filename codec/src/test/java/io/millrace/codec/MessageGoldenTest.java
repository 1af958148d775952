package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.Schema.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every message of the four schemas is encoded to exactly the bytes of its golden file, and decoded back. */
@Timeout(60)
final class MessageGoldenTest {
    static List<Message> messages() {
        return Schema.allMessages();
    }

    @ParameterizedTest
    @MethodSource("messages")
    void shouldEncodeGoldenBytesWhenFieldsHoldSamples(final Message message) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final int length = Flyweights.encode(message, buffer, 0);
        final byte[] encoded = Arrays.copyOf(buffer.byteArray(), length);
        if (Golden.isUpdating()) {
            Golden.update(message.toString(), Golden.describe(message, encoded));
        }
        assertArrayEquals(Golden.read(message.toString()), encoded);
        assertEquals(Golden.readText(message.toString()), Golden.describe(message, encoded), "text for people");
    }

    @ParameterizedTest
    @MethodSource("messages")
    void shouldDecodeSamplesWhenReadingGoldenBytes(final Message message) {
        final byte[] golden = Golden.read(message.toString());
        final UnsafeBuffer buffer = new UnsafeBuffer(golden);
        switch (message.schema.name) {
            case "wire" -> assertEquals(message.templateId, WireFrames.check(buffer, 0, golden.length));
            case "chain" -> assertEquals(message.templateId, ChainFrames.check(buffer, 0, golden.length));
            case "control" -> {
                final boolean snapshot = message.name.contains("Snapshot");
                final int expected = message.templateId;
                final int command = ControlFrames.check(buffer, 0, golden.length);
                assertEquals(snapshot ? FrameStatus.TEMPLATE : expected, command);
                assertEquals(
                        snapshot ? expected : FrameStatus.TEMPLATE,
                        ControlFrames.checkSnapshot(buffer, 0, golden.length));
            }
            default -> assertEquals(message.blockLength, golden.length);
        }
        Flyweights.decodeAndCompare(message, buffer, 0);
    }

    @Test
    void shouldHaveOneGoldenFileWhenAMessageIsInASchema() throws IOException {
        final Set<String> expected =
                Schema.allMessages().stream().map(Message::toString).collect(Collectors.toSet());
        final Path root = Golden.path("x").resolve("..").normalize();
        try (Stream<Path> files = Files.walk(root)) {
            final Set<String> found = files.filter(Files::isRegularFile)
                    .map(f -> root.relativize(f).toString().replaceFirst("[.]hex$", ""))
                    .filter(f -> !f.startsWith("journal/"))
                    .collect(Collectors.toSet());
            assertEquals(expected, found);
        }
        assertTrue(expected.size() >= 48, "messages " + expected.size());
    }
}
