package io.millrace.perf.guard;

import io.millrace.perf.process.Cleanup;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench guard}: the working tree against an earlier commit, in one run.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
@Command(
        name = "guard",
        mixinStandardHelpOptions = true,
        description = "Whether this working tree is slower than an earlier commit: both run in turns.")
public final class GuardCommand implements Callable<Integer> {
    private static final String ALL_BENCHMARKS = ".*Benchmark.*";
    private static final List<String> SHORT_BENCHMARKS =
            List.of("--warmup", "3", "--iterations", "5", "--time", "200", "--forks", "1");

    private final Terminal terminal;

    @Option(
            names = "--base",
            paramLabel = "COMMIT",
            required = true,
            description = "The earlier commit: anything git takes for one.")
    private String base = "";

    @Option(
            names = "--pairs",
            paramLabel = "N",
            defaultValue = "5",
            description = "Undisturbed pairs of runs that are judged (default ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--limit",
            paramLabel = "RATIO",
            defaultValue = "1.05",
            description = "Fail when new/base at the median is more (default ${DEFAULT-VALUE}).")
    private double limit;

    @Option(
            names = "--rate",
            paramLabel = "EVENTS/S",
            defaultValue = "10000",
            converter = Quantity.Rate.class,
            description = "Fixed rate of the open loop (default ${DEFAULT-VALUE}).")
    private long rate;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "4s",
            converter = Quantity.Duration.class,
            description = "Of each run's measurement (default ${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(
            names = "--warmup",
            paramLabel = "TIME",
            defaultValue = "4s",
            converter = Quantity.Duration.class,
            description = "Before each run, not recorded (default ${DEFAULT-VALUE}).")
    private long warmUpNs;

    @Option(names = "--directory", paramLabel = "DIR", description = "Where the nodes' data goes; decides the device.")
    private @Nullable Path directory;

    @Option(
            names = "--jmh",
            arity = "0..1",
            paramLabel = "REGEX",
            fallbackValue = ALL_BENCHMARKS,
            description = "Compare benchmarks of the pieces, too (default: all that both have).")
    private @Nullable String benchmarks;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private Form output = Form.text;

    /** How a result is given; lower case, as it is typed. */
    private enum Form {
        /** Words. */
        text,
        /** One object on standard output. */
        json
    }

    /**
     * Makes the command.
     *
     * @param terminal prints.
     */
    public GuardCommand(final Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(output == Form.json);
        final String property = System.getProperty("millrace.root");
        if (property == null) {
            throw new IOException("the guard compares checkouts: run it by ./millrace");
        }
        final Path root = Path.of(property);
        final Path log = root.resolve("target").resolve("guard").resolve("log");
        final Environment environment = Environment.read(Environment.root());
        Header.say(terminal, environment);
        try (Cleanup cleanup = new Cleanup()) {
            final BaseBuild builds = new BaseBuild(root, new ProcessTool(log, cleanup, false));
            final String commit = builds.commit(base);
            terminal.say("base: " + commit + "; building it unless that was done before");
            final Tool tool = new ProcessTool(log, cleanup, true);
            final Side before = new Side(builds.build(commit, benchmarks != null, cleanup), tool);
            final Side now = new Side(root, tool);
            if (benchmarks != null) {
                new ProcessTool(log, cleanup, false)
                        .run(root, List.of(root.resolve("millrace").toString(), "bench", "jmh", "--list"));
            }
            return judge(before, now, commit, environment);
        }
    }

    private int judge(final Side before, final Side now, final String commit, final Environment environment)
            throws IOException {
        final List<String> options = latencyOptions();
        final List<Verdict.Pair> measured = new Pairs(Math.max(1, pairs))
                .run(() -> before.latency(options), () -> now.latency(options), this::tell);
        final Verdict latency = new Verdict("latency at " + rate + "/s", measured, limit, false);
        terminal.say(latency.toString());
        final List<Verdict> pieces = benchmarks == null ? List.of() : pieces(before, now, benchmarks);
        pieces.forEach(piece -> terminal.say(piece.toString()));
        final boolean passed = latency.isPassed() && pieces.stream().allMatch(Verdict::isPassed);
        terminal.say(passed ? "no slower than " + commit : "SLOWER than " + commit);
        final JsonObject json = latency.toJson().put("pass", passed).put("commit", commit);
        if (benchmarks != null) {
            json.put("pieces", pieces.stream().map(Verdict::toJson).toList());
        }
        terminal.result(json.put("environment", environment.toJson()));
        return passed ? 0 : 1;
    }

    private List<String> latencyOptions() {
        final List<String> options = new ArrayList<>(List.of(
                "--rate",
                Long.toString(rate),
                "--duration",
                durationNs / 1_000_000 + "ms",
                "--warmup",
                warmUpNs / 1_000_000 + "ms"));
        if (directory != null) {
            options.addAll(List.of("--directory", directory.toAbsolutePath().toString()));
        }
        return options;
    }

    private void tell(final int attempt, final Verdict.Pair pair) {
        terminal.say(String.format(
                Locale.ROOT,
                "pair %d: base p50 %.1f p99 %.1f, new p50 %.1f p99 %.1f us%s",
                attempt,
                pair.base().p50(),
                pair.base().p99(),
                pair.fresh().p50(),
                pair.fresh().p99(),
                pair.isDisturbed() ? " (disturbed)" : ""));
    }

    /** Runs all benchmarks of one side, then all of the other: each benchmark's pairs are judged for themselves. */
    private List<Verdict> pieces(final Side before, final Side now, final String include) throws IOException {
        if (!before.hasBenchmarks()) {
            terminal.warn("the base has no benchmarks of the pieces: none are compared");
            return List.of();
        }
        final List<String> options = new ArrayList<>(List.of("--include", include));
        options.addAll(SHORT_BENCHMARKS);
        final Map<String, List<Verdict.Pair>> measured = new LinkedHashMap<>();
        for (int pair = 0; pair < Math.max(1, pairs); pair++) {
            terminal.progress("pieces, pair " + (pair + 1) + " …");
            final boolean isBaseFirst = pair % 2 == 0;
            final Map<String, Sample> first = (isBaseFirst ? before : now).benchmarks(options);
            final Map<String, Sample> second = (isBaseFirst ? now : before).benchmarks(options);
            final Map<String, Sample> fresh = isBaseFirst ? second : first;
            (isBaseFirst ? first : second).forEach((name, sample) -> {
                final Sample other = fresh.get(name);
                if (other != null) {
                    measured.computeIfAbsent(name, absent -> new ArrayList<>()).add(new Verdict.Pair(sample, other));
                }
            });
        }
        final List<Verdict> verdicts = new ArrayList<>();
        measured.forEach((name, list) -> verdicts.add(new Verdict(name, List.copyOf(list), limit, true)));
        return verdicts;
    }
}
