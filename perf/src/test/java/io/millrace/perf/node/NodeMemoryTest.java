package io.millrace.perf.node;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(20)
final class NodeMemoryTest {
    @Test
    void shouldCountEachFileOnceWhenItIsMappedTwice(@TempDir final Path proc) throws IOException {
        final Path process = Files.createDirectory(proc.resolve("7"));
        Files.writeString(process.resolve("status"), "VmRSS:\t 900 kB\nRssAnon:\t     400 kB\nRssShmem:\t 500 kB\n");
        Files.writeString(process.resolve("maps"), """
                7f0000000000-7f0000031000 rw-s 00000000 00:17 1 /dev/shm/x/publications/1.logbuffer
                7f1000000000-7f1000031000 rw-s 00000000 00:17 1 /dev/shm/x/publications/1.logbuffer
                7f2000000000-7f2000001000 rw-s 00000000 00:17 2 /dev/shm/x/images/2.logbuffer
                7f3000000000-7f3000900000 rw-s 00000000 00:17 3 /dev/shm/x/cnc.dat
                """);

        final NodeMemory memory = NodeMemory.read(proc, 7);

        assertEquals(new NodeMemory(400 << 10, 0x31000 + 0x1000), memory);
        final NodeMemory before = new NodeMemory(100 << 10, 0x1000);
        assertEquals("{\"node\":30720,\"sharedMemory\":20070}", json(memory, before));
        assertEquals((300 << 10) + 0x31000, memory.allSince(before));
    }

    @Test
    void shouldKnowNothingWhenTheProcessIsGone(@TempDir final Path proc) {
        final NodeMemory memory = NodeMemory.read(proc, 8);

        assertEquals(NodeMemory.UNKNOWN, memory);
        assertTrue(Double.isNaN(memory.allSince(memory)));
    }

    private static String json(final NodeMemory memory, final NodeMemory before) {
        return memory.perClientSince(before, 10).toString();
    }
}
