package io.millrace.perf;

import io.millrace.perf.load.Percentiles;
import io.millrace.perf.node.BenchNode;
import io.millrace.perf.node.JournalInfo;
import io.millrace.perf.node.NodeMemory;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.agrona.concurrent.NanoClock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code bench clients}: what many idle clients do to the latency of one that writes, and what each of them costs. Each
 * run measures the writer alone, with the idle clients, and alone again, on one node.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
@Command(
        name = "clients",
        mixinStandardHelpOptions = true,
        description = "One writer's latency beside many idle clients, and what an idle client costs.")
final class ClientsCommand implements Callable<Integer> {
    private static final int IDLE_MAX = 4000;
    private static final int LOG_BYTES_EXTRA = 4096;

    private final Terminal terminal;
    private final NanoClock clock;

    @Mixin
    private BenchOptions options = new BenchOptions();

    @Option(
            names = "--idle",
            paramLabel = "N",
            defaultValue = "1000",
            description = "Idle clients, 1 to " + IDLE_MAX + " (default ${DEFAULT-VALUE}).")
    private int idleCount;

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
            defaultValue = "10s",
            converter = Quantity.Duration.class,
            description = "Of each measurement, three a run (default ${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(
            names = "--term-length",
            paramLabel = "BYTES",
            defaultValue = "64KiB",
            converter = Quantity.Size.class,
            description = "Terms of an idle client's session (default ${DEFAULT-VALUE}).")
    private long termLength;

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    ClientsCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    /**
     * One run.
     *
     * @param before the writer alone.
     * @param beside the writer beside the idle clients.
     * @param after the writer alone again.
     * @param empty the node's memory without idle clients.
     * @param full the node's memory with them.
     */
    private record Run(RunResult before, RunResult beside, RunResult after, NodeMemory empty, NodeMemory full) {
        /** The writer alone: the mean of both measurements around the other. */
        double aloneMicros(final double percentile) {
            return (micros(before, percentile) + micros(after, percentile)) / 2;
        }

        double ratio(final double percentile) {
            return micros(beside, percentile) / aloneMicros(percentile);
        }

        boolean isDisturbed() {
            return before.isDisturbed() || beside.isDisturbed() || after.isDisturbed();
        }

        boolean isComplete() {
            return before.phase().isComplete()
                    && beside.phase().isComplete()
                    && after.phase().isComplete();
        }

        private static double micros(final RunResult run, final double percentile) {
            return run.phase().histogram().getValueAtPercentile(percentile) / 1e3;
        }
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(options.isJson());
        if (idleCount < 1 || idleCount > IDLE_MAX) {
            terminal.warn("--idle is " + idleCount + ", but must be from 1 to " + IDLE_MAX);
            return 2;
        }
        if (termLength < 64 << 10 || termLength > 1 << 20 || Long.bitCount(termLength) != 1) {
            terminal.warn("--term-length is " + termLength + ", but must be a power of two from 64KiB to 1MiB");
            return 2;
        }
        final Bench.Plan plan =
                new Bench.Plan(rate, false, options.eventLength(), options.segments(), options.warmUpNs(), durationNs);
        try (Cleanup cleanup = new Cleanup()) {
            final Environment environment = Environment.read(Environment.root());
            Header.say(terminal, environment);
            terminal.say(String.format(
                    Locale.ROOT,
                    "clients: %d idle, one writer at %d events/s of %d B, three measurements of %.1f s a run, %d runs",
                    idleCount,
                    rate,
                    plan.eventLength(),
                    durationNs / 1e9,
                    options.runs()));
            return measure(cleanup, plan, environment);
        }
    }

    private int measure(final Cleanup cleanup, final Bench.Plan plan, final Environment environment)
            throws IOException {
        final Bench bench = new Bench(clock);
        final List<Run> attempts = new ArrayList<>();
        JournalInfo journal = JournalInfo.UNKNOWN;
        int undisturbed = 0;
        while (undisturbed < options.runs() && attempts.size() < options.attemptLimit()) {
            final int number = attempts.size() + 1;
            try (BenchNode node = node(cleanup, plan)) {
                journal = node.journal();
                final Run run = run(cleanup, bench, node, plan, number);
                attempts.add(run);
                undisturbed += run.isDisturbed() ? 0 : 1;
                terminal.say(String.format(
                        Locale.ROOT,
                        "run %d: p50 %.2f x, p99 %.2f x alone; %.0f KiB an idle client%s",
                        number,
                        run.ratio(50),
                        run.ratio(99),
                        run.full().allSince(run.empty()) / idleCount / 1024,
                        run.isDisturbed() ? " (disturbed)" : ""));
            }
        }
        final List<Run> calm =
                attempts.stream().filter(run -> !run.isDisturbed()).toList();
        return report(calm.size() < options.runs() ? attempts : calm, environment, journal);
    }

    private Run run(
            final Cleanup cleanup, final Bench bench, final BenchNode node, final Bench.Plan plan, final int number)
            throws IOException {
        final RunResult before = part(bench, node, plan, number, "alone");
        final NodeMemory empty = node.memory();
        final RunResult beside;
        final NodeMemory full;
        terminal.progress("run " + number + ": idle clients connect …");
        try (IdleClients clients =
                cleanup.add(IdleClients.connect(node.endpoint(), idleCount, (int) termLength, clock))) {
            node.accompany(clients.pids());
            beside = part(bench, node, plan, number, "with " + clients.connectedCount() + " idle clients");
            full = node.memory();
            if (clients.connectedCount() < idleCount) {
                throw new IOException("idle clients lost their sessions: " + clients.connectedCount() + " of "
                        + idleCount + " are left");
            }
        }
        node.accompany(java.util.Set.of());
        return new Run(before, beside, part(bench, node, plan, number, "alone"), empty, full);
    }

    private RunResult part(
            final Bench bench, final BenchNode node, final Bench.Plan plan, final int number, final String what)
            throws IOException {
        terminal.progress("run " + number + ": " + what + " …");
        final RunResult result = bench.run(node, plan, null);
        terminal.say(String.format(
                Locale.ROOT,
                "run %d, %s: %s, others used %.1f %%%s",
                number,
                what,
                result.latency(),
                result.othersShare() * 100,
                result.phase().isComplete() ? "" : ", NOT ALL ACKNOWLEDGED"));
        return result;
    }

    private int report(final List<Run> runs, final Environment environment, final JournalInfo journal) {
        final Run first = runs.get(0);
        final boolean isDisturbed = runs.stream().anyMatch(Run::isDisturbed);
        final double p50 = Percentiles.median(runs, run -> run.ratio(50));
        final double p99 = Percentiles.median(runs, run -> run.ratio(99));
        terminal.say(String.format(
                Locale.ROOT,
                "%d idle clients: p50 %.2f x, p99 %.2f x alone; %d runs, disturbed: %s",
                idleCount,
                p50,
                p99,
                runs.size(),
                isDisturbed ? "YES, other processes used more than 5 % of the machine: do not quote" : "no"));
        final boolean isComplete = runs.stream().allMatch(Run::isComplete);
        if (!isComplete) {
            terminal.warn("not every event was acknowledged in time");
        }
        terminal.result(new JsonObject()
                .put("ratio", new JsonObject().put("p50", p50).put("p99", p99))
                .put(
                        "alone",
                        Percentiles.median(runs.stream()
                                        .flatMap(run -> java.util.stream.Stream.of(run.before(), run.after()))
                                        .map(RunResult::latency)
                                        .toList())
                                .toJson())
                .put(
                        "withIdle",
                        Percentiles.median(runs.stream()
                                        .map(run -> run.beside().latency())
                                        .toList())
                                .toJson())
                .put("idleClients", idleCount)
                .put("termLength", termLength)
                .put("bytesPerIdleClient", first.full().perClientSince(first.empty(), idleCount))
                .put("rate", rate)
                .put("runs", runs.size())
                .put("disturbed", isDisturbed)
                .put("environment", environment.toJson())
                .put("journal", journal.toJson()));
        return isComplete ? 0 : 1;
    }

    private BenchNode node(final Cleanup cleanup, final Bench.Plan plan) throws IOException {
        if (options.connect() != null) {
            return BenchNode.running(options.connect());
        }
        // Both logs of every idle session, and those of a handful of full size.
        final long perSession = 2 * (3 * termLength + LOG_BYTES_EXTRA);
        final long memory = idleCount * perSession + (64L << 20);
        final String settings = "[limits]\nsessions = " + (idleCount + 16) + "\nsession-memory = " + memory + "\n";
        return BenchNode.start(options.directory(), 3 * plan.journalBytes(), settings, cleanup, clock);
    }
}
