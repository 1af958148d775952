package io.millrace.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Finds out what lies under a file: file system, block device, write cache.
 *
 * <p><b>Threading</b>: any thread.
 */
final class DeviceIdentity {
    private DeviceIdentity() {}

    /**
     * Describes how durable a write to a file can be.
     *
     * @param file existing file
     * @param mechanism of the durable write
     * @return mode; what the kernel does not tell is {@link DurabilityMode#UNKNOWN}
     */
    static DurabilityMode of(final Path file, final String mechanism) {
        String type = DurabilityMode.UNKNOWN;
        String name = DurabilityMode.UNKNOWN;
        String cache = DurabilityMode.UNKNOWN;
        String forceUnitAccess = DurabilityMode.UNKNOWN;
        try {
            type = Files.getFileStore(file).type();
            name = Files.getFileStore(file).name();
            final long device = (Long) Files.getAttribute(file, "unix:dev");
            final long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
            final long minor = (device & 0xff) | (device >>> 12 & ~0xffL);
            final Path link = Path.of("/sys/dev/block/" + major + ":" + minor);
            if (Files.exists(link)) {
                Path block = link.toRealPath();
                name = "/dev/" + block.getFileName();
                if (Files.exists(block.resolve("partition"))) {
                    block = block.getParent();
                }
                final Path queue = block == null ? link : block.resolve("queue");
                cache = read(queue.resolve("write_cache"));
                final String fua = read(queue.resolve("fua"));
                forceUnitAccess = "1".equals(fua) ? "yes" : "0".equals(fua) ? "no" : DurabilityMode.UNKNOWN;
            }
        } catch (final IOException | RuntimeException e) {
            // what is not known stays "unknown", and is printed so
            return new DurabilityMode(mechanism, true, name + " (" + type + ")", cache, forceUnitAccess);
        }
        final boolean memory = "tmpfs".equals(type) || "ramfs".equals(type) || name.startsWith("/dev/zram");
        return new DurabilityMode(mechanism, !memory, name + " (" + type + ")", cache, forceUnitAccess);
    }

    private static String read(final Path file) throws IOException {
        return Files.exists(file) ? Files.readString(file).trim() : DurabilityMode.UNKNOWN;
    }
}
