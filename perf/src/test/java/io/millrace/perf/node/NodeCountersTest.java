package io.millrace.perf.node;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.codec.CountersFile;
import java.nio.file.Path;
import org.agrona.concurrent.status.AtomicCounter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node's counters are found where it keeps them. */
@Timeout(20)
final class NodeCountersTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldBeUnknownWhenThereIsNoFile() {
        assertEquals(NodeCounters.UNKNOWN, NodeCounters.read(directory));
        assertEquals(NodeCounters.UNKNOWN, new NodeCounters(5, 5).since(NodeCounters.UNKNOWN));
    }

    @Test
    void shouldReadDifferenceWhenNodeCounts() {
        try (CountersFile file = CountersFile.create(directory)) {
            final AtomicCounter allocated = file.manager().newCounter("device.thread.allocated.bytes");
            allocated.setRelease(1_000);
            final NodeCounters before = NodeCounters.read(directory);
            assertEquals(new NodeCounters(1_000, -1), before);
            allocated.setRelease(1_064);
            assertEquals(new NodeCounters(64, -1), NodeCounters.read(directory).since(before));
            allocated.disconnectCountersManager();
        }
    }
}
