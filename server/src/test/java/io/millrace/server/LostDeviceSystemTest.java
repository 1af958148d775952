package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.agrona.IoUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Real nodes whose device is gone, exchanged, or not formatted: nothing is made where something is expected. */
@Timeout(90)
final class LostDeviceSystemTest {
    private static final String STREAM = "lost/events";

    @Test
    void shouldRefuseUntilTheDeviceIsBackWhenItIsMissingOrExchanged() throws Exception {
        try (NodeProcess node = NodeProcess.started();
                NodeProcess other = NodeProcess.create()) {
            assertEquals("true", node.ready("formatted"));
            append(node, 7);
            assertEquals(0, node.terminate(), node::errorText);
            final Path away = node.directory().resolve("away");
            Files.move(node.journal(), away);
            refuse(node, ErrorCode.DEVICE_NOT_FOUND);
            refuse(node, ErrorCode.DEVICE_NOT_FOUND, "--format");
            assertTrue(Files.notExists(node.journal()), "nothing is made in its place");

            other.start();
            append(other, 3);
            assertEquals(0, other.terminate(), other::errorText);
            final byte[] exchanged = superblocks(other.journal());
            Files.move(other.journal(), node.journal());
            refuse(node, ErrorCode.DEVICE_EXCHANGED);
            assertArrayEquals(exchanged, superblocks(node.journal()), "a refused device is not touched");
            Files.move(node.journal(), other.journal());

            Files.move(away, node.journal());
            Files.delete(node.data().resolve(Identity.FILE_NAME));
            node.start(); // as after a crash between format and identity
            assertEquals("false", node.ready("formatted"));
            assertEquals(7, count(node));
            assertTrue(Files.exists(node.data().resolve(Identity.FILE_NAME)));
        }
    }

    @Test
    void shouldFormatASetPathOnlyByCommandOrOption() throws Exception {
        final Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "millrace-test-");
        try (NodeProcess node = NodeProcess.create().with("journal.path=" + memory.resolve("journal"))) {
            refuse(node, ErrorCode.DEVICE_NOT_FOUND);
            assertTrue(Files.notExists(memory.resolve("journal")));
            node.start("--format");
            assertEquals("true", node.ready("formatted"));
            assertEquals("MEMORY", node.ready("durability"), "tmpfs does not survive a loss of power");
            assertTrue(node.errorText().contains("NOT DURABLE"), node::errorText);
            append(node, 2);
            assertEquals(0, node.terminate(), node::errorText);
            node.start("--format");
            assertEquals("false", node.ready("formatted"));
            assertEquals(2, count(node));
        } finally {
            IoUtil.delete(memory.toFile(), true);
        }
    }

    @Test
    void shouldStartOnWhatJournalFormatMadeAndOverwriteNothing() throws IOException {
        try (NodeProcess node = NodeProcess.create()) {
            final CliProcess cli = new CliProcess(node.directory(), "none");
            final Path configuration = node.directory().resolve("node.toml");
            final Path file = node.directory().resolve("device");
            Files.writeString(
                    configuration,
                    "[node]\ndata = \"" + node.data() + "\"\n[journal]\npath = \"" + file
                            + "\"\nsize = \"32MiB\"\nzone-size = \"4MiB\"\n");
            final String[] format = {"journal", "format", "--config", configuration.toString(), "--output", "json"};
            final Map<String, String> made = cli.run(format).assertDone().json();
            assertEquals(file.toString(), made.get("file"));
            final byte[] before = Files.readAllBytes(file);
            final CliProcess.Outcome again = cli.run(format).assertRefused(ErrorCode.DEVICE_NOT_EMPTY);
            assertEquals("MR-6010", again.json().get("error.code"));
            assertArrayEquals(before, Files.readAllBytes(file));
            node.with("journal.path=" + file).start();
            assertEquals("false", node.ready("formatted"));
            assertEquals(
                    Files.getFileStore(file).type().equals("tmpfs") ? "MEMORY" : "MEDIA", node.ready("durability"));
            assertEquals(0, node.terminate(), node::errorText);
            Files.delete(file);
            final CliProcess.Outcome lost = cli.run(format).assertRefused(ErrorCode.DEVICE_NOT_FOUND);
            assertTrue(lost.errorText().contains(String.valueOf(made.get("deviceUuid"))), lost::toString);
            assertFalse(Files.exists(file), "a lost device is given up by nobody but the operator");
        }
    }

    private static void append(final NodeProcess node, final int count) {
        try (Millrace millrace = NodeSystemTest.connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
            NodeSystemTest.appendAll(millrace, STREAM, count, 10);
        }
    }

    private static int count(final NodeProcess node) {
        try (Millrace millrace = NodeSystemTest.connect(node)) {
            return NodeSystemTest.readTexts(millrace, STREAM).size();
        }
    }

    private static byte[] superblocks(final Path file) throws IOException {
        try (var in = Files.newInputStream(file)) {
            return in.readNBytes(64 * 1024);
        }
    }

    private static void refuse(final NodeProcess node, final ErrorCode code, final String... options) {
        node.refusedStart(options).assertIs(code.exitCode(), code.id());
    }
}
