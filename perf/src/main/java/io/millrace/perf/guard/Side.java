package io.millrace.perf.guard;

import io.millrace.perf.report.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One side: a launcher with its jars. Only options that every version of the commands has are used.
 *
 * <p><b>Threading:</b> one thread.
 */
final class Side {
    private final Path root;
    private final Tool tool;

    /**
     * Takes a side.
     *
     * @param root directory of its launcher.
     * @param tool runs it.
     */
    Side(final Path root, final Tool tool) {
        this.root = root;
        this.tool = tool;
    }

    /** Whether its benchmarks of the pieces are built. */
    boolean hasBenchmarks() {
        return Files.isDirectory(root.resolve("target/benchmarks"));
    }

    /**
     * Runs {@code bench latency} once.
     *
     * @param options of it, beyond the number of runs and the form of the result.
     * @return what it gave.
     * @throws IOException when it fails or tells nothing.
     */
    Sample latency(final List<String> options) throws IOException {
        final List<String> command = new ArrayList<>(List.of("bench", "latency", "--runs", "1"));
        command.addAll(options);
        return parsed(command, Sample::ofLatency);
    }

    /**
     * Runs {@code bench jmh} once.
     *
     * @param options of it, beyond the form of the result.
     * @return what each benchmark gave, by its name and parameters.
     * @throws IOException when it fails or tells nothing.
     */
    Map<String, Sample> benchmarks(final List<String> options) throws IOException {
        final List<String> command = new ArrayList<>(List.of("bench", "jmh"));
        command.addAll(options);
        return parsed(command, result -> {
            final Map<String, Sample> samples = new LinkedHashMap<>();
            for (int row = 0; result.get("rows." + row + ".benchmark") != null; row++) {
                final String parameters = result.get("rows." + row + ".parameters", "");
                samples.put(
                        result.get("rows." + row + ".benchmark") + (parameters.isEmpty() ? "" : " " + parameters),
                        Sample.ofBenchmark(result, row));
            }
            return samples;
        });
    }

    /** Reads a result. */
    private interface Reading<T> {
        T of(JsonFields result);
    }

    private <T> T parsed(final List<String> arguments, final Reading<T> reading) throws IOException {
        final List<String> command =
                new ArrayList<>(List.of(root.resolve("millrace").toString()));
        command.addAll(arguments);
        command.addAll(List.of("--output", "json"));
        final String output = tool.run(root, command);
        try {
            return reading.of(JsonFields.parse(output.substring(output.lastIndexOf('\n') + 1)));
        } catch (final IllegalArgumentException e) {
            throw new IOException(String.join(" ", command) + " gave no result: " + e.getMessage(), e);
        }
    }
}
