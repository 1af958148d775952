package io.millrace.server.host;

import io.millrace.journal.JournalPlace;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What one host says of itself. A number that cannot be read is {@link #UNKNOWN}.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param kernel release, for example {@code 6.18.44-fc}; empty when unknown.
 * @param autogroup {@code kernel.sched_autogroup_enabled}.
 * @param cpuGroup path of this process in the cpu controller's hierarchy; {@code /} is the root.
 * @param cpus processors this process may use.
 * @param lockedMemoryLimit RLIMIT_MEMLOCK in bytes; {@link Long#MAX_VALUE} when unlimited or not applied
 *     (CAP_IPC_LOCK).
 * @param openFilesLimit RLIMIT_NOFILE.
 * @param receiveBufferMax {@code net.core.rmem_max} in bytes.
 * @param ioUringDisabled {@code kernel.io_uring_disabled}: 0 allowed, 1 for the privileged, 2 forbidden.
 * @param privileged whether the process has CAP_SYS_ADMIN.
 * @param memoryBytes memory this process may use: the host's or its control group's, whichever is less.
 * @param freeMemoryBytes memory the host can give without swapping.
 */
public record HostFacts(
        String kernel,
        long autogroup,
        String cpuGroup,
        int cpus,
        long lockedMemoryLimit,
        long openFilesLimit,
        long receiveBufferMax,
        long ioUringDisabled,
        boolean privileged,
        long memoryBytes,
        long freeMemoryBytes) {
    /** What could not be read. */
    public static final long UNKNOWN = -1;

    private static final int CAPABILITY_IPC_LOCK = 14;
    private static final int CAPABILITY_SYS_ADMIN = 21;

    /**
     * Reads the facts.
     *
     * @param root below which {@code proc} and {@code sys} lie: {@code /}, or a test's directory.
     * @param cpus processors.
     * @return never fails; what is missing is unknown.
     */
    public static HostFacts read(final Path root, final int cpus) {
        final String status = text(root, "proc/self/status");
        final String limits = text(root, "proc/self/limits");
        final String memory = text(root, "proc/meminfo");
        final long capabilities = hex(field(status, "CapEff:"));
        final long groupLimit = groupMemory(root);
        final long total = kibibytes(field(memory, "MemTotal:"));
        return new HostFacts(
                text(root, "proc/sys/kernel/osrelease").strip(),
                number(text(root, "proc/sys/kernel/sched_autogroup_enabled")),
                cpuGroup(text(root, "proc/self/cgroup")),
                cpus,
                hasBit(capabilities, CAPABILITY_IPC_LOCK) ? Long.MAX_VALUE : limit(limits, "Max locked memory"),
                limit(limits, "Max open files"),
                number(text(root, "proc/sys/net/core/rmem_max")),
                number(text(root, "proc/sys/kernel/io_uring_disabled")),
                hasBit(capabilities, CAPABILITY_SYS_ADMIN),
                groupLimit == UNKNOWN ? total : total == UNKNOWN ? groupLimit : Math.min(total, groupLimit),
                kibibytes(field(memory, "MemAvailable:")));
    }

    /**
     * Reads how much a file system still takes.
     *
     * @param directory that may not exist yet: its nearest ancestor counts.
     * @return bytes, or {@link #UNKNOWN}, as for a raw block device.
     */
    public static long freeSpace(final Path directory) {
        final Path existing = existing(directory);
        if (existing != null && JournalPlace.isBlockDevice(existing)) {
            return UNKNOWN;
        }
        try {
            return existing == null ? UNKNOWN : Files.getFileStore(existing).getUsableSpace();
        } catch (final IOException e) {
            return UNKNOWN;
        }
    }

    /**
     * Names a file system, to tell whether two paths share it.
     *
     * @param directory that may not exist yet: its nearest ancestor counts.
     * @return its name, empty when it cannot be told.
     */
    public static String fileStore(final Path directory) {
        final Path existing = existing(directory);
        try {
            return existing == null ? "" : Files.getFileStore(existing).toString();
        } catch (final IOException e) {
            return "";
        }
    }

    private static @Nullable Path existing(final Path directory) {
        @Nullable Path existing = directory.toAbsolutePath().normalize();
        while (existing != null && !Files.exists(existing)) {
            existing = existing.getParent();
        }
        return existing;
    }

    private static String text(final Path root, final String path) {
        // One read: files below /proc/sys answer the first read only, and tell a size of 0.
        try (InputStream in = Files.newInputStream(root.resolve(path))) {
            final byte[] bytes = new byte[64 * 1024];
            final int length = in.read(bytes);
            return length <= 0 ? "" : new String(bytes, 0, length, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            return "";
        }
    }

    private static long number(final String text) {
        try {
            return Long.parseLong(text.strip());
        } catch (final NumberFormatException e) {
            return UNKNOWN;
        }
    }

    private static long hex(final String text) {
        try {
            return Long.parseUnsignedLong(text.strip(), 16);
        } catch (final NumberFormatException e) {
            return 0;
        }
    }

    private static boolean hasBit(final long capabilities, final int bit) {
        return (capabilities >>> bit & 1) == 1;
    }

    /** The rest of the line that begins with a label. */
    private static String field(final String text, final String label) {
        return text.lines()
                .filter(line -> line.startsWith(label))
                .map(line -> line.substring(label.length()).strip())
                .findFirst()
                .orElse("");
    }

    private static long kibibytes(final String text) {
        final long value = number(text.replace("kB", ""));
        return value == UNKNOWN ? UNKNOWN : value * 1024;
    }

    /** The soft limit of one line of {@code /proc/self/limits}. */
    private static long limit(final String limits, final String label) {
        final String rest = field(limits, label);
        final int end = rest.indexOf(' ');
        final String soft = end < 0 ? rest : rest.substring(0, end);
        return "unlimited".equals(soft) ? Long.MAX_VALUE : number(soft);
    }

    /** The path in the hierarchy that carries the cpu controller: version 1 by name, else version 2's. */
    private static String cpuGroup(final String groups) {
        String unified = "";
        for (final String line : groups.lines().toList()) {
            final String[] parts = line.split(":", 3);
            if (parts.length == 3) {
                if (java.util.List.of(parts[1].split(",", -1)).contains("cpu")) {
                    return parts[2];
                }
                if (parts[1].isEmpty()) {
                    unified = parts[2];
                }
            }
        }
        return unified;
    }

    private static long groupMemory(final Path root) {
        final long version2 = number(text(root, "sys/fs/cgroup/memory.max"));
        final long version1 = number(text(root, "sys/fs/cgroup/memory/memory.limit_in_bytes"));
        return version2 != UNKNOWN ? version2 : version1;
    }
}
