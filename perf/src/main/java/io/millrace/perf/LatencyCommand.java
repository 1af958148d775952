package io.millrace.perf;

import io.millrace.perf.limit.Limit;
import io.millrace.perf.limit.LimitProbe;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.node.BenchNode;
import io.millrace.perf.node.JournalInfo;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.HistogramPicture;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench latency}: a durable event's latency at a fixed rate from its scheduled send time, beside the physical
 * limit measured in the same run.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
@Command(
        name = "latency",
        mixinStandardHelpOptions = true,
        description = "The latency of a durable event at a fixed rate, against the physical limit.")
final class LatencyCommand implements Callable<Integer> {
    private final Terminal terminal;
    private final NanoClock clock;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Mixin
    private FlameOption flame = new FlameOption();

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
            defaultValue = "20s",
            converter = Quantity.Duration.class,
            description = "Of each run's measurement (default ${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(
            names = "--with-limit",
            description = "Measure Aeron's round trip and the durable device write beside each run.")
    private boolean withLimit;

    @Option(names = "--closed-loop", description = "One event under way at a time, instead of a fixed rate.")
    private boolean closedLoop;

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    LatencyCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(options.isJson());
        final Bench.Plan plan = new Bench.Plan(
                rate, closedLoop, options.eventLength(), options.segments(), options.warmUpNs(), durationNs);
        try (Cleanup cleanup = new Cleanup()) {
            final Environment environment = Environment.read(Environment.root());
            Header.say(terminal, environment);
            terminal.say(String.format(
                    Locale.ROOT,
                    "latency: %s, %d B, %d segment(s), %.1f s a run after %.1f s of warm-up, median of %d undisturbed runs",
                    closedLoop ? "closed loop" : "open loop at " + rate + " events/s",
                    plan.eventLength(),
                    plan.segmentCount(),
                    durationNs / 1e9,
                    plan.warmUpNs() / 1e9,
                    options.runs()));
            return measure(cleanup, plan, environment);
        }
    }

    private int measure(final Cleanup cleanup, final Bench.Plan plan, final Environment environment)
            throws IOException {
        final LimitProbe probe = withLimit
                ? cleanup.add(new LimitProbe(
                        cleanup.add(TemporaryDirectory.create(options.directory()))
                                .path(),
                        plan.eventLength(),
                        clock))
                : null;
        final Bench bench = new Bench(clock);
        terminal.say(
                "the rig alone: " + Percentiles.of(bench.rigAlone((double) rate).histogram()));
        final List<RunResult> attempts = new ArrayList<>();
        JournalInfo journal = JournalInfo.UNKNOWN;
        int undisturbed = 0;
        while (undisturbed < options.runs() && attempts.size() < options.attemptLimit()) {
            terminal.progress("run " + (attempts.size() + 1) + " …");
            RunResult result;
            roundTrip(probe);
            try (BenchNode node = node(cleanup, plan)) {
                if (attempts.isEmpty()) {
                    terminal.say("node: " + node.journal());
                }
                journal = node.journal();
                result = bench.run(node, plan, probe);
            }
            roundTrip(probe);
            if (probe != null) {
                final Limit limit = probe.take();
                terminal.say("limit " + (attempts.size() + 1) + ": " + limit);
                result = result.with(limit);
            }
            attempts.add(result);
            undisturbed += result.isDisturbed() ? 0 : 1;
            RunReport.sayRun(terminal, attempts.size(), result);
        }
        final String page =
                flame.isWanted() ? flame.run("bench latency", bench, plan, options, terminal, cleanup, clock) : null;
        return report(plan, RunResult.judged(attempts, options.runs()), environment, journal, page);
    }

    private int report(
            final Bench.Plan plan,
            final List<RunResult> judged,
            final Environment environment,
            final JournalInfo journal,
            final @Nullable String flamePage) {
        final RunReport report = new RunReport(judged);
        final double target = closedLoop ? report.achievedRate() : plan.ratePerSecond();
        final JsonObject json =
                new JsonObject().put("ackLatencyMicros", report.latency().toJson());
        terminal.say("acknowledged after: " + report.latency());
        if (withLimit) {
            terminal.say(String.format(
                    Locale.ROOT,
                    "physical limit:     p50 %.1f  p99 %.1f us  ->  ratio %.2f at p50, %.2f at p99",
                    report.limitMicros(50),
                    report.limitMicros(99),
                    report.ratio(50),
                    report.ratio(99)));
            json.put(
                            "limitMicros",
                            new JsonObject().put("p50", report.limitMicros(50)).put("p99", report.limitMicros(99)))
                    .put("ratio", new JsonObject().put("p50", report.ratio(50)).put("p99", report.ratio(99)));
        }
        terminal.say(HistogramPicture.draw(report.allEvents()).stripTrailing());
        report.sayCircumstances(terminal, options.runs());
        if (flamePage != null) {
            json.put("flame", flamePage);
        }
        terminal.result(json.put("rate", target)
                .put("achievedRate", report.achievedRate())
                .put("allocatedBytesPerEvent", report.allocationJson())
                .put("naks", report.naks())
                .put("runs", judged.size())
                .put("disturbed", report.isDisturbed())
                .put("environment", environment.toJson())
                .put("journal", journal.toJson()));
        return report.isComplete() ? 0 : 1;
    }

    private BenchNode node(final Cleanup cleanup, final Bench.Plan plan) throws IOException {
        return options.connect() == null
                ? BenchNode.start(options.directory(), plan.journalBytes(), cleanup, clock)
                : BenchNode.running(options.connect());
    }

    private void roundTrip(final @Nullable LimitProbe probe) throws IOException {
        if (probe != null) {
            terminal.progress("the round trip …");
            probe.roundTrip();
        }
    }
}
