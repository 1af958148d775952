package io.millrace.perf.compare;

import io.millrace.perf.node.MillraceSystem;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code bench compare}: ours, the peers and the physical limit in one run, measured the same way.
 *
 * <p><b>Threading:</b> the command's thread.
 */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        description = {
            "Ours, the peers and the physical limit in turns, each run a process of its own.",
            "W1 append 100 B (CLOSED: one event at a time), W2 append 1 KiB, W3 highest rate with p99 < 10 ms,",
            "W4 append until a tail reader sees it, W5 catch-up read, W6 many writers and many streams, TX transactions.",
            "docs/benchmarks.md says how to read it."
        })
public final class CompareCommand implements Callable<Integer> {
    private final Terminal terminal;
    private final NanoClock clock;
    private final Class<?> mainClass;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--workloads",
            paramLabel = "W1,W4",
            defaultValue = "W1,W3,W4",
            split = ",",
            description = "What is measured (default ${DEFAULT-VALUE}).")
    private List<Workload> workloads = new ArrayList<>();

    @Option(
            names = "--rates",
            paramLabel = "EVENTS/S",
            split = ",",
            converter = Quantity.Rate.class,
            description = "Rates (default 1000,10000,50000,100000 for W1 and W2, 10000 for others).")
    private List<Long> rates = new ArrayList<>();

    @Option(
            names = "--peers",
            paramLabel = "all|none|NAME,…",
            defaultValue = "none",
            description = "Other systems beside ours (default ${DEFAULT-VALUE}).")
    private String peers = "none";

    @Option(
            names = "--runs",
            paramLabel = "N",
            defaultValue = "3",
            description = "Undisturbed runs of each system whose median is reported (default ${DEFAULT-VALUE}).")
    private int runs;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "20s",
            converter = Quantity.Duration.class,
            description = "Of each run's measurement (default ${DEFAULT-VALUE}).")
    private long durationNs;

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
            description = "Where the systems' data goes; decides the device (default: a temporary directory).")
    private @Nullable Path directory;

    @Option(
            names = "--report",
            paramLabel = "DIR",
            description = "Where the page, the JSON and the histograms go (default: target/bench-compare).")
    private @Nullable Path report;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private OutputForm output = OutputForm.text;

    /** How the result is given; lower case, as it is typed. */
    enum OutputForm {
        /** Words. */
        text,
        /** One object on standard output. */
        json
    }

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     * @param mainClass of a run's JVM.
     */
    public CompareCommand(final Terminal terminal, final NanoClock clock, final Class<?> mainClass) {
        this.mainClass = mainClass;
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(output == OutputForm.json);
        final String property = System.getProperty("millrace.root");
        final Path root = Path.of(property == null ? "" : property).toAbsolutePath();
        final Path files = report == null ? root.resolve("target").resolve("bench-compare") : report;
        final Peers known = Peers.find(root);
        final List<String> chosen = choose(known);
        Files.createDirectories(files);
        try (Cleanup cleanup = new Cleanup()) {
            final Path probed =
                    cleanup.add(TemporaryDirectory.create(directory)).path();
            final Machine machine = Machine.read(Environment.root(), probed);
            terminal.say(machine.toString());
            if (machine.environment().starvesKernelWorkers()) {
                terminal.warn("autogroups or cpu groups are on: durable writes may be starved, see docs/operations.md");
            }
            final Comparison comparison = new Comparison(
                    new Comparison.Options(cells(), chosen, Math.max(1, runs), directory, files),
                    known,
                    machine,
                    cleanup,
                    terminal,
                    clock,
                    mainClass);
            terminal.say(String.format(
                    Locale.ROOT,
                    "%d runs of %.1f s after %.1f s of warm-up, in turns; what did not flush the device is not durable",
                    Math.max(1, runs),
                    durationNs / 1e9,
                    warmUpNs / 1e9));
            comparison.go();
            return report(comparison, machine, files);
        }
    }

    /** The command line that repeats this run. */
    String repeat() {
        final StringBuilder line = new StringBuilder("./millrace bench compare --workloads ")
                .append(String.join(",", workloads.stream().map(Enum::name).toList()));
        if (!rates.isEmpty()) {
            line.append(" --rates ")
                    .append(String.join(",", rates.stream().map(String::valueOf).toList()));
        }
        return line.append(" --peers ")
                .append(peers)
                .append(String.format(
                        Locale.ROOT,
                        " --duration %ss --warmup %ss --runs %d",
                        plain(durationNs),
                        plain(warmUpNs),
                        Math.max(1, runs)))
                .toString();
    }

    private int report(final Comparison comparison, final Machine machine, final Path files) throws IOException {
        final Report all =
                new Report(comparison.results(), comparison.rows(), comparison.descriptions(), machine, repeat());
        final JsonObject json = all.json();
        final Path page = files.resolve("index.html");
        Files.writeString(files.resolve("compare.json"), json + "\n");
        Files.writeString(page, all.page());
        terminal.say("");
        terminal.say(Table.text(comparison.rows()));
        terminal.say("");
        terminal.say(
                "page: " + page + ", figures: " + files.resolve("compare.json") + ", histograms: " + files + "/*.hlog");
        terminal.result(json);
        final boolean isOursThere = comparison.rows().stream()
                .anyMatch(row -> row.system().equals(MillraceSystem.NAME) && row.skipped() == null);
        return isOursThere || workloads.equals(List.of(Workload.TX)) ? 0 : 1;
    }

    private List<Workload.Cell> cells() {
        final List<Workload.Cell> cells = new ArrayList<>();
        workloads.forEach(workload -> cells.addAll(workload.cells(rates, warmUpNs, durationNs)));
        return cells;
    }

    private List<String> choose(final Peers known) {
        try {
            return known.choose(peers);
        } catch (final IllegalArgumentException e) {
            if (spec == null) {
                throw e;
            }
            throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
        }
    }

    private static String plain(final long nanos) {
        return nanos % 1_000_000_000L == 0
                ? String.valueOf(nanos / 1_000_000_000L)
                : String.format(Locale.ROOT, "%.3f", nanos / 1e9);
    }
}
