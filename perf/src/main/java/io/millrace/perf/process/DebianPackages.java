package io.millrace.perf.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Programs from ordinary Debian packages, installed when they are missing and this process is root.
 *
 * <p><b>Threading:</b> the rig's thread; it waits for the installation.
 */
public final class DebianPackages {
    private static final String INSTALL = "apt-get install -y --no-install-recommends ";
    private static final long INSTALL_SECONDS = 300;
    private static final long PROBE_SECONDS = 60;

    private final Consumer<String> log;

    /**
     * Makes it.
     *
     * @param log is told before anything is installed.
     */
    public DebianPackages(final Consumer<String> log) {
        this.log = log;
    }

    /**
     * Makes sure that a program can be run. Services that the package would start are not started: the rig starts its
     * own.
     *
     * @param program name on the path, or an absolute path.
     * @param packageName Debian's package.
     * @return nothing when it is there, else why it is not, with the line that installs it.
     */
    public Optional<String> ensure(final String program, final String packageName) {
        if (isThere(program)) {
            return Optional.empty();
        }
        final String install = INSTALL + packageName;
        try {
            if (!isRoot() || !isThere("apt-get")) {
                return Optional.of(program + " is not installed: run 'sudo " + install + "'");
            }
            log.accept(program + " is not installed: installing Debian's package " + packageName);
            run(List.of("apt-get", "update", "-qq"), INSTALL_SECONDS);
            if (run(List.of(install.split(" ", -1)), INSTALL_SECONDS) == 0 && isThere(program)) {
                return Optional.empty();
            }
            return Optional.of(program + " could not be installed: run '" + install + "' and see why");
        } catch (final IOException e) {
            return Optional.of(program + " could not be installed: " + e.getMessage());
        }
    }

    /**
     * Whether a program is there.
     *
     * @param program name on the path, or an absolute path.
     */
    public static boolean isThere(final String program) {
        final Path given = Path.of(program);
        if (given.isAbsolute()) {
            return Files.isExecutable(given);
        }
        final String path = Optional.ofNullable(System.getenv("PATH")).orElse("") + ":/usr/sbin:/sbin";
        for (final String directory : path.split(":", -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return true;
            }
        }
        return false;
    }

    private static boolean isRoot() throws IOException {
        return Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
    }

    private static int run(final List<String> command, final long timeoutSeconds) throws IOException {
        final ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
        builder.environment().put("RUNLEVEL", "1"); // maintainer scripts start no service in single-user mode
        final Process process = builder.start();
        try {
            if (process.waitFor(Math.max(PROBE_SECONDS, timeoutSeconds), TimeUnit.SECONDS)) {
                return process.exitValue();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        process.destroyForcibly();
        throw new IOException("a process did not end within " + timeoutSeconds + " s and was killed");
    }
}
