package io.millrace.perf.limit;

import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.DebianPackages;
import io.millrace.perf.report.JsonFields;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The flexible I/O tester, as the peer of the device port: the same file, the same sizes, direct, {@code io_uring},
 * {@code sync=dsync}, everything else as it comes.
 *
 * <p><b>Threading:</b> the rig's thread; one process at a time, ended with it.
 */
public final class Fio {
    /** Program that is looked for on the path. */
    public static final String PROGRAM = "fio";

    private static final long GRACE_SECONDS = 60;
    private static final String JOB = "jobs.0.";

    private final Path directory;
    private final Cleanup cleanup;

    private Fio(final Path directory, final Cleanup cleanup) {
        this.directory = directory;
        this.cleanup = cleanup;
    }

    /**
     * Finds it, or installs Debian's package when this process is root, saying so.
     *
     * @param directory for its reports.
     * @param cleanup ends its processes.
     * @param terminal is told of the installation.
     * @return fio, ready to run.
     * @throws IOException when it is missing and cannot be installed; the message is the line that installs it.
     */
    public static Fio find(final Path directory, final Cleanup cleanup, final Terminal terminal) throws IOException {
        final Optional<String> missing = new DebianPackages(terminal::warn).ensure(PROGRAM, PROGRAM);
        if (missing.isPresent()) {
            throw new IOException(missing.get());
        }
        return new Fio(directory, cleanup);
    }

    /**
     * Writes durably for a while.
     *
     * @param file to write over.
     * @param load what to write.
     * @param durationNs how long; whole seconds, at least one.
     * @return its figures: {@code lat}, from before the submission to the completion.
     * @throws IOException when it fails or does not end.
     */
    public DeviceFigures write(final Path file, final DeviceLoad.Load load, final long durationNs) throws IOException {
        final long seconds = Math.max(1, TimeUnit.NANOSECONDS.toSeconds(durationNs));
        final List<String> arguments = new ArrayList<>(common(file, load));
        arguments.addAll(List.of("--rw=write", "--sync=dsync", "--time_based", "--runtime=" + seconds));
        return figures(arguments, "write.", seconds + GRACE_SECONDS);
    }

    /**
     * Reads a file from front to back, once.
     *
     * @param file to read.
     * @param load lengths and depth.
     * @return its figures.
     * @throws IOException when it fails or does not end.
     */
    public DeviceFigures read(final Path file, final DeviceLoad.Load load) throws IOException {
        final List<String> arguments = new ArrayList<>(common(file, load));
        arguments.add("--rw=read");
        return figures(arguments, "read.", GRACE_SECONDS);
    }

    private static List<String> common(final Path file, final DeviceLoad.Load load) {
        return List.of(
                "--name=millrace",
                "--filename=" + file.toString().replace(":", "\\:"),
                "--allow_file_create=0",
                "--size=" + load.fileLength(),
                "--ioengine=io_uring",
                "--direct=1",
                "--bs=" + load.blockLength(),
                "--iodepth=" + load.depth(),
                "--clat_percentiles=0",
                "--lat_percentiles=1",
                "--percentile_list=50:99",
                "--output-format=json");
    }

    private DeviceFigures figures(final List<String> arguments, final String side, final long timeoutSeconds)
            throws IOException {
        final Path report = Files.createTempFile(directory, "fio-", ".json");
        try {
            final List<String> command = new ArrayList<>(List.of(PROGRAM, "--output=" + report));
            command.addAll(arguments);
            final Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            cleanup.add(process::destroyForcibly);
            final int exit = exitCode(process, timeoutSeconds);
            final String text = Files.readString(report);
            if (exit != 0) {
                throw new IOException("fio ended with " + exit + ": "
                        + text.lines().findFirst().orElse("no report") + " (" + String.join(" ", command) + ")");
            }
            return parse(text, side);
        } finally {
            Files.deleteIfExists(report);
        }
    }

    /**
     * Reads a report.
     *
     * @param text of it; lines before the first brace are warnings.
     * @param side {@code write.} or {@code read.}
     * @return figures.
     * @throws IOException when a figure is missing.
     */
    public static DeviceFigures parse(final String text, final String side) throws IOException {
        final int brace = text.indexOf('{');
        if (brace < 0) {
            throw new IOException("fio gave no report");
        }
        final JsonFields fields = JsonFields.parse(text.substring(brace));
        return new DeviceFigures(
                figure(fields, JOB + side + "lat_ns.percentile.50.000000") / 1e3,
                figure(fields, JOB + side + "lat_ns.percentile.99.000000") / 1e3,
                figure(fields, JOB + side + "iops"),
                figure(fields, JOB + side + "bw_bytes"));
    }

    private static double figure(final JsonFields fields, final String name) throws IOException {
        final String value = fields.get(name);
        if (value == null) {
            throw new IOException("fio's report has no " + name);
        }
        return Double.parseDouble(value.toLowerCase(Locale.ROOT));
    }

    private static int exitCode(final Process process, final long timeoutSeconds) throws IOException {
        try {
            if (process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                return process.exitValue();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        throw new IOException("a process did not end within " + timeoutSeconds + " s and was killed");
    }
}
