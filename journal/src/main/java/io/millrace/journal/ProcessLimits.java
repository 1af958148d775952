package io.millrace.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Reads limits of this process from {@code /proc/self}.
 *
 * <p><b>Threading</b>: any thread.
 */
final class ProcessLimits implements MemoryLockLimit {
    private static final int CAP_IPC_LOCK = 14;

    /** Makes a reader. */
    ProcessLimits() {}

    @Override
    public long limitBytes() {
        try {
            for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("CapEff:")) {
                    final long capabilities =
                            Long.parseUnsignedLong(line.substring(7).trim(), 16);
                    if ((capabilities >>> CAP_IPC_LOCK & 1) == 1) {
                        return Long.MAX_VALUE;
                    }
                }
            }
            for (final String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
                if (line.toLowerCase(Locale.ROOT).startsWith("max locked memory")) {
                    final String soft =
                            line.substring("max locked memory".length()).trim().split("\\s+", 2)[0];
                    return "unlimited".equals(soft) ? Long.MAX_VALUE : Long.parseLong(soft);
                }
            }
        } catch (final IOException | NumberFormatException e) {
            return Long.MAX_VALUE; // no /proc: registering the buffer will tell
        }
        return Long.MAX_VALUE;
    }
}
