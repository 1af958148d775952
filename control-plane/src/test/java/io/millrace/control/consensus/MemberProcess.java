package io.millrace.control.consensus;

import io.millrace.codec.AllowedHere;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** A member in a process of its own: it says when it leads, and then takes part until it is killed. */
final class MemberProcess implements AutoCloseable {
    private static final String LEADS = "leads after ms ";

    private final Process process;

    MemberProcess(final Path root, final int index, final List<String> endpoints) {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "-Xmx64m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                MemberProcess.class.getName(),
                root.toString(),
                Integer.toString(index)));
        command.addAll(endpoints);
        try {
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long pid() {
        return process.pid();
    }

    /** Waits until it leads; returns after how many milliseconds of its own it did. */
    long awaitLeads() {
        try {
            final BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith(LEADS)) {
                    return Long.parseLong(line.substring(LEADS.length()));
                }
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new AssertionError("the member has ended");
    }

    /** Lets the process stand still, and go on after a time. */
    @AllowedHere("the test waits as long as the process stands still")
    void stand(final long durationNs) throws IOException, InterruptedException {
        signal("STOP");
        TimeUnit.NANOSECONDS.sleep(durationNs);
        signal("CONT");
    }

    private void signal(final String name) throws IOException, InterruptedException {
        final int code = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                .start()
                .waitFor();
        if (code != 0) {
            throw new AssertionError("kill -" + name + " ended with " + code);
        }
    }

    /** Kills it as kill -9 does. */
    void kill() {
        process.destroyForcibly();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                throw new AssertionError("the member cannot be killed");
            }
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        kill();
    }

    @AllowedHere("the entry of a process of a test")
    public static void main(final String[] arguments) {
        final long startNs = System.nanoTime();
        final Path root = Path.of(arguments[0]);
        final int index = Integer.parseInt(arguments[1]);
        final List<String> endpoints = List.of(arguments).subList(2, arguments.length);
        final ControlMember member = new ControlMember(new GroupContext()
                .members(index, endpoints)
                .directory(root.resolve("member-" + index))
                .aeronDirectory(root.resolve("aeron-" + index))
                .limits(GroupBed.STILL)
                .errorHandler(Throwable::printStackTrace)
                .warnings(System.err::println));
        while (!member.status().isLeader() || !member.status().group().isMade()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5));
        }
        System.out.println(LEADS + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs));
        System.out.flush();
        while (true) {
            LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
        }
    }
}
