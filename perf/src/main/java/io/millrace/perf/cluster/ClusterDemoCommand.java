package io.millrace.perf.cluster;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.perf.history.KeyedEvents;
import io.millrace.perf.history.SequenceCheck;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.node.JournalInfo;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code cluster demo}: three nodes on this machine under load, faults of every kind, and the proof that nothing
 * acknowledged was lost, doubled or reordered.
 *
 * <p><b>Threading</b>: the rig's thread. <b>Invariants</b>: processes, directories and namespaces are gone when it
 * ends, whatever happens.
 */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        description = "Three nodes here under load: kill, stop, cut off, wipe; then prove that nothing was lost.")
public final class ClusterDemoCommand implements Callable<Integer> {
    private static final String STREAM = "demo/cluster";
    private static final int NODES = 3;
    private static final long LOAD_END_MS = 180_000;

    private final Terminal terminal;
    private final NanoClock clock;

    @Option(
            names = "--faults",
            split = ",",
            paramLabel = "FAULT",
            defaultValue = "KILL,STOP,PARTITION,WIPE,LEADER,MAJORITY,ROLLING,POWER",
            description =
                    "In this order, each round: kill, stop, partition, wipe, leader (which is a head, too), majority (the"
                            + " leader and another head at once), rolling (SIGTERM and start, one by one), power (default"
                            + " all of these); change: nodes are added, drained, removed and replaced, which takes two"
                            + " minutes.")
    private List<ClusterFault> faults = List.of();

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "1",
            description = "How often (default ${DEFAULT-VALUE}); a soak takes many.")
    private int rounds;

    @Option(
            names = "--stop-for",
            paramLabel = "TIME",
            defaultValue = "5s",
            converter = Quantity.Duration.class,
            description = "How long a stopped process stands still (default ${DEFAULT-VALUE}).")
    private long stopForNs;

    @Option(
            names = "--rate",
            paramLabel = "EVENTS/S",
            defaultValue = "2000",
            converter = Quantity.Rate.class,
            description = "Of the load (default ${DEFAULT-VALUE}).")
    private long rate;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            defaultValue = "100",
            converter = Quantity.Size.class,
            description = "Of an event (default ${DEFAULT-VALUE}).")
    private long eventLength;

    @Option(
            names = "--journal-size",
            paramLabel = "BYTES",
            defaultValue = "1GiB",
            converter = Quantity.Size.class,
            description = "Of each node (default ${DEFAULT-VALUE}).")
    private long journalLength;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the nodes' data goes; decides the device (default: a temporary directory).")
    private @Nullable Path directory;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private String output = "text";

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    public ClusterDemoCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        if (rounds < 1 || rate < 1 || eventLength < KeyedEvents.SHORTEST || !output.matches("text|json")) {
            terminal.warn("--rounds and --rate are at least 1, --size at least " + KeyedEvents.SHORTEST
                    + ", --output text or json");
            return 2;
        }
        terminal.json(output.equals("json"));
        try (Cleanup cleanup = new Cleanup()) {
            Header.say(terminal, Environment.read(Environment.root()));
            final int spares = faults.contains(ClusterFault.CHANGE) ? 1 : 0;
            final ClusterNetwork network = cleanup.add(ClusterNetwork.open(NODES + spares, terminal::say));
            final TemporaryDirectory home = cleanup.add(TemporaryDirectory.create(directory));
            final ClusterProcesses processes =
                    new ClusterProcesses(network, NODES, spares, home.path(), journalLength >> 20, cleanup, clock);
            terminal.progress("starting " + NODES + " nodes …");
            processes.startAll();
            processes.operate(
                    "cluster",
                    "init",
                    "--chains",
                    Integer.toString(NODES),
                    "--replication-factor",
                    Integer.toString(NODES),
                    "--minimum",
                    "2");
            final long wholeNs = processes.awaitWhole(TimeUnit.SECONDS.toNanos(60));
            for (int node = 0; node < NODES; node++) {
                terminal.say(String.format(
                        Locale.ROOT,
                        "node%d: process %d at %s, ready after %.0f ms",
                        node + 1,
                        processes.node(node).pid(),
                        processes.node(node).endpoint(),
                        processes.node(node).readyAfterNs() / 1e6));
            }
            terminal.say(String.format(
                    Locale.ROOT, "%d chains of %d replicas, whole after %.0f ms", NODES, NODES, wholeNs / 1e6));
            return disturb(network, processes, JournalInfo.of(processes.node(0).ready()));
        }
    }

    private int disturb(final ClusterNetwork network, final ClusterProcesses processes, final JournalInfo journal)
            throws IOException {
        try (Millrace millrace = Millrace.connect(new Millrace.Context()
                .endpoint(processes.endpoints())
                .clientName("cluster-demo")
                .nanoClock(clock))) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(NODES));
            final StreamInfo info = millrace.streams().describe(STREAM);
            final ClusterLoad load = new ClusterLoad(
                    clock,
                    new Millrace.Context()
                            .endpoint(processes.endpoints())
                            .clientName("cluster-load")
                            .invoker(true)
                            .nanoClock(clock),
                    STREAM,
                    info.segments(),
                    rate,
                    (int) eventLength);
            final Thread thread = new Thread(load, "load");
            thread.setDaemon(true);
            thread.start();
            terminal.say(String.format(
                    Locale.ROOT, "writing %,d events/s of %d B to %s, %d segments", rate, eventLength, STREAM, NODES));
            final ClusterDemo demo = new ClusterDemo(terminal, clock, network, processes, load, millrace, STREAM);
            demo.stopFor(TimeUnit.NANOSECONDS.toMillis(stopForNs));
            final long epochsBefore = demo.epochs();
            for (int round = 0; round < rounds; round++) {
                for (final ClusterFault fault : faults) {
                    demo.let(fault, round);
                }
            }
            final long epochs = demo.epochs() - epochsBefore;
            load.stop();
            terminal.progress("reading everything back …");
            join(thread);
            load.progress();
            return report(demo, load, journal, epochs);
        }
    }

    private static void join(final Thread thread) throws IOException {
        try {
            thread.join(LOAD_END_MS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            throw new IOException("what was written could not be read back within " + LOAD_END_MS / 1_000 + " s");
        }
    }

    private int report(final ClusterDemo demo, final ClusterLoad load, final JournalInfo journal, final long epochs) {
        final SequenceCheck history = load.history();
        final boolean isClean =
                history.isClean() && load.failed() == 0 && load.tail().isClean();
        final PlannedChanges changes = demo.changes();
        if (demo.times().count() > 0) {
            terminal.say(demo.times().draw());
            terminal.say(epochs + " new epochs of the chains");
        }
        if (changes.count() > 0) {
            terminal.say(changes.times().draw());
        }
        final Percentiles latency = Percentiles.of(load.latency());
        terminal.say("all events, the faults' included, acknowledged after: " + latency);
        terminal.say(String.format(
                Locale.ROOT,
                "%,d events acknowledged, %,d read back: %d lost, %d duplicated, %d out of order, %d damaged; at the tail"
                        + " %d lost, %d repeated",
                load.acknowledged(),
                history.readBack(),
                history.lost(),
                history.duplicated(),
                history.outOfOrder(),
                history.damaged(),
                load.tail().lost(),
                load.tail().repeated()));
        terminal.say(
                isClean ? "Nothing acknowledged was lost, doubled or reordered." : "FAILED: see the counts above.");
        terminal.result(new JsonObject()
                .put("kills", demo.kills())
                .put("stops", demo.pauses())
                .put("partitions", demo.partitions())
                .put("wipes", demo.wipes())
                .put("restarts", demo.restarts())
                .put("powerLosses", demo.powerLosses())
                .put("acknowledged", load.acknowledged())
                .put("readBack", history.readBack())
                .put("lost", history.lost())
                .put("duplicated", history.duplicated())
                .put("outOfOrder", history.outOfOrder())
                .put("failoverMillis", demo.times().toJson())
                .put("failoverMillisByFaultAndRole", demo.times().byKindJson())
                .put("epochs", epochs)
                .put("slowestWholeMillis", demo.slowestWholeNs() / 1_000_000)
                .put("plannedChanges", changes.count())
                .put("stallMillis", changes.times().toJson())
                .put("stallMillisByChange", changes.times().byChangeJson())
                .put("calmStallMillis", changes.times().calmJson())
                .put("slowestChangeMillis", changes.longestNs() / 1_000_000)
                .put("epochsOfRemovals", changes.epochsOfRemovals())
                .put("ackLatencyMicros", latency.toJson())
                .put("replicas", NODES)
                .put("durability", journal.durability())
                .put("rate", rate));
        return isClean ? 0 : 1;
    }
}
