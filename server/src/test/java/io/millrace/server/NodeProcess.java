package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.MappedByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.IoUtil;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.errors.ErrorLogReader;
import org.jspecify.annotations.Nullable;

/**
 * A real node process in a directory of its own below {@code target/}: started, killed, restarted on the same port.
 *
 * <p><b>Threading</b>: one thread; {@link #signalKill()} may come from another one.
 */
final class NodeProcess implements AutoCloseable {
    private static final long START_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(45);
    private static final long EXIT_TIMEOUT_S = 20;
    private static final int SIGKILL_EXIT = 137;

    private final Path directory;
    private Path data;
    private final Path aeron = Path.of("/dev/shm/millrace-system-test-" + UUID.randomUUID());
    private final List<String> settings = new ArrayList<>();
    private final List<String> jvmFlags = new ArrayList<>();
    private final List<String> expectedErrors = new ArrayList<>();
    private final List<String> launcher = new ArrayList<>();
    private String listen = "127.0.0.1:0";
    private @Nullable Process process;
    private int runs;
    private String readyLine = "";

    private NodeProcess() {
        try {
            directory = Files.createTempDirectory(
                    Files.createDirectories(Path.of("target").toAbsolutePath()), "node-");
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        data = directory.resolve("data");
        with("journal.size=64MiB");
        with("journal.zone-size=4MiB");
        with("journal.buffer-size=8MiB");
        with("aeron.directory=" + aeron);
        with("http.endpoint=127.0.0.1:0");
    }

    /** Makes a node that does not run yet. */
    static NodeProcess create() {
        return new NodeProcess();
    }

    /** Makes a node and starts it. */
    static NodeProcess started() {
        return create().start();
    }

    /** Adds a setting, {@code key=value}; a later one of the same key wins. */
    NodeProcess with(final String setting) {
        final String key = setting.substring(0, setting.indexOf('=') + 1);
        settings.removeIf(known -> known.startsWith(key));
        settings.add(setting);
        return this;
    }

    /** Takes errors that hold a text for what the test provokes. */
    NodeProcess expectingError(final String text) {
        expectedErrors.add(text);
        return this;
    }

    /** Adds a flag of the Java runtime. */
    NodeProcess withJvmFlag(final String flag) {
        jvmFlags.add(flag);
        return this;
    }

    /** Starts the Java runtime by another command, which is given the command line as its arguments. */
    NodeProcess launchedBy(final String... command) {
        launcher.clear();
        launcher.addAll(List.of(command));
        return this;
    }

    /** Uses the data directory of another one. */
    NodeProcess onDataOf(final NodeProcess other) {
        data = other.data;
        return this;
    }

    /** Listens at this address from the next start on. */
    NodeProcess listen(final String endpoint) {
        listen = endpoint;
        return this;
    }

    /** Starts the node with more options and waits until it is ready. */
    NodeProcess start(final String... options) {
        return start(() -> LockSupport.parkNanos(1_000_000L), options);
    }

    /** Starts the node and does something else until it is ready. */
    NodeProcess start(final Runnable whileWaiting, final String... options) {
        launch(options);
        final Process started = process();
        final long deadlineNs = System.nanoTime() + START_TIMEOUT_NS;
        String line = "";
        while (line.isEmpty()) {
            whileWaiting.run();
            line = firstLine(output());
            if (line.isEmpty() && (!started.isAlive() || System.nanoTime() > deadlineNs)) {
                throw new AssertionError("the node did not become ready: " + errorText());
            }
        }
        readyLine = line;
        listen = ready("endpoint");
        return this;
    }

    /** Starts the node and waits for nothing. */
    NodeProcess begin(final String... options) {
        launch(options);
        return this;
    }

    /** Starts a node that is expected to refuse. */
    Refusal refusedStart(final String... options) {
        launch(options);
        final int exitCode = awaitExit();
        assertTrue(exitCode != 0, () -> "the node started and ended: " + errorText());
        assertTrue(Files.notExists(aeron), "the media driver's directory is left");
        return new Refusal(exitCode, errorText(), read(output()));
    }

    /** Returns the command line of the Java runtime, up to the arguments of {@code millrace}. */
    static List<String> javaCommand(final List<String> jvmFlags) {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(property("java.home"), "bin", "java").toString());
        command.addAll(List.of(
                "--add-opens",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "--add-opens",
                "java.base/sun.nio.ch=ALL-UNNAMED",
                "-Xmx192m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        command.addAll(jvmFlags);
        command.addAll(List.of("-cp", property("java.class.path"), "io.millrace.server.cli.MillraceCli"));
        return command;
    }

    private void launch(final String... options) {
        runs++;
        final List<String> command = new ArrayList<>(launcher);
        command.addAll(javaCommand(jvmFlags));
        command.addAll(List.of("start", "--data", data.toString(), "--listen", listen, "--output", "json"));
        command.addAll(List.of(options));
        settings.forEach(setting -> command.addAll(List.of("--set", setting)));
        try {
            process = new ProcessBuilder(command)
                    .redirectOutput(output().toFile())
                    .redirectError(errorOutput().toFile())
                    .start();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process process() {
        return Objects.requireNonNull(process, "not started");
    }

    /** Returns host:port of the running node. */
    String endpoint() {
        return listen;
    }

    /** Returns the port of the running node. */
    int port() {
        return Integer.parseInt(listen.substring(listen.lastIndexOf(':') + 1));
    }

    /** Returns a value of the ready line. */
    String ready(final String field) {
        final Matcher matcher =
                Pattern.compile("\"" + field + "\":\"?([^\",}]*)").matcher(readyLine);
        assertTrue(matcher.find(), () -> field + " is not in " + readyLine);
        return matcher.group(1);
    }

    /** Returns what the last run told the operator. */
    String errorText() {
        return read(errorOutput());
    }

    /** Returns the data directory. */
    Path data() {
        return data;
    }

    /** Returns the journal's file. */
    Path journal() {
        return data.resolve("journal.millrace");
    }

    /** Returns a place of its own, removed with it. */
    Path directory() {
        return directory;
    }

    /** Returns the media driver's directory. */
    Path aeron() {
        return aeron;
    }

    /** Returns the number of the process. */
    long processId() {
        return process().pid();
    }

    /** Tells whether the process lives. */
    boolean isAlive() {
        return process().isAlive();
    }

    /** Sends SIGKILL and does not wait; from any thread. */
    void signalKill() {
        process().toHandle().destroyForcibly();
    }

    /** Sends a signal that does not end the process. */
    void signal(final String name) throws IOException {
        try {
            assertEquals(
                    0,
                    new ProcessBuilder("kill", "-" + name, Long.toString(processId()))
                            .start()
                            .waitFor());
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /** Ends the process by SIGKILL and waits until it is gone. */
    void kill() {
        process().toHandle().destroyForcibly();
        assertEquals(SIGKILL_EXIT, awaitExit());
        assertNoErrors();
    }

    /** Waits until the process ends by itself, with this code. */
    void awaitEnd(final int exitCode, final String code) {
        assertEquals(exitCode, awaitExit(), this::errorText);
        assertTrue(errorText().contains(code), this::errorText);
    }

    /** Ends the process by SIGTERM. Returns its exit code. */
    int terminate() {
        process().toHandle().destroy();
        final int exitCode = awaitExit();
        assertNoErrors();
        assertTrue(Files.notExists(aeron), "the media driver's directory is left");
        return exitCode;
    }

    private int awaitExit() {
        final Process ending = process();
        try {
            if (!ending.waitFor(EXIT_TIMEOUT_S, TimeUnit.SECONDS)) {
                ending.destroyForcibly().waitFor();
                throw new AssertionError("the node did not end within " + EXIT_TIMEOUT_S + " s: " + errorText());
            }
            return ending.exitValue();
        } catch (final InterruptedException e) {
            ending.destroyForcibly();
            throw new AssertionError("interrupted", e);
        }
    }

    /** Fails when the node logged an error. */
    void assertNoErrors() {
        final File file = data.resolve("errors").toFile();
        if (file.exists()) {
            final MappedByteBuffer mapped = IoUtil.mapExistingFile(file, "errors");
            try {
                final StringBuilder errors = new StringBuilder();
                ErrorLogReader.read(new UnsafeBuffer(mapped), (count, first, last, text) -> {
                    if (expectedErrors.stream().noneMatch(text::contains)) {
                        errors.append(count).append(" × ").append(text);
                    }
                });
                assertEquals("", errors.toString(), "the node's error log");
            } finally {
                IoUtil.unmap(mapped);
            }
        }
    }

    /** Ends the process, if it lives by SIGTERM, checks that it left nothing, and removes its directory. */
    @Override
    public void close() {
        try {
            if (process != null && process.isAlive()) {
                assertEquals(0, terminate(), this::errorText);
            }
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
            IoUtil.delete(aeron.toFile(), true);
            IoUtil.delete(new File(aeron + "-control"), true);
            IoUtil.delete(new File(aeron + "-control-marks"), true);
            IoUtil.delete(directory.toFile(), true);
        }
    }

    private static String property(final String name) {
        return Objects.requireNonNull(System.getProperty(name), name);
    }

    private Path output() {
        return directory.resolve("stdout-" + runs);
    }

    private Path errorOutput() {
        return directory.resolve("stderr-" + runs);
    }

    private static String firstLine(final Path file) {
        final String text = read(file);
        final int end = text.indexOf('\n');
        return end < 0 ? "" : text.substring(0, end);
    }

    private static String read(final Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * A start that was refused.
     *
     * @param exitCode of the process
     * @param errorText on standard error
     * @param output on standard output
     */
    record Refusal(int exitCode, String errorText, String output) {
        /** Fails when it is not this refusal, for people and for machines. */
        void assertIs(final int expectedExitCode, final String expectedCode) {
            assertTrue(output.contains("\"code\":\"" + expectedCode + "\""), expectedCode + " expected: " + this);
            assertEquals(expectedExitCode, exitCode, this::toString);
            assertTrue(errorText.contains(expectedCode), expectedCode + " expected for people: " + this);
        }
    }
}
