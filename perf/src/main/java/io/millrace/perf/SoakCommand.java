package io.millrace.perf;

import io.millrace.client.Millrace;
import io.millrace.codec.CountersFile;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.node.BenchNode;
import io.millrace.perf.node.JournalInfo;
import io.millrace.perf.node.NodeProcess;
import io.millrace.perf.node.NodeSupervisor;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench soak}: a node on a small journal, written, read, truncated and killed for an hour or for months.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> the node and its directory are gone when it ends.
 */
@Command(
        name = "soak",
        mixinStandardHelpOptions = true,
        description = "Write, read, truncate and kill -9 for hours: nothing lost, nothing grows.")
final class SoakCommand implements Callable<Integer> {
    private static final long SEED = 0x536f_616bL;

    private final Terminal terminal;
    private final NanoClock clock;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "1h",
            converter = Quantity.Duration.class,
            description = "How long (default ${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(
            names = "--kill-every",
            paramLabel = "TIME",
            defaultValue = "1m",
            converter = Quantity.Duration.class,
            description = "From one kill -9 to the next on average, 0: none (default ${DEFAULT-VALUE}).")
    private long killEveryNs;

    @Option(
            names = "--rate",
            paramLabel = "EVENTS/S",
            defaultValue = "10000",
            converter = Quantity.Rate.class,
            description = "Events offered a second (default ${DEFAULT-VALUE}).")
    private long rate;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            defaultValue = "128",
            converter = Quantity.Size.class,
            description = "Bytes of an event (default ${DEFAULT-VALUE}).")
    private long eventLength;

    @Option(
            names = "--journal",
            paramLabel = "BYTES",
            defaultValue = "1GiB",
            converter = Quantity.Size.class,
            description = "Size of the journal, used again and again (default ${DEFAULT-VALUE}).")
    private long journalBytes;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of the keys and of the moments of the kills (default: fixed).")
    private long seed = SEED;

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
     * @param clock of all times.
     */
    SoakCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(output == BenchOptions.OutputForm.json);
        try (Cleanup cleanup = new Cleanup()) {
            final Environment environment = Environment.read(Environment.root());
            Header.say(terminal, environment);
            final BenchNode prepared = BenchNode.start(directory, journalBytes, cleanup, clock);
            final NodeProcess process = prepared.process();
            terminal.say("node: " + prepared.journal());
            terminal.say(String.format(
                    Locale.ROOT,
                    "%.0f s at %,d events/s of %d B in a journal of %d MiB, a kill -9 every %.0f s or so, seed %d",
                    durationNs / 1e9,
                    rate,
                    eventLength,
                    journalBytes >> 20,
                    killEveryNs / 1e9,
                    seed));
            final NodeSupervisor supervisor =
                    cleanup.add(new NodeSupervisor(terminal, clock, process, killEveryNs, seed));
            final Soak soak = new Soak(terminal, clock, supervisor, rate, (int) eventLength, seed);
            final Millrace.Context context = new Millrace.Context()
                    .endpoint(process.endpoint())
                    .clientName("millrace-soak")
                    .invoker(true)
                    .nanoClock(clock)
                    .writerBufferLength(16 << 20)
                    .writerMaxPendingEvents(Soak.pendingLimit());
            try (Millrace millrace = Millrace.connect(context)) {
                soak.run(millrace, durationNs);
            }
            return report(soak, supervisor, process, prepared.journal(), environment);
        }
    }

    private int report(
            final Soak soak,
            final NodeSupervisor supervisor,
            final NodeProcess process,
            final JournalInfo journal,
            final Environment environment)
            throws IOException {
        final boolean isFlat = supervisor.use().isFlat() && soak.use().isFlat();
        final boolean passed = soak.isClean() && isFlat && (killEveryNs == 0 || supervisor.kills() > 0);
        final Percentiles latency = Percentiles.of(soak.latency());
        final double slowestRecoveryMs = supervisor.recoveries().getMaxValue() / 1e6;
        final double medianRecoveryMs = supervisor.recoveries().getValueAtPercentile(50) / 1e6;
        terminal.say(String.format(
                Locale.ROOT,
                "%,d events acknowledged, %,d read (tail, and %d times from the head): %d lost, %d repeated, %d damaged",
                soak.acknowledged(),
                soak.readBack(),
                soak.verifications(),
                soak.lost(),
                soak.repeated(),
                soak.damaged()));
        terminal.say(String.format(
                Locale.ROOT,
                "%d kills, ready again after %.0f ms (median), %.0f ms (slowest); %d truncations",
                supervisor.kills(),
                medianRecoveryMs,
                slowestRecoveryMs,
                soak.truncations()));
        terminal.say("node before each kill: " + supervisor.use());
        terminal.say("client: " + soak.use());
        terminal.say("acknowledged after (from the scheduled time, kills included): " + latency);
        terminal.say(passed ? "Nothing was lost, and nothing grew." : "FAILED: see above.");
        try (CountersFile counters = CountersFile.open(process.dataDirectory())) {
            terminal.result(new JsonObject()
                    .put("seconds", durationNs / 1e9)
                    .put("ratePerSecond", rate)
                    .put("acknowledged", soak.acknowledged())
                    .put("readBack", soak.readBack())
                    .put("lost", soak.lost())
                    .put("duplicatedOrOutOfOrder", soak.repeated())
                    .put("damaged", soak.damaged())
                    .put("kills", supervisor.kills())
                    .put("verifications", soak.verifications())
                    .put("truncations", soak.truncations())
                    .put(
                            "recoveryMillis",
                            new JsonObject().put("p50", medianRecoveryMs).put("max", slowestRecoveryMs))
                    .put(
                            "lastLife",
                            new JsonObject()
                                    .put("checkpoints", counters.value("journal.checkpoints"))
                                    .put("freedZones", counters.value("journal.freed.zones")))
                    .put("node", supervisor.use().toJson())
                    .put("client", soak.use().toJson())
                    .put("flat", isFlat)
                    .put("ackLatencyMicros", latency.toJson())
                    .put("durability", journal.durability())
                    .put("journal", journal.toJson())
                    .put("seed", seed)
                    .put("environment", environment.toJson()));
        }
        return passed ? 0 : 1;
    }
}
