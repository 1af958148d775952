package io.millrace.perf.compare;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel has counted of one block device: the proof, or the disproof, that an acknowledgement waited for it.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param flushes completed flushes of the device's write cache; -1 where the kernel does not tell.
 * @param writes completed writes; -1 unknown.
 * @param writtenBytes by them; -1 unknown.
 */
record DeviceStat(long flushes, long writes, long writtenBytes) {
    /** Nothing is known. */
    static final DeviceStat UNKNOWN = new DeviceStat(-1, -1, -1);

    private static final int WRITES = 7;
    private static final int SECTORS_WRITTEN = 9;
    private static final int FLUSHES = 18;
    private static final int SECTOR_BYTES = 512;

    /**
     * Reads the counters of a device.
     *
     * @param root directory that holds {@code proc}.
     * @param device its name, such as {@code vda}.
     * @return what was counted since it was there.
     */
    static DeviceStat read(final Path root, final @Nullable String device) {
        if (device == null) {
            return UNKNOWN;
        }
        try {
            for (final String line : Files.readAllLines(root.resolve("proc/diskstats"))) {
                final String[] fields = line.trim().split(" +", -1);
                if (fields.length > SECTORS_WRITTEN && fields[2].equals(device)) {
                    return new DeviceStat(
                            fields.length > FLUSHES ? Long.parseLong(fields[FLUSHES]) : -1,
                            Long.parseLong(fields[WRITES]),
                            Long.parseLong(fields[SECTORS_WRITTEN]) * SECTOR_BYTES);
                }
            }
            return UNKNOWN;
        } catch (final IOException | NumberFormatException e) {
            return UNKNOWN;
        }
    }

    /**
     * What was counted since an earlier moment.
     *
     * @param before the earlier counters.
     * @return differences; -1 where either is unknown.
     */
    DeviceStat since(final DeviceStat before) {
        return new DeviceStat(
                difference(flushes, before.flushes),
                difference(writes, before.writes),
                difference(writtenBytes, before.writtenBytes));
    }

    /**
     * Finds the whole device, not the partition, that holds a file.
     *
     * @param root directory that holds {@code proc} and {@code sys}.
     * @param path existing file or directory.
     * @return its name in {@code diskstats}, or null where there is none (a file system in memory, or over a network).
     * @throws IOException when the path cannot be resolved.
     */
    static @Nullable String deviceOf(final Path root, final Path path) throws IOException {
        final String source = mountSource(root, path.toRealPath());
        if (source == null || !source.startsWith("/dev/")) {
            return null;
        }
        final Path real = Files.exists(Path.of(source)) ? Path.of(source).toRealPath() : Path.of(source);
        final String name = String.valueOf(real.getFileName());
        final Path block = root.resolve("sys/class/block").resolve(name);
        if (Files.exists(block.resolve("partition"))) {
            final Path whole = block.toRealPath().getParent();
            return whole == null ? name : String.valueOf(whole.getFileName());
        }
        return name;
    }

    private static @Nullable String mountSource(final Path root, final Path path) throws IOException {
        String best = null;
        int bestLength = -1;
        final List<String> mounts = Files.readAllLines(root.resolve("proc/self/mountinfo"));
        for (final String mount : mounts) {
            final String[] halves = mount.split(" - ", 2);
            final String[] left = halves[0].split(" ", -1);
            if (halves.length < 2 || left.length < 5) {
                continue;
            }
            final Path point = Path.of(left[4].replace("\\040", " "));
            if (path.startsWith(point) && point.getNameCount() >= bestLength) {
                bestLength = point.getNameCount();
                best = halves[1].split(" ", -1)[1];
            }
        }
        return best == null || !best.equals("/dev/root") ? best : rootDevice(root, mounts);
    }

    /** The kernel names the root's device by its numbers only. */
    private static @Nullable String rootDevice(final Path root, final List<String> mounts) throws IOException {
        for (final String mount : mounts) {
            final String[] left = mount.split(" ", -1);
            if (left.length > 4 && left[4].equals("/")) {
                final Path block = root.resolve("sys/dev/block").resolve(left[2]);
                return Files.exists(block) ? "/dev/" + block.toRealPath().getFileName() : null;
            }
        }
        return null;
    }

    private static long difference(final long now, final long before) {
        return now < 0 || before < 0 ? -1 : now - before;
    }
}
