package io.millrace.journal;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A loop device on a file, for tests of raw block devices; skips the test where there can be none. */
final class LoopDevice implements AutoCloseable {
    private final Path path;
    private final Path backing;

    private LoopDevice(final Path path, final Path backing) {
        this.path = path;
        this.backing = backing;
    }

    /**
     * Attaches a file of zeros.
     *
     * @param directory for the file
     * @param length bytes
     * @param options of losetup
     */
    static LoopDevice attach(final Path directory, final long length, final String... options) throws IOException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "loop devices need root");
        final Path backing = Files.createTempFile(directory, "loop", ".img");
        try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
            file.setLength(length);
        }
        final String[] command = new String[options.length + 4];
        command[0] = "losetup";
        command[1] = "--find";
        command[2] = "--show";
        System.arraycopy(options, 0, command, 3, options.length);
        command[command.length - 1] = backing.toString();
        final String found = tryRun(command);
        Assumptions.assumeTrue(found.startsWith("/dev/loop"), "no loop device can be attached here: " + found);
        return new LoopDevice(Path.of(found), backing);
    }

    /** Returns the device file. */
    Path path() {
        return path;
    }

    /** Returns the file under it. */
    Path backing() {
        return backing;
    }

    /** Runs a command and returns what it printed; it must succeed. */
    static String run(final String... command) {
        final String[] checked = command.clone();
        final String text = tryRun(checked);
        if (text.startsWith("!")) {
            throw new AssertionError(String.join(" ", command) + ": " + text);
        }
        return text;
    }

    /** Runs a command; what a failed one printed begins with an exclamation mark. */
    private static String tryRun(final String... command) {
        try {
            final Process process =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            final String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return "! took too long";
            }
            return process.exitValue() == 0 ? text : "! " + text;
        } catch (final IOException e) {
            return "! " + e;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return "! interrupted";
        }
    }

    @Override
    public void close() {
        tryRun("losetup", "--detach", path.toString());
    }
}
