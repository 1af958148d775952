package io.millrace.perf.node;

import io.millrace.perf.report.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What a node takes of memory. Pages of the media driver's files are mapped several times by one process, so the
 * process's resident size would count them as often: they are taken from the files instead.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param privateBytes resident memory that belongs to no file: heap, code, native memory; -1 unknown.
 * @param sharedBytes the files of its media driver; -1 unknown.
 */
public record NodeMemory(long privateBytes, long sharedBytes) {
    /** Of a node whose process cannot be looked at. */
    public static final NodeMemory UNKNOWN = new NodeMemory(-1, -1);

    private static final String PRIVATE = "RssAnon:";
    private static final String TERMS_SUFFIX = ".logbuffer";

    /**
     * Reads it.
     *
     * @param proc {@code /proc} but in tests.
     * @param pid of the node.
     * @return bytes; unknown when the process is gone.
     */
    public static NodeMemory read(final Path proc, final long pid) {
        final Path process = proc.resolve(Long.toString(pid));
        try {
            return new NodeMemory(residentBytes(process.resolve("status")), mappedBytes(process.resolve("maps")));
        } catch (final IOException | UncheckedIOException e) {
            return UNKNOWN;
        }
    }

    /**
     * What was added since an earlier look, for each of a number of clients.
     *
     * @param before the earlier one.
     * @param count of clients.
     * @return bytes; not a number where one of the two is unknown.
     */
    public JsonObject perClientSince(final NodeMemory before, final int count) {
        return new JsonObject()
                .put("node", perClient(before.privateBytes, privateBytes, count))
                .put("sharedMemory", perClient(before.sharedBytes, sharedBytes, count));
    }

    /**
     * What was added since an earlier look, private and shared together.
     *
     * @param before the earlier one.
     * @return bytes; not a number where one of the two is unknown.
     */
    public double allSince(final NodeMemory before) {
        return perClient(before.privateBytes, privateBytes, 1) + perClient(before.sharedBytes, sharedBytes, 1);
    }

    private static double perClient(final long before, final long after, final int count) {
        return before < 0 || after < 0 ? Double.NaN : Math.rint((double) (after - before) / count);
    }

    private static long residentBytes(final Path status) throws IOException {
        for (final String line : Files.readAllLines(status)) {
            if (line.startsWith(PRIVATE)) {
                return 1024
                        * Long.parseLong(line.substring(PRIVATE.length())
                                .replace("kB", "")
                                .strip());
            }
        }
        return -1;
    }

    /** Each file once, however often it is mapped. */
    private static long mappedBytes(final Path maps) throws IOException {
        final Map<String, Long> lengths = new HashMap<>();
        try (Stream<String> lines = Files.lines(maps)) {
            lines.filter(line -> line.endsWith(TERMS_SUFFIX)).forEach(line -> {
                final String[] fields = line.split(" +", 6);
                final int dash = fields[0].indexOf('-');
                final long length = Long.parseUnsignedLong(fields[0].substring(dash + 1), 16)
                        - Long.parseUnsignedLong(fields[0].substring(0, dash), 16);
                lengths.merge(fields[5], length, Math::max);
            });
        }
        return lengths.values().stream().mapToLong(Long::longValue).sum();
    }
}
