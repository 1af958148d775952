package io.millrace.perf.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Switches the scheduler's autogroups off while benchmarks run and puts them back. On kernels with a scheduling fault a
 * busy autogroup starves the kernel worker that completes a durable write for seconds; threads and processes started
 * after the switch are in no group.
 *
 * <p><b>Threading:</b> any thread; closed once, by the owner or by the shutdown hook, whichever comes first.
 */
public final class Autogroup implements AutoCloseable {
    /** The setting, relative to the root directory. */
    public static final String PATH = "proc/sys/kernel/sched_autogroup_enabled";

    private final Path file;
    private boolean changed;

    private Autogroup(final Path file, final boolean changed) {
        this.file = file;
        this.changed = changed;
    }

    /**
     * Switches autogroups off where they are on and this process may.
     *
     * @param root "/" but in tests.
     * @return the guard that puts the old value back.
     */
    public static Autogroup off(final Path root) {
        final Path file = root.resolve(PATH);
        try {
            if (Files.isWritable(file) && Files.readString(file).trim().equals("1")) {
                Files.writeString(file, "0\n");
                return new Autogroup(file, true);
            }
        } catch (final IOException e) {
            return new Autogroup(file, false); // stays as it is; Environment says so in every header
        }
        return new Autogroup(file, false);
    }

    /** Whether this guard changed the setting. */
    public synchronized boolean isChanged() {
        return changed;
    }

    @Override
    public synchronized void close() {
        if (changed) {
            changed = false;
            try {
                Files.writeString(file, "1\n");
            } catch (final IOException e) {
                throw new java.io.UncheckedIOException("cannot restore " + file + ": echo 1 > " + file, e);
            }
        }
    }
}
