package io.millrace.server;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** A loop device on a file, as a raw block device for a node; skips the test where there can be none. */
final class LoopDevice implements AutoCloseable {
    private final String path;
    private final Path backing;

    private LoopDevice(final String path, final Path backing) {
        this.path = path;
        this.backing = backing;
    }

    /** Attaches a file of zeros of this length in bytes. */
    static LoopDevice attach(final long length) throws IOException {
        Assumptions.assumeTrue("root".equals(System.getProperty("user.name")), "loop devices need root");
        final Path backing =
                Files.createTempFile(Files.createDirectories(Path.of("target").toAbsolutePath()), "loop-", ".img");
        try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
            file.setLength(length);
        }
        final List<String> printed = new ArrayList<>();
        final boolean attached = run(printed, "losetup", "--find", "--show", backing.toString());
        if (!attached) {
            Files.delete(backing);
        }
        Assumptions.assumeTrue(attached, () -> "no loop device can be attached here: " + printed);
        return new LoopDevice(printed.get(0), backing);
    }

    /** Returns the device file. */
    String path() {
        return path;
    }

    /** Runs a command and tells whether it succeeded. */
    static boolean run(final String... command) throws IOException {
        return run(new ArrayList<>(), command);
    }

    private static boolean run(final List<String> printed, final String... command) throws IOException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        printed.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip());
        try {
            return process.waitFor(30, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        run("losetup", "--detach", path);
        Files.deleteIfExists(backing);
    }
}
