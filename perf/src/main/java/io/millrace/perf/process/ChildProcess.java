package io.millrace.perf.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A process this program started: its lines of output, and its end by its own process id.
 *
 * <p><b>Threading:</b> the owner's thread; two daemon threads read its output into bounded queues. {@link #close} may
 * also come from the shutdown hook.
 */
public final class ChildProcess implements AutoCloseable {
    private static final int KEPT_LINES = 1000;
    private static final long STOP_TIMEOUT_MS = 10_000;

    private final Process process;
    private final Queue<String> output = new ConcurrentLinkedQueue<>();
    private final Deque<String> errors = new ArrayDeque<>();
    private final Thread outputReader;
    private final Thread errorReader;

    /**
     * Starts a process.
     *
     * @param name for its reader threads.
     * @param command program and arguments.
     * @param environment "NAME=value" additions to this process's own.
     * @throws IOException when it cannot be started.
     */
    public ChildProcess(final String name, final List<String> command, final List<String> environment)
            throws IOException {
        final ProcessBuilder builder = new ProcessBuilder(command);
        for (final String entry : environment) {
            final int equals = entry.indexOf('=');
            builder.environment().put(entry.substring(0, equals), entry.substring(equals + 1));
        }
        process = builder.start();
        outputReader = reader(name + "-out", process.getInputStream(), false);
        errorReader = reader(name + "-err", process.getErrorStream(), true);
    }

    /**
     * The command line of a JVM with this one's class path and the flags Aeron and io_uring need.
     *
     * @param classPath of the new JVM.
     * @param flags further JVM flags.
     * @param mainClass to run.
     * @param arguments of it.
     * @return program and arguments.
     */
    public static List<String> java(
            final String classPath, final List<String> flags, final String mainClass, final List<String> arguments) {
        final List<String> command = new ArrayList<>();
        command.add(System.getProperty("java.home") + "/bin/java");
        command.add("--add-opens");
        command.add("java.base/jdk.internal.misc=ALL-UNNAMED");
        command.add("--add-opens");
        command.add("java.base/sun.nio.ch=ALL-UNNAMED");
        if (Runtime.version().feature() >= 22) {
            command.add("--enable-native-access=ALL-UNNAMED");
        }
        if (Runtime.version().feature() >= 23) {
            command.add("--sun-misc-unsafe-memory-access=allow");
        }
        if (flags.stream().noneMatch(flag -> flag.matches("-XX:\\+Use\\w+GC"))) {
            command.add("-XX:+UseSerialGC");
        }
        command.addAll(flags);
        command.add("-cp");
        command.add(classPath);
        command.add(mainClass);
        command.addAll(arguments);
        return command;
    }

    /** The process's id. */
    public long pid() {
        return process.pid();
    }

    /** Whether it runs. */
    public boolean isAlive() {
        return process.isAlive();
    }

    /** The next line of its standard output, or null when there is none yet. */
    @Nullable
    public String pollLine() {
        return output.poll();
    }

    /** What it wrote to standard error, the last {@value #KEPT_LINES} lines. */
    public String errors() {
        synchronized (errors) {
            return String.join("\n", errors);
        }
    }

    /** The exit code, or -1 while it runs. */
    public int exitCode() {
        return process.isAlive() ? -1 : process.exitValue();
    }

    /** Ends it with SIGKILL and waits until it is gone. */
    public void kill() {
        process.destroyForcibly();
        await(STOP_TIMEOUT_MS);
    }

    /**
     * Asks it to end (SIGTERM) and waits; what does not end in ten seconds is killed.
     *
     * @return the exit code; 128 + 9 when it had to be killed.
     */
    public int stop() {
        process.destroy();
        if (!await(STOP_TIMEOUT_MS)) {
            kill();
        }
        join(outputReader);
        join(errorReader);
        return process.isAlive() ? -1 : process.exitValue();
    }

    @Override
    public void close() {
        if (process.isAlive()) {
            process.destroy();
            if (!await(STOP_TIMEOUT_MS / 4)) {
                kill();
            }
        }
    }

    private boolean await(final long timeoutMs) {
        try {
            return process.waitFor(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void join(final Thread reader) {
        try {
            reader.join(STOP_TIMEOUT_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Thread reader(final String name, final InputStream stream, final boolean isErrors) {
        final Thread thread = new Thread(() -> read(stream, isErrors), name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private void read(final InputStream stream, final boolean isErrors) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
            String line = lines.readLine();
            while (line != null) {
                if (isErrors) {
                    synchronized (errors) {
                        errors.add(line);
                        while (errors.size() > KEPT_LINES) {
                            errors.remove();
                        }
                    }
                } else if (output.size() < KEPT_LINES) {
                    output.add(line);
                }
                line = lines.readLine();
            }
        } catch (final IOException e) {
            return; // the process has ended
        }
    }
}
