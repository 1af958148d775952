package io.millrace.perf.flame;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import jdk.jfr.Recording;
import org.agrona.concurrent.EpochNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Samples two processes while they work: this one, and a node that was started with {@link #nodeOptions()} and ends
 * before {@link #finish()}. Both record from their start on, so that nothing of JFR's own start is in the samples; what
 * counts is what lies between {@link #begin()} and {@link #end()}.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public final class FlameRecording implements AutoCloseable {
    private static final int PROCESSOR_EVENTS_SINCE = 25;
    private static final String INTERVAL = "1 ms";
    private static final String INTERVAL_OPTION = "1ms";
    private static final int STACK_DEPTH = 128;

    private final Path directory;
    private final EpochNanoClock clock;
    private final Recording recording = new Recording();
    private final boolean byProcessorTime = Runtime.version().feature() >= PROCESSOR_EVENTS_SINCE;
    private final String event = byProcessorTime ? FlameSamples.PROCESSOR_EVENT : FlameSamples.EXECUTION_EVENT;
    private @Nullable Instant from;
    private @Nullable Instant until;

    /**
     * Begins to record this process.
     *
     * @param directory for the recordings; its owner removes it.
     * @param clock of the day, the one that JFR's time stamps are of.
     */
    public FlameRecording(final Path directory, final EpochNanoClock clock) {
        this.directory = directory;
        this.clock = clock;
        recording.enable(event).with(byProcessorTime ? "throttle" : "period", INTERVAL);
        recording.start();
    }

    /** JVM options of the node, one word each, that make it record itself until it ends. */
    public String nodeOptions() {
        final String interval = byProcessorTime ? "#throttle=" : "#period=";
        // With settings=none the JVM takes no samples of processor time, so this is in addition to the default events.
        return "-XX:FlightRecorderOptions=stackdepth=" + STACK_DEPTH + " -XX:StartFlightRecording=filename="
                + nodeFile() + ",dumponexit=true," + event + "#enabled=true," + event + interval + INTERVAL_OPTION
                + " -Xlog:jfr*=off";
    }

    /** What the samples are of. */
    public String method() {
        return byProcessorTime
                ? "processor time of each Java thread, sampled each " + INTERVAL + " or tick of the kernel"
                : "Java code only, sampled each " + INTERVAL
                        + " (Java 25 and later see native code and the kernel, too)";
    }

    /** The measurement begins. */
    public void begin() {
        from = now();
    }

    /** The measurement has ended. */
    public void end() {
        until = now();
    }

    /**
     * Folds both recordings.
     *
     * @return the samples of the measurement.
     * @throws IOException when a recording is missing or cannot be read.
     */
    public FlameTree finish() throws IOException {
        if (from == null || until == null) {
            throw new IOException("nothing was measured while recording");
        }
        final Path own = directory.resolve("client.jfr");
        recording.stop();
        recording.dump(own);
        final FlameTree tree = new FlameTree();
        FlameSamples.read(own, event, "client", from, until, tree);
        if (Files.exists(nodeFile())) {
            FlameSamples.read(nodeFile(), event, "node", from, until, tree);
        }
        return tree;
    }

    /**
     * Writes the page.
     *
     * @param tree of the samples.
     * @param title of the page.
     * @param circumstances what was measured and where.
     * @param page file to write; its directory is made.
     * @throws IOException when it cannot be written.
     */
    public static void write(final FlameTree tree, final String title, final String circumstances, final Path page)
            throws IOException {
        final Path parent = page.toAbsolutePath().getParent();
        if (parent != null) {
            Files.createDirectories(parent);
        }
        Files.writeString(page, FlamePage.of(tree, title, circumstances));
    }

    @Override
    public void close() {
        recording.close();
    }

    private Path nodeFile() {
        return directory.resolve("node.jfr");
    }

    private Instant now() {
        return Instant.EPOCH.plusNanos(clock.nanoTime());
    }
}
