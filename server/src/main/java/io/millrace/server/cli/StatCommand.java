package io.millrace.server.cli;

import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.metric.FileMetrics;
import io.millrace.server.metric.NodeStatus;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.agrona.concurrent.EpochNanoClock;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace stat}: the counters of a node from its file, whether it lives or not. With {@code --watch} again and
 * again, with rates; each report is a JSON object on a line of its own then.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "stat",
        description = "Print a node's counters from its data directory, whether it lives or not.",
        mixinStandardHelpOptions = true)
final class StatCommand implements Callable<Integer> {
    private static final double NANOS = 1e9;

    private final Console console;
    private final EpochNanoClock epochClock = new SystemEpochNanoClock();

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Option(names = "--watch", description = "Print again and again, with rates, until interrupted.")
    private boolean watch;

    @Option(
            names = "--interval",
            paramLabel = "SECONDS",
            defaultValue = "1",
            description = "Time between two reports with --watch (default 1).")
    private double intervalSeconds;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "0",
            description = "End --watch after N reports (default 0: never).")
    private long count;

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    StatCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final NodeConfiguration configuration = options.builder().conclude();
        final Path data = configuration.dataDirectory();
        final long intervalNs = (long) (Math.max(0.1, intervalSeconds) * NANOS);
        FileMetrics before = null;
        long reportNs = console.clock().nanoTime();
        for (long reports = 1; ; reports++) {
            final FileMetrics metrics = FileMetrics.read(data);
            print(data, metrics, before);
            if (!watch || reports == count) {
                return 0;
            }
            before = metrics;
            reportNs += intervalNs;
            await(reportNs);
        }
    }

    private void await(final long untilNs) {
        for (long leftNs = untilNs - console.clock().nanoTime();
                leftNs > 0 && !Thread.currentThread().isInterrupted();
                leftNs = untilNs - console.clock().nanoTime()) {
            LockSupport.parkNanos(leftNs);
        }
    }

    private void print(final Path data, final FileMetrics metrics, final @Nullable FileMetrics before) {
        final NodeStatus status = NodeStatus.of(metrics, epochClock.nanoTime());
        final StatReport report = StatReport.of(metrics, before);
        if (output.isJson()) {
            console.out().println(report.json(data, status));
        } else {
            console.out().println(data + ": " + status.text());
            console.out().print(report.text());
            if (watch) {
                console.out().println();
            }
        }
        console.out().flush();
    }
}
