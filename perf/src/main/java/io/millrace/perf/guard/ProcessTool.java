package io.millrace.perf.guard;

import io.millrace.perf.process.Cleanup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs programs as processes. The thread that waits for one uses no processor time, which would be the measurement's.
 *
 * <p><b>Threading:</b> one thread; the shutdown hook ends what runs.
 */
final class ProcessTool implements Tool {
    private static final int LAST_LINES = 12;

    private final Path log;
    private final Cleanup cleanup;
    private final boolean isBuilt;

    /**
     * Prepares it.
     *
     * @param log takes the words of the programs, each program's instead of the last one's.
     * @param cleanup told of each process.
     * @param isBuilt whether a launcher must take its jars as they are.
     */
    ProcessTool(final Path log, final Cleanup cleanup, final boolean isBuilt) {
        this.log = log;
        this.cleanup = cleanup;
        this.isBuilt = isBuilt;
    }

    @Override
    public String run(final Path directory, final List<String> command) throws IOException {
        final Path parent = log.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        final ProcessBuilder builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectError(ProcessBuilder.Redirect.to(log.toFile()));
        builder.environment().remove("MILLRACE_NO_BUILD");
        if (isBuilt) {
            builder.environment().put("MILLRACE_NO_BUILD", "1");
        }
        final Process process = builder.start();
        cleanup.add(process::destroy);
        process.getOutputStream().close();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        final int code = await(process);
        if (code != 0) {
            throw new IOException(String.join(" ", command) + " ended with code " + code + ": " + lastWords());
        }
        return output.stripTrailing();
    }

    private static int await(final Process process) throws IOException {
        try {
            return process.waitFor();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroy();
            throw new IOException("interrupted", e);
        }
    }

    private String lastWords() throws IOException {
        final List<String> lines = Files.readAllLines(log);
        return String.join("\n", lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }
}
