package io.millrace.testsupport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramSocket;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The watch itself: it must fire. */
@Timeout(60)
class OpenResourcesTest {
    @Test
    void shouldNameASocketUntilItIsClosed() throws IOException {
        final OpenResources before = OpenResources.now();
        try (DatagramSocket socket = new DatagramSocket()) {
            final List<String> left = OpenResources.now().since(before);
            assertTrue(left.size() == 1 && left.get(0).startsWith("1 x descriptor of socket:"), left::toString);
            assertTrue(socket.isBound());
        }
        assertEquals(List.of(), OpenResources.now().since(before));
    }

    @Test
    void shouldNameAJournalFileUntilItIsClosed(@TempDir final Path directory) throws IOException {
        final Path file = Files.createFile(directory.resolve("journal.millrace"));
        final OpenResources before = OpenResources.now();
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            assertEquals(
                    List.of("1 x descriptor of " + file.toRealPath()),
                    OpenResources.now().since(before));
            assertTrue(channel.isOpen());
        }
        assertEquals(List.of(), OpenResources.now().since(before));
    }
}
