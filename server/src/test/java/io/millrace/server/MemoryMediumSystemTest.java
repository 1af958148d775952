package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.IoUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node whose journal lies in memory says so wherever it speaks of durability. */
@Timeout(60)
final class MemoryMediumSystemTest {
    @Test
    void shouldNeverSayDurableWhenTheMediumIsMemory() throws IOException {
        final Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "millrace-medium-test-");
        try (NodeProcess node = NodeProcess.create()
                .with("journal.path=" + memory.resolve("journal"))
                .with("journal.size=32MiB")
                .start("--format")) {
            assertEquals("MEMORY", node.ready("durability"));
            final CliProcess cli = new CliProcess(node.directory(), node.endpoint());
            cli.run("stream", "create", "memory/events").assertDone();
            final CliProcess.Outcome told =
                    cli.runWith("a\nb\n".getBytes(UTF_8), "write", "memory/events", "-", "--output", "json");
            assertEquals("MEMORY", told.assertDone().json().get("durability"));
            final CliProcess.Outcome words = cli.runWith("c\n".getBytes(UTF_8), "write", "memory/events", "-");
            assertFalse(words.assertDone().text().contains("all durable"), words::toString);
            assertTrue(words.text().contains("NOT durable"), words::toString);
        } finally {
            IoUtil.delete(memory.toFile(), true);
        }
    }
}
