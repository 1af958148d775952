package io.millrace.perf.compare;

import io.millrace.perf.report.Environment;
import io.millrace.perf.report.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a comparison was taken on, beyond {@link Environment}: the processor, the block device under the directory, and
 * what a packet may hold on loopback.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param environment of every result.
 * @param processor its model.
 * @param device name of the block device, or null where there is none.
 * @param deviceModel as the device calls itself.
 * @param writeCache "write back" (volatile: must be flushed), "write through" or "unknown".
 * @param forcedUnitAccess whether a write can be durable by itself: "1", "0" or "unknown".
 * @param scheduler of the device.
 * @param fileSystem its type.
 * @param memoryBytes of the machine.
 * @param loopbackMtu bytes.
 */
record Machine(
        Environment environment,
        String processor,
        @Nullable String device,
        String deviceModel,
        String writeCache,
        String forcedUnitAccess,
        String scheduler,
        String fileSystem,
        long memoryBytes,
        String loopbackMtu) {
    /**
     * Reads it.
     *
     * @param root directory that holds {@code proc} and {@code sys}.
     * @param directory on the device under test.
     * @return what is there; "unknown" where it cannot be read.
     * @throws IOException when the directory cannot be resolved.
     */
    static Machine read(final Path root, final Path directory) throws IOException {
        final String device = DeviceStat.deviceOf(root, directory);
        final Path queue = root.resolve("sys/class/block/" + device + "/queue");
        return new Machine(
                Environment.read(root),
                field(root.resolve("proc/cpuinfo"), "model name"),
                device,
                line(root.resolve("sys/class/block/" + device + "/device/model")),
                line(queue.resolve("write_cache")),
                line(queue.resolve("fua")),
                chosen(line(queue.resolve("scheduler"))),
                Files.getFileStore(directory).type(),
                kibibytes(field(root.resolve("proc/meminfo"), "MemTotal")) << 10,
                line(root.resolve("sys/class/net/lo/mtu")));
    }

    /** Whether what was written can be lost with the power until the device is flushed. */
    boolean hasWriteCache() {
        return !writeCache.equals("write through");
    }

    /** As JSON: the fields of {@link Environment}, and these. */
    JsonObject toJson() {
        return environment
                .toJson()
                .put("processor", processor)
                .put("memoryBytes", memoryBytes)
                .put("loopbackMtu", loopbackMtu)
                .put(
                        "device",
                        new JsonObject()
                                .put("name", device == null ? "none" : device)
                                .put("model", deviceModel)
                                .put("writeCache", writeCache)
                                .put("forcedUnitAccess", forcedUnitAccess)
                                .put("scheduler", scheduler)
                                .put("fileSystem", fileSystem));
    }

    @Override
    public String toString() {
        return environment + ", " + processor + ", device " + device + " (" + fileSystem + ", " + writeCache
                + (forcedUnitAccess.equals("0") ? ", no FUA" : "") + ", scheduler " + scheduler + ")";
    }

    private static String chosen(final String schedulers) {
        final int from = schedulers.indexOf('[');
        final int to = schedulers.indexOf(']');
        return from >= 0 && to > from ? schedulers.substring(from + 1, to) : schedulers;
    }

    private static long kibibytes(final String text) {
        try {
            return Long.parseLong(text.replace(" kB", "").strip());
        } catch (final NumberFormatException e) {
            return -1;
        }
    }

    private static String field(final Path file, final String name) {
        try {
            for (final String line : Files.readAllLines(file)) {
                final int colon = line.indexOf(':');
                if (colon > 0 && line.substring(0, colon).strip().equals(name)) {
                    return line.substring(colon + 1).strip();
                }
            }
            return "unknown";
        } catch (final IOException e) {
            return "unknown";
        }
    }

    private static String line(final Path file) {
        try {
            final List<String> lines = Files.readAllLines(file);
            return lines.isEmpty() ? "unknown" : lines.get(0).strip();
        } catch (final IOException e) {
            return "unknown";
        }
    }
}
