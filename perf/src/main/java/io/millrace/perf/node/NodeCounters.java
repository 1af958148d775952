package io.millrace.perf.node;

import io.millrace.codec.CountersFile;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a node has counted since its start.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param allocatedBytes by its device thread; -1 unknown.
 * @param naks frames it asked for again; -1 unknown.
 */
public record NodeCounters(long allocatedBytes, long naks) {
    /** A node that does not tell. */
    public static final NodeCounters UNKNOWN = new NodeCounters(-1, -1);

    /**
     * Reads the counters file of a node; its values are at most a tenth of a second old.
     *
     * @param dataDirectory of the node.
     * @return its counters; unknown when there is no such file.
     */
    public static NodeCounters read(final Path dataDirectory) {
        if (!Files.exists(dataDirectory.resolve(CountersFile.FILE_NAME))) {
            return UNKNOWN;
        }
        try (CountersFile file = CountersFile.open(dataDirectory)) {
            return new NodeCounters(file.value("device.thread.allocated.bytes"), file.value("naks"));
        }
    }

    /**
     * What was counted since an earlier moment.
     *
     * @param before the earlier counters.
     * @return the differences; -1 where either is unknown.
     */
    public NodeCounters since(final NodeCounters before) {
        return new NodeCounters(
                allocatedBytes < 0 || before.allocatedBytes < 0 ? -1 : allocatedBytes - before.allocatedBytes,
                naks < 0 || before.naks < 0 ? -1 : naks - before.naks);
    }
}
