package io.millrace.perf;

import io.millrace.client.Millrace;
import io.millrace.perf.history.SequenceCheck;
import io.millrace.perf.node.BenchNode;
import io.millrace.perf.node.JournalInfo;
import io.millrace.perf.node.NodeProcess;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.HistogramPicture;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code demo}: a node in a temporary directory, a million events through a kill -9, the proof, and the latency.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> the node and the directory are gone when it ends, whatever
 * happens.
 */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Start a node, write a million events, kill it, recover it, verify, measure.")
final class DemoCommand implements Callable<Integer> {
    private static final int SEGMENTS = 4;
    private static final double RATE = 10_000;
    private static final long WARM_UP_NS = TimeUnit.SECONDS.toNanos(3);
    private static final long MEASURE_NS = TimeUnit.SECONDS.toNanos(10);

    private final Terminal terminal;
    private final NanoClock clock;

    @Option(
            names = "--events",
            paramLabel = "N",
            defaultValue = "1000000",
            converter = Quantity.Rate.class,
            description = "Events to write (default ${DEFAULT-VALUE}).")
    private long eventCount;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            defaultValue = "128",
            converter = Quantity.Size.class,
            description = "Bytes of an event (default ${DEFAULT-VALUE}).")
    private long eventLength;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the node's data goes; decides the device (default: a temporary directory).")
    private @Nullable Path directory;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private BenchOptions.OutputForm output = BenchOptions.OutputForm.text;

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    DemoCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(output == BenchOptions.OutputForm.json);
        try (Cleanup cleanup = new Cleanup()) {
            final Environment environment = Environment.read(Environment.root());
            Header.say(terminal, environment);
            final Bench.Plan plan = new Bench.Plan(RATE, false, (int) eventLength, 1, WARM_UP_NS, MEASURE_NS);
            final long journalBytes = plan.journalBytes() + 2 * eventCount * (eventLength + 64);
            final TemporaryDirectory home = cleanup.add(TemporaryDirectory.create(directory));
            final NodeProcess process = BenchNode.prepare(home.path(), journalBytes, cleanup, clock);
            terminal.progress("starting a node …");
            process.startAndAwait();
            final JournalInfo journal = JournalInfo.of(process.ready());
            terminal.say(String.format(
                    Locale.ROOT,
                    "node: process %d at %s in %s, ready after %.0f ms",
                    process.pid(),
                    process.endpoint(),
                    home.path(),
                    process.readyAfterNs() / 1e6));
            terminal.say("node: " + journal);
            final Demo demo = writeAndVerify(process);
            final RunResult latency = new Bench(clock).run(BenchNode.of(process), plan, null);
            return report(demo, latency, journal, environment);
        }
    }

    private Demo writeAndVerify(final NodeProcess process) throws IOException {
        final Demo demo = new Demo(terminal, clock, process, eventCount, (int) eventLength, SEGMENTS);
        final Millrace.Context context = new Millrace.Context()
                .endpoint(process.endpoint())
                .clientName("millrace-demo")
                .invoker(true)
                .nanoClock(clock);
        try (Millrace millrace = Millrace.connect(context)) {
            terminal.say(String.format(
                    Locale.ROOT,
                    "writing %,d events of %d B, with keys, to %s (%d segments)",
                    eventCount,
                    eventLength,
                    Demo.STREAM,
                    SEGMENTS));
            demo.write(millrace);
            terminal.say(String.format(
                    Locale.ROOT,
                    "%,d events acknowledged, %,.0f events/s while there was a node",
                    demo.acknowledged(),
                    demo.appendRatePerSecond()));
            demo.readBack(millrace);
            final SequenceCheck check = demo.check();
            terminal.say(String.format(
                    Locale.ROOT,
                    "%,d events read back: %d lost, %d duplicated, %d out of order, %d damaged",
                    check.readBack(),
                    check.lost(),
                    check.duplicated(),
                    check.outOfOrder(),
                    check.damaged()));
        }
        return demo;
    }

    private int report(
            final Demo demo, final RunResult latency, final JournalInfo journal, final Environment environment) {
        final SequenceCheck check = demo.check();
        final boolean passed = demo.isClean() && latency.phase().isComplete();
        terminal.say(
                String.format(Locale.ROOT, "%,.0f events/s for %.0f s, acknowledged after: ", RATE, MEASURE_NS / 1e9)
                        + latency.latency());
        terminal.say(HistogramPicture.draw(latency.phase().histogram()).stripTrailing());
        if (latency.isDisturbed()) {
            terminal.say(String.format(
                    Locale.ROOT,
                    "(other processes used %.0f %% of the machine meanwhile: do not quote)",
                    latency.othersShare() * 100));
        }
        terminal.say(passed ? "Nothing was lost, doubled or reordered by the kill." : "FAILED: see the counts above.");
        terminal.say("""
                Try next:
                  ./millrace bench latency --with-limit     against what this machine can do at best
                  ./millrace bench throughput               how many durable events a second it takes
                  ./millrace start                          a node to keep; then, in another terminal:
                  ./millrace stream create plant/sensors --segments 1""");
        terminal.result(new JsonObject()
                .put("events", eventCount)
                .put("acknowledged", demo.acknowledged())
                .put("readBack", check.readBack())
                .put("lost", check.lost())
                .put("duplicated", check.duplicated())
                .put("outOfOrder", check.outOfOrder())
                .put("kills", demo.kills())
                .put("recoveryMillis", demo.recoveryNs() / 1_000_000)
                .put("appendRatePerSecond", demo.appendRatePerSecond())
                .put("ackLatencyMicros", latency.latency().toJson())
                .put("durability", journal.durability())
                .put("journal", journal.toJson())
                .put("replicas", 1)
                .put(
                        "host",
                        new JsonObject()
                                .put("cpus", environment.cpus())
                                .put("kernel", environment.kernel())
                                .put("java", environment.java()))
                .put("runs", 1)
                .put("disturbed", latency.isDisturbed()));
        return passed ? 0 : 1;
    }
}
