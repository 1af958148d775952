package io.millrace.perf;

import io.millrace.perf.report.Quantity;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What both benchmarks can be told. <b>Threading:</b> one thread; picocli fills it. */
final class BenchOptions {
    @Option(
            names = "--size",
            paramLabel = "BYTES",
            defaultValue = "100",
            converter = Quantity.Size.class,
            description = "Payload of an event (default ${DEFAULT-VALUE}).")
    private long eventLength;

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Undisturbed runs whose median is reported (default ${DEFAULT-VALUE}).")
    private int runs;

    @Option(
            names = "--segments",
            paramLabel = "N",
            defaultValue = "1",
            description = "Segments of the stream (default ${DEFAULT-VALUE}).")
    private int segments;

    @Option(
            names = "--warmup",
            paramLabel = "TIME",
            defaultValue = "15s",
            converter = Quantity.Duration.class,
            description = "Before each run, not recorded (default ${DEFAULT-VALUE}).")
    private long warmUpNs;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the node's data goes; decides the device (default: a temporary directory).")
    private @Nullable Path directory;

    @Option(
            names = "--connect",
            paramLabel = "HOST:PORT",
            description = "A node that runs already, instead of one started for the run.")
    private @Nullable String connect;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private OutputForm output = OutputForm.text;

    /** How a result is given; lower case, as it is typed. */
    enum OutputForm {
        /** Words and pictures. */
        text,
        /** One object on standard output. */
        json
    }

    /** Bytes of an event. */
    int eventLength() {
        return (int) Math.min(eventLength, 1 << 20);
    }

    /** How many runs are judged. */
    int runs() {
        return Math.max(1, runs);
    }

    /** How many runs are made at most, disturbed ones included. */
    int attemptLimit() {
        return runs() * 2;
    }

    /** Segments of the stream. */
    int segments() {
        return segments;
    }

    /** Warm-up of each run in nanoseconds. */
    long warmUpNs() {
        return warmUpNs;
    }

    /** Where the node's data goes, or null. */
    @Nullable
    Path directory() {
        return directory;
    }

    /** The running node, or null. */
    @Nullable
    String connect() {
        return connect;
    }

    /** Whether the result is JSON. */
    boolean isJson() {
        return output == OutputForm.json;
    }
}
