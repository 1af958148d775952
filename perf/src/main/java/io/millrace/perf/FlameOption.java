package io.millrace.perf;

import io.millrace.perf.flame.FlameRecording;
import io.millrace.perf.flame.FlameTree;
import io.millrace.perf.node.BenchNode;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * {@code --flame}: one more run after the judged ones, with both processes sampled. It is judged by nobody: sampling
 * costs some percent.
 *
 * <p><b>Threading:</b> the rig's thread; picocli fills it.
 */
final class FlameOption {
    private static final String DEFAULT_PAGE = "target/flame.html";
    private static final int HOTTEST = 12;
    private static final int BROADEST = 24;
    private static final int SEEN = 100;
    private static final double NEARLY_ALL = 0.98;

    @Option(
            names = "--flame",
            arity = "0..1",
            paramLabel = "FILE",
            fallbackValue = DEFAULT_PAGE,
            description = "Sample node and client in one more run and write a flame graph, one HTML page (default "
                    + DEFAULT_PAGE + ").")
    private @Nullable Path page;

    /** Whether a flame graph is wanted. */
    boolean isWanted() {
        return page != null;
    }

    /**
     * Does one run with both processes sampled and writes the page.
     *
     * @param command that is measured, for the page's title.
     * @param bench runs.
     * @param plan of the run.
     * @param options where the node is.
     * @param terminal prints the frames that take most.
     * @param cleanup told of everything that is made.
     * @param clock of the node's time-outs.
     * @return path of the page.
     * @throws IOException when the run fails or the page cannot be written.
     */
    String run(
            final String command,
            final Bench bench,
            final Bench.Plan plan,
            final BenchOptions options,
            final Terminal terminal,
            final Cleanup cleanup,
            final NanoClock clock)
            throws IOException {
        final Path file = resolved(page == null ? Path.of(DEFAULT_PAGE) : page);
        final TemporaryDirectory directory = cleanup.add(TemporaryDirectory.create(options.directory()));
        terminal.progress("the run for the flame graph …");
        try (FlameRecording recording = new FlameRecording(directory.path(), new SystemEpochNanoClock())) {
            final RunResult result;
            try (BenchNode node = options.connect() == null
                    ? BenchNode.start(
                            options.directory(), plan.journalBytes(), "", "", recording.nodeOptions(), cleanup, clock)
                    : BenchNode.running(options.connect())) {
                result = bench.run(node, plan, null, new Bench.Watch() {
                    @Override
                    public void onBegin() {
                        recording.begin();
                    }

                    @Override
                    public void onEnd() {
                        recording.end();
                    }
                });
                if (node.isOurs()) {
                    node.process().stop(); // it writes its recording when it ends
                }
            }
            final FlameTree tree = recording.finish();
            FlameRecording.write(
                    tree,
                    "Millrace " + command,
                    String.format(
                            Locale.ROOT,
                            "%s of %d B for %.0f s: %.0f events/s, p50 %.1f us. %s. %s",
                            plan.closedLoop()
                                    ? "closed loop"
                                    : String.format(Locale.ROOT, "open loop at %.0f events/s", plan.ratePerSecond()),
                            plan.eventLength(),
                            plan.durationNs() / 1e9,
                            result.phase().achievedRate(),
                            result.latency().p50(),
                            recording.method(),
                            Environment.read(Environment.root())),
                    file);
            say(terminal, tree, file, recording.method());
        } finally {
            directory.close();
        }
        return file.toString();
    }

    private static void say(final Terminal terminal, final FlameTree tree, final Path file, final String method) {
        terminal.say("flame graph: " + file + " (" + tree.sampleCount() + " samples: " + method + ")");
        for (final String root : tree.roots()) {
            terminal.say(String.format(
                    Locale.ROOT,
                    "%s, %d samples%n  itself: %s%n  with what it calls: %s",
                    root,
                    tree.sampleCount(root),
                    shares(tree.hottest(root, SEEN), HOTTEST),
                    shares(tree.broadest(root, SEEN), BROADEST)));
        }
    }

    /** What nearly every sample went through tells nothing and is left out. */
    private static String shares(final List<FlameTree.Share> shares, final int limit) {
        final StringBuilder out = new StringBuilder();
        int count = 0;
        for (final FlameTree.Share share : shares) {
            if (share.share() > NEARLY_ALL || count == limit) {
                continue;
            }
            count++;
            out.append(String.format(Locale.ROOT, "%n    %5.1f %%  %s", share.share() * 100, share.frame()));
        }
        return out.toString();
    }

    private static Path resolved(final Path file) {
        final String root = System.getProperty("millrace.root");
        return root != null && file.toString().equals(DEFAULT_PAGE)
                ? Path.of(root).resolve(file)
                : file.toAbsolutePath();
    }
}
