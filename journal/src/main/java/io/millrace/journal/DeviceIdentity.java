package io.millrace.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Finds out what lies under a journal: file system, block device, write cache.
 *
 * <p><b>Threading</b>: any thread.
 */
final class DeviceIdentity {
    private DeviceIdentity() {}

    /**
     * Describes how durable a write to a file or block device can be.
     *
     * @param path existing file or block device
     * @param mechanism of the durable write
     * @return mode; what the kernel does not tell is {@link DurabilityMode#UNKNOWN}
     */
    static DurabilityMode of(final Path path, final String mechanism) {
        final Optional<BlockFacts> facts = under(path);
        String name = facts.map(found -> "/dev/" + found.name()).orElse(DurabilityMode.UNKNOWN);
        final String type = JournalPlace.isBlockDevice(path) ? "block device" : typeOf(path);
        if (name.equals(DurabilityMode.UNKNOWN)) {
            name = storeOf(path);
        }
        return new DurabilityMode(
                mechanism,
                !isMemory(path, facts),
                name + " (" + type + ")",
                facts.map(BlockFacts::writeCache).orElse(DurabilityMode.UNKNOWN),
                facts.map(BlockFacts::forceUnitAccess).orElse(DurabilityMode.UNKNOWN));
    }

    /**
     * Finds the block device that a path is, or on which its file system lies.
     *
     * @param path existing file or block device
     * @return facts; empty when there is none, as under a file system in memory
     */
    static Optional<BlockFacts> under(final Path path) {
        if (JournalPlace.isBlockDevice(path)) {
            return BlockFacts.of(path);
        }
        try {
            return BlockFacts.read(BlockFacts.SYSFS, BlockFacts.number((Long) Files.getAttribute(path, "unix:dev")));
        } catch (final IOException | UnsupportedOperationException e) {
            return Optional.empty(); // what is not known stays "unknown", and is printed so
        }
    }

    /** A disk in memory, a file system in memory, or a loop device on a file in one. */
    private static boolean isMemory(final Path path, final Optional<BlockFacts> facts) {
        final String type = JournalPlace.isBlockDevice(path) ? "" : typeOf(path);
        final String disk = facts.map(BlockFacts::disk).orElse("");
        final String backing = facts.map(BlockFacts::backingFile).orElse("");
        return "tmpfs".equals(type)
                || "ramfs".equals(type)
                || disk.startsWith("zram")
                || disk.matches("ram[0-9]+")
                || (!backing.isEmpty()
                        && Files.isRegularFile(Path.of(backing))
                        && isMemory(Path.of(backing), Optional.empty()));
    }

    private static String typeOf(final Path path) {
        try {
            return Files.getFileStore(path).type();
        } catch (final IOException | RuntimeException e) {
            return DurabilityMode.UNKNOWN;
        }
    }

    private static String storeOf(final Path path) {
        try {
            return Files.getFileStore(path).name();
        } catch (final IOException | RuntimeException e) {
            return DurabilityMode.UNKNOWN;
        }
    }
}
