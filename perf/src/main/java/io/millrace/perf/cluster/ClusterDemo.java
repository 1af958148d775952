package io.millrace.perf.cluster;

import io.millrace.client.Millrace;
import io.millrace.client.SegmentInfo;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;

/**
 * The faults, one after the other, beside the load: each begins when the cluster is whole, and is over when it is
 * again.
 *
 * <p><b>Threading</b>: the rig's thread.
 */
final class ClusterDemo {
    private static final long OVER_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long WHOLE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(120);
    private static final long CALM_MS = 2_000;
    private static final long STOPPED_MS = 5_000;
    private static final long CUT_MS = 5_000;
    private static final String HEAD = "head";
    private static final String TAIL = "tail";

    private final Terminal terminal;
    private final NanoClock clock;
    private final ClusterNetwork network;
    private final ClusterProcesses processes;
    private final ClusterLoad load;
    private final Millrace millrace;
    private final String stream;
    private final PlannedChanges changes;
    private final FailoverTimes times = new FailoverTimes();
    private int kills;
    private int pauses;
    private int partitions;
    private int wipes;
    private int powerLosses;
    private long slowestWholeNs;

    /**
     * Prepares it.
     *
     * @param terminal is told what happens.
     * @param clock of the load.
     * @param network of the nodes.
     * @param processes the nodes, whole.
     * @param load runs on its own thread.
     * @param millrace to ask where the segments are, and whether the cluster is whole.
     * @param stream scope/stream of the load.
     */
    ClusterDemo(
            final Terminal terminal,
            final NanoClock clock,
            final ClusterNetwork network,
            final ClusterProcesses processes,
            final ClusterLoad load,
            final Millrace millrace,
            final String stream) {
        this.terminal = terminal;
        this.clock = clock;
        this.network = network;
        this.processes = processes;
        this.load = load;
        this.millrace = millrace;
        this.stream = stream;
        changes = new PlannedChanges(
                terminal, clock, processes, load, millrace.cluster(), segments().size());
    }

    /** Something to do to a cluster. */
    private interface Step {
        void run() throws IOException;
    }

    /**
     * Lets a fault happen.
     *
     * @param fault which one.
     * @param round from 0; decides the node.
     * @throws IOException when the cluster does not go on, or the load has failed.
     */
    void let(final ClusterFault fault, final int round) throws IOException {
        final int node = round % processes.count();
        switch (fault) {
            case KILL -> {
                for (int each = 0; each < processes.count(); each++) {
                    kill(each);
                }
            }
            case STOP -> pauseProcess(node);
            case PARTITION -> {
                if (network.canCut()) {
                    cut(node);
                }
            }
            case WIPE -> wipe(node);
            case LEADER -> leaderAndHead();
            case POWER -> powerLoss();
            case CHANGE -> changes.makeAll(round);
        }
    }

    private void kill(final int node) throws IOException {
        disturb("kill -9 of node" + (node + 1), "kill", node, () -> {
            processes.node(node).kill();
            kills++;
        });
        processes.startAll();
        awaitWhole();
    }

    private void pauseProcess(final int node) throws IOException {
        disturb("SIGSTOP of node" + (node + 1), "stop", node, () -> {
            processes.signal(node, "STOP");
            pauses++;
        });
        ClusterProcesses.pause(STOPPED_MS);
        processes.signal(node, "CONT");
        awaitWhole();
    }

    private void cut(final int node) throws IOException {
        disturb("node" + (node + 1) + " is cut off from the others", "partition", node, () -> {
            network.cut(node);
            partitions++;
        });
        ClusterProcesses.pause(CUT_MS);
        network.heal();
        awaitWhole();
    }

    private void wipe(final int node) throws IOException {
        disturb("node" + (node + 1) + " is killed and its device is empty", "wipe", node, () -> {
            processes.node(node).kill();
            kills++;
            wipes++;
        });
        processes.wipe(node);
        processes.startAll();
        awaitWhole();
    }

    private void leaderAndHead() throws IOException {
        final int leader = millrace.cluster().describe().leaderMember();
        if (leader < 0) {
            throw new IOException("the control plane has no leader");
        }
        final int head = processes.at(segments().get(0).head());
        disturb(
                "kill -9 of the control plane's leader, node" + (leader + 1) + ", and of a head, node" + (head + 1),
                "leader",
                leader,
                () -> {
                    processes.node(leader).kill();
                    kills++;
                    if (head >= 0 && head != leader) {
                        processes.node(head).kill();
                        kills++;
                        processes.node(head).start(); // below the minimum nobody writes: it is only away for a while
                    }
                });
        processes.startAll();
        awaitWhole();
    }

    private void powerLoss() throws IOException {
        disturb("kill -9 of all nodes at once", "power", -1, () -> {
            for (int node = 0; node < processes.count(); node++) {
                processes.node(node).kill();
            }
            kills += processes.count();
            powerLosses++;
            processes.startAll();
        });
        awaitWhole();
    }

    private List<SegmentInfo> segments() {
        return millrace.streams().describe(stream).segments();
    }

    /** Does something to a node, and waits until every segment acknowledges again. */
    private void disturb(final String what, final String fault, final int node, final Step step) throws IOException {
        ClusterProcesses.pause(CALM_MS);
        load.progress();
        final List<SegmentInfo> before = segments();
        final long acknowledged = load.acknowledged();
        final long faultNs = clock.nanoTime();
        step.run();
        final Outage outage = new Outage(faultNs, before.size());
        load.watch(outage);
        while (!outage.isOver()) {
            load.progress();
            if (clock.nanoTime() - faultNs > OVER_TIMEOUT_NS) {
                throw new IOException(what + ": not every segment acknowledges again after 60 s; " + load.refusal());
            }
            ClusterProcesses.pause(5);
        }
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < before.size(); i++) {
            final String role = node < 0 ? "all" : roleOf(before.get(i), node);
            times.add(fault, role, outage.durationNs(i));
            text.append(String.format(
                    Locale.ROOT, "%s%s after %d ms", i == 0 ? "" : ", ", role, outage.durationNs(i) / 1_000_000));
        }
        terminal.say(String.format(
                Locale.ROOT, "%s (%,d events acknowledged): the next acknowledgement as %s", what, acknowledged, text));
    }

    private String roleOf(final SegmentInfo segment, final int node) {
        final String endpoint = processes.node(node).lastEndpoint();
        if (segment.head().equals(endpoint)) {
            return HEAD;
        }
        return segment.tail().equals(endpoint) ? TAIL : "middle";
    }

    private void awaitWhole() throws IOException {
        final long tookNs = processes.awaitWhole(millrace.cluster(), WHOLE_TIMEOUT_NS);
        slowestWholeNs = Math.max(slowestWholeNs, tookNs);
        load.progress();
    }

    /** What was changed without a fault. */
    PlannedChanges changes() {
        return changes;
    }

    /** Times from fault to acknowledgement. */
    FailoverTimes times() {
        return times;
    }

    /** Processes killed. */
    int kills() {
        return kills;
    }

    /** Processes stopped for a while. */
    int pauses() {
        return pauses;
    }

    /** Nodes cut off. */
    int partitions() {
        return partitions;
    }

    /** Devices emptied. */
    int wipes() {
        return wipes;
    }

    /** Times when all nodes were killed at once. */
    int powerLosses() {
        return powerLosses;
    }

    /** The longest wait from the return of what was away until all chains had all their replicas, in nanoseconds. */
    long slowestWholeNs() {
        return slowestWholeNs;
    }
}
