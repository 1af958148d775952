package io.millrace.server.cli;

import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.json.JsonWriter;
import io.millrace.server.metric.DistinctErrors;
import io.millrace.server.metric.FileMetrics;
import io.millrace.server.metric.NodeStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.agrona.concurrent.SystemEpochNanoClock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace errors}: the distinct errors of a node's last run from its file, whether it lives or not.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "errors",
        description = "Print what went wrong in a node's last run, each kind once, whether it lives or not.",
        mixinStandardHelpOptions = true)
final class ErrorsCommand implements Callable<Integer> {
    private static final long NANOS_PER_MS = 1_000_000L;

    private final Console console;

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Option(names = "--stack", description = "Print the stacks, too.")
    private boolean stack;

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ErrorsCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final NodeConfiguration configuration = options.builder().conclude();
        final Path data = configuration.dataDirectory();
        final List<DistinctErrors.Entry> errors = DistinctErrors.read(data);
        final NodeStatus status = NodeStatus.of(FileMetrics.read(data), new SystemEpochNanoClock().nanoTime());
        if (output.isJson()) {
            printJson(data, status, errors);
        } else {
            console.out().println(data + ": " + status.text());
            for (final DistinctErrors.Entry error : errors) {
                console.out()
                        .println(error.count() + " x, first " + Words.instant(error.firstMs() * NANOS_PER_MS)
                                + ", last " + Words.instant(error.lastMs() * NANOS_PER_MS));
                (stack ? error.text() : error.headline()).lines().forEach(line -> console.out()
                        .println("  " + line));
            }
            if (errors.isEmpty()) {
                console.out().println("no errors since its start");
            }
        }
        return 0;
    }

    private void printJson(final Path data, final NodeStatus status, final List<DistinctErrors.Entry> errors) {
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text).beginObject().field("data", data.toString());
        StatReport.status(json, status);
        json.name("errors").beginArray();
        for (final DistinctErrors.Entry error : errors) {
            json.beginObject()
                    .field("count", error.count())
                    .field("firstAt", Words.instant(error.firstMs() * NANOS_PER_MS))
                    .field("lastAt", Words.instant(error.lastMs() * NANOS_PER_MS))
                    .field("headline", error.headline())
                    .field("text", error.text())
                    .end();
        }
        json.end().end();
        console.out().println(text);
    }
}
