package io.millrace.perf;

import io.millrace.perf.node.BenchNode;
import io.millrace.perf.process.Cleanup;
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
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench throughput}: the highest rate of durable events that one client holds with 99 % of them acknowledged in
 * less than ten milliseconds from their scheduled send time.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
@Command(
        name = "throughput",
        mixinStandardHelpOptions = true,
        description = "Durable events per second that one client holds at p99 < 10 ms.")
final class ThroughputCommand implements Callable<Integer> {
    /** A rate holds when 99 % of its events are acknowledged in this time. */
    static final double HOLDS_P99_MICROS = 10_000;

    private static final double HOLDS_RATE_SHARE = 0.99;
    private static final double STEP = 1.3;
    private static final long PROBE_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long FIRST_BYTES_PER_SECOND = 40_000_000;
    private static final long MOST_BYTES_PER_SECOND = 4_000_000_000L;

    private final Terminal terminal;
    private final NanoClock clock;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Mixin
    private FlameOption flame = new FlameOption();

    @Option(
            names = "--rate",
            paramLabel = "EVENTS/S",
            converter = Quantity.Rate.class,
            description = "Measure this rate instead of searching for the highest one.")
    private @Nullable Long rate;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "10s",
            converter = Quantity.Duration.class,
            description = "Of each run's measurement (default ${DEFAULT-VALUE}).")
    private long durationNs;

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    ThroughputCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(options.isJson());
        try (Cleanup cleanup = new Cleanup()) {
            final Environment environment = Environment.read(Environment.root());
            Header.say(terminal, environment);
            terminal.say(String.format(
                    Locale.ROOT,
                    "throughput: %d B, %d segment(s), open loop, a rate holds at p99 < %.0f ms",
                    options.eventLength(),
                    options.segments(),
                    HOLDS_P99_MICROS / 1e3));
            final Bench bench = new Bench(clock);
            double candidate = rate == null ? search(cleanup, bench) : rate.doubleValue();
            List<RunResult> judged = runs(cleanup, bench, candidate);
            while (rate == null && !holds(new RunReport(judged), candidate) && candidate > firstRate()) {
                candidate /= STEP;
                judged = runs(cleanup, bench, candidate);
            }
            final String page = flame.isWanted()
                    ? flame.run(
                            "bench throughput", bench, plan(candidate, durationNs), options, terminal, cleanup, clock)
                    : null;
            return report(judged, candidate, environment, page);
        }
    }

    /**
     * Whether a rate holds.
     *
     * @param report of the runs at it.
     * @param ratePerSecond the rate.
     * @return true when the events came through at that rate and in time.
     */
    static boolean holds(final RunReport report, final double ratePerSecond) {
        return report.isComplete()
                && report.latency().p99() < HOLDS_P99_MICROS
                && report.achievedRate() >= ratePerSecond * HOLDS_RATE_SHARE;
    }

    /**
     * Goes up by steps in short runs until a rate is too much twice; gives the last one that was not. A device that
     * hangs for some tens of milliseconds spoils the p99 of a short run at any rate: only the judged runs look at it.
     */
    private double search(final Cleanup cleanup, final Bench bench) throws IOException {
        double best = firstRate();
        double candidate = best;
        int misses = 0;
        while (misses < 2 && candidate * options.eventLength() < MOST_BYTES_PER_SECOND) {
            final RunResult result = attempt(cleanup, bench, candidate, PROBE_NS);
            final boolean sustained = isSustained(result, candidate);
            terminal.say(String.format(
                    Locale.ROOT,
                    "  %,12.0f events/s: p50 %.0f  p99 %.0f us, achieved %,.0f%s",
                    candidate,
                    result.latency().p50(),
                    result.latency().p99(),
                    result.phase().achievedRate(),
                    sustained ? "" : "  too much"));
            if (sustained) {
                best = candidate;
                misses = 0;
                candidate *= STEP;
            } else {
                misses++;
            }
        }
        return best;
    }

    /**
     * Whether a rate is not more than the node can take: the queues do not grow.
     *
     * @param result of a run at it.
     * @param ratePerSecond the rate.
     * @return true when the events came through at that rate, nine of ten in time.
     */
    static boolean isSustained(final RunResult result, final double ratePerSecond) {
        return result.phase().isComplete()
                && result.latency().p90() < HOLDS_P99_MICROS
                && result.phase().achievedRate() >= ratePerSecond * HOLDS_RATE_SHARE;
    }

    private List<RunResult> runs(final Cleanup cleanup, final Bench bench, final double ratePerSecond)
            throws IOException {
        final List<RunResult> attempts = new ArrayList<>();
        int undisturbed = 0;
        while (undisturbed < options.runs() && attempts.size() < options.attemptLimit()) {
            final RunResult result = attempt(cleanup, bench, ratePerSecond, durationNs);
            attempts.add(result);
            undisturbed += result.isDisturbed() ? 0 : 1;
            RunReport.sayRun(terminal, attempts.size(), result);
        }
        return RunResult.judged(attempts, options.runs());
    }

    private RunResult attempt(
            final Cleanup cleanup, final Bench bench, final double ratePerSecond, final long runDurationNs)
            throws IOException {
        terminal.progress(String.format(Locale.ROOT, "%,.0f events/s …", ratePerSecond));
        final Bench.Plan plan = plan(ratePerSecond, runDurationNs);
        try (BenchNode node = options.connect() == null
                ? BenchNode.start(options.directory(), plan.journalBytes(), cleanup, clock)
                : BenchNode.running(options.connect())) {
            return bench.run(node, plan, null);
        }
    }

    private Bench.Plan plan(final double ratePerSecond, final long runDurationNs) {
        return new Bench.Plan(
                ratePerSecond,
                false,
                options.eventLength(),
                options.segments(),
                Math.min(options.warmUpNs(), TimeUnit.SECONDS.toNanos(4)),
                runDurationNs);
    }

    private int report(
            final List<RunResult> judged,
            final double ratePerSecond,
            final Environment environment,
            final @Nullable String flamePage) {
        final RunReport report = new RunReport(judged);
        final boolean holds = holds(report, ratePerSecond);
        final double eventsPerSecond = report.achievedRate();
        final double megabytesPerSecond = eventsPerSecond * options.eventLength() / 1e6;
        terminal.say(String.format(
                Locale.ROOT,
                "%s %,.0f durable events/s of %d B = %.0f MB/s, acknowledged after: %s",
                holds ? "holds" : "DOES NOT HOLD",
                eventsPerSecond,
                options.eventLength(),
                megabytesPerSecond,
                report.latency()));
        terminal.say(HistogramPicture.draw(report.allEvents()).stripTrailing());
        report.sayCircumstances(terminal, options.runs());
        final JsonObject json = new JsonObject();
        if (flamePage != null) {
            json.put("flame", flamePage);
        }
        terminal.result(json.put("eventsPerSecond", eventsPerSecond)
                .put("megabytesPerSecond", megabytesPerSecond)
                .put("ackLatencyMicros", report.latency().toJson())
                .put("naks", report.naks())
                .put("runs", judged.size())
                .put("disturbed", report.isDisturbed())
                .put("environment", environment.toJson()));
        return holds ? 0 : 1;
    }

    private double firstRate() {
        return (double) FIRST_BYTES_PER_SECOND / Math.max(64, options.eventLength());
    }
}
