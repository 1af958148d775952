package io.millrace.perf.cluster;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.perf.load.AckShares;
import io.millrace.perf.load.ClientTarget;
import io.millrace.perf.node.JournalInfo;
import io.millrace.perf.node.OwnSystem;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * Three nodes of Millrace on this machine, loopback between them: every event is durable on all three before it is
 * acknowledged. All three journals lie on the one device of the directory, so it does three times the work.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public final class MillraceClusterSystem implements OwnSystem {
    /** Its name in rows: three nodes. */
    public static final String NAME = "millrace-3";

    private static final String STREAM = "bench/stream-0";
    private static final int NODES = 3;
    private static final int MINIMUM_MEBIBYTES = 256;

    private @Nullable ClusterNetwork network;
    private @Nullable ClusterProcesses processes;
    private @Nullable Millrace client;
    private @Nullable EventWriter writer;
    private @Nullable ClientTarget target;

    /** For {@link java.util.ServiceLoader}. */
    public MillraceClusterSystem() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean claimsDurable() {
        return true;
    }

    @Override
    public Set<Ability> abilities() {
        return EnumSet.of(Ability.APPEND);
    }

    @Override
    public void start(final SystemContext context) throws IOException {
        final SystemContext.Load load = context.load();
        final double batches = load.ratePerSecond() == 0
                ? load.eventCount()
                : load.eventCount() / load.ratePerSecond() * Math.min(load.ratePerSecond(), 20_000);
        final long mebibytes =
                MINIMUM_MEBIBYTES + ((long) (load.eventCount() * (load.eventLength() + 64.0) + batches * 4096) >> 20);
        final ClusterNetwork opened = context.add(ClusterNetwork.onLoopback(NODES));
        network = opened;
        final ClusterProcesses started = new ClusterProcesses(
                opened, NODES, 0, context.directory(), mebibytes, context.cleanup(), context.clock());
        processes = started;
        started.startAll();
        started.operate(
                "cluster", "init", "--chains", "1", "--replication-factor", Integer.toString(NODES), "--minimum", "2");
        started.awaitWhole(TimeUnit.SECONDS.toNanos(60));
        final Millrace connected = context.add(Millrace.connect(new Millrace.Context()
                .endpoint(started.endpoints())
                .clientName("millrace-bench")
                .invoker(true)
                .nanoClock(context.clock())));
        client = connected;
        connected.streams().createStream(STREAM, StreamConfiguration.fixed(1));
        final EventWriter writing = connected.openWriter(STREAM);
        writer = writing;
        target = new ClientTarget(writing, load.eventLength());
    }

    @Override
    public Target openTarget() {
        return started(target);
    }

    @Override
    public Map<String, String> describe() {
        final Map<String, String> described = new LinkedHashMap<>();
        final JournalInfo journal = JournalInfo.of(started(processes).node(0).ready());
        described.put("version", "this tree");
        described.put("replicas", Integer.toString(NODES));
        described.put("durability", journal.durability());
        described.put("durabilityMode", journal.durabilityMode());
        described.put("device", journal.device() + ", the same one for all three");
        described.put("client", "on the rig's thread");
        return described;
    }

    @Override
    public Set<Long> processIds() {
        final Set<Long> pids = new HashSet<>();
        final ClusterProcesses nodes = processes;
        for (int node = 0; nodes != null && node < nodes.count(); node++) {
            if (nodes.node(node).isAlive()) {
                pids.add(nodes.node(node).pid());
            }
        }
        return pids;
    }

    @Override
    public void resetShares() {
        started(target).resetTimes();
    }

    @Override
    public AckShares shares() {
        final AckShares all = AckShares.empty();
        all.add(started(target).shares());
        return all;
    }

    @Override
    public @Nullable String death() {
        final ClusterProcesses nodes = processes;
        for (int node = 0; nodes != null && node < nodes.count(); node++) {
            if (!nodes.node(node).isAlive()) {
                return nodes.node(node).errors();
            }
        }
        return null;
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(writer, client);
        final ClusterProcesses nodes = processes;
        for (int node = 0; nodes != null && node < nodes.count(); node++) {
            nodes.node(node).close();
        }
        CloseHelper.quietClose(network);
    }

    private static <T> T started(final @Nullable T part) {
        if (part == null) {
            throw new IllegalStateException(NAME + " is not started");
        }
        return part;
    }
}
