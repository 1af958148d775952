package io.millrace.perf.cluster;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import io.millrace.client.SegmentInfo;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.IntToLongFunction;
import java.util.stream.Collectors;
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
    private static final long CUT_MS = 5_000;
    private static final long AWAY_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final String HEAD = "head";
    private static final String MIDDLE = "middle";
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
    private int restarts;
    private int powerLosses;
    private long slowestWholeNs;
    private long stoppedMs = 5_000;

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

    /**
     * Sets how long a stopped process stands still.
     *
     * @param durationMs milliseconds.
     */
    void stopFor(final long durationMs) {
        stoppedMs = durationMs;
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
            case LEADER -> leader();
            case MAJORITY -> majority();
            case ROLLING -> {
                for (int each = 0; each < processes.count(); each++) {
                    restart(each);
                }
            }
            case POWER -> powerLoss();
            case CHANGE -> changes.makeAll(round);
        }
    }

    private void kill(final int node) throws IOException {
        final boolean isLeading = node == millrace.cluster().describe().leaderMember();
        final String fault = isLeading ? "kill-leading" : "kill"; // an election comes first: another bound
        disturb("kill -9 of node" + (node + 1) + (isLeading ? ", which leads" : ""), fault, List.of(node), () -> {
            processes.node(node).kill();
            kills++;
        });
        processes.startAll();
        awaitWhole();
    }

    private void pauseProcess(final int node) throws IOException {
        disturb("SIGSTOP of node" + (node + 1), "stop", List.of(node), () -> {
            processes.signal(node, "STOP");
            pauses++;
        });
        ClusterProcesses.pause(stoppedMs);
        processes.signal(node, "CONT");
        awaitWhole();
    }

    private void cut(final int node) throws IOException {
        disturb("node" + (node + 1) + " is cut off from the others", "partition", List.of(node), () -> {
            network.cut(node);
            partitions++;
        });
        ClusterProcesses.pause(CUT_MS);
        network.heal();
        awaitWhole();
    }

    private void wipe(final int node) throws IOException {
        disturb("node" + (node + 1) + " is killed and its device is empty", "wipe", List.of(node), () -> {
            processes.node(node).kill();
            kills++;
            wipes++;
        });
        processes.wipe(node);
        processes.startAll();
        awaitWhole();
    }

    private void leader() throws IOException {
        for (int moves = 1; moves < processes.count() && !heads(leadingNode()); moves++) {
            makeHeadOfSomething(leadingNode());
        }
        final int leader = leadingNode();
        if (!heads(leader)) {
            terminal.say("node" + (leader + 1)
                    + " leads the control plane and could not be made a head: it and a head are killed, two of three");
            majority();
            return;
        }
        disturb(
                "kill -9 of the control plane's leader and a head, node" + (leader + 1),
                "leader",
                List.of(leader),
                () -> {
                    processes.node(leader).kill();
                    kills++;
                });
        processes.startAll();
        awaitWhole();
    }

    /** A node that leaves comes back as the tail: whoever stands before the leader is sent there. */
    private void makeHeadOfSomething(final int leader) throws IOException {
        final List<SegmentInfo> all = segments();
        final SegmentInfo nearest = all.stream()
                .filter(segment -> roleOf(segment, leader).equals(MIDDLE))
                .findFirst()
                .orElse(all.get(0));
        final int head = processes.at(nearest.head());
        terminal.say("restart of node" + (head + 1) + ", a head: the control plane's leader, node" + (leader + 1)
                + ", heads no chain yet");
        processes.node(head).stop();
        final long fromNs = clock.nanoTime();
        while (segments().stream().anyMatch(segment -> processes.at(segment.head()) == head)
                && clock.nanoTime() - fromNs < AWAY_TIMEOUT_NS) {
            ClusterProcesses.pause();
        }
        processes.startAll();
        awaitWhole();
    }

    private void majority() throws IOException {
        final int leader = leadingNode();
        final int head = segments().stream()
                .mapToInt(segment -> processes.at(segment.head()))
                .filter(node -> node >= 0 && node != leader)
                .findFirst()
                .orElse((leader + 1) % processes.count());
        disturb(
                "kill -9 of the control plane's leader, node" + (leader + 1) + ", and of node" + (head + 1)
                        + ": two of three",
                "majority",
                List.of(leader, head),
                () -> {
                    processes.node(leader).kill();
                    processes.node(head).kill();
                    kills += 2;
                    processes.node(head).start(); // below the minimum nobody writes: it is only away for a while
                });
        processes.startAll();
        awaitWhole();
    }

    /** What a chain's members notice of it is no first acknowledgement, but the longest pause until all is whole. */
    private void restart(final int node) throws IOException {
        ClusterProcesses.pause(CALM_MS);
        load.progress();
        final List<SegmentInfo> before = segments();
        final long acknowledged = load.acknowledged();
        final long fromNs = clock.nanoTime();
        final Outage outage = new Outage(fromNs, before.size());
        load.watch(outage);
        processes.signal(node, "TERM");
        while (processes.node(node).isAlive()) {
            if (clock.nanoTime() - fromNs > AWAY_TIMEOUT_NS) {
                throw new IOException("node" + (node + 1) + " does not end when it is asked to (SIGTERM)");
            }
            ClusterProcesses.pause(5);
        }
        restarts++;
        processes.startAll();
        awaitWhole();
        tell(
                "SIGTERM of node" + (node + 1) + ", which is started again",
                acknowledged,
                "longest pause",
                "rolling",
                List.of(node),
                before,
                outage::longestPauseNs);
    }

    private int leadingNode() throws IOException {
        final int leader = millrace.cluster().describe().leaderMember();
        if (leader < 0) {
            throw new IOException("the control plane has no leader");
        }
        return leader;
    }

    private boolean heads(final int node) {
        return segments().stream().anyMatch(segment -> roleOf(segment, node).equals(HEAD));
    }

    private void powerLoss() throws IOException {
        disturb("kill -9 of all nodes at once", "power", List.of(), () -> {
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

    /**
     * Does something to nodes, and waits until every segment acknowledges again.
     *
     * @param what for people.
     * @param fault for the table.
     * @param nodes it is done to; none: to all.
     * @param step the fault.
     */
    private void disturb(final String what, final String fault, final List<Integer> nodes, final Step step)
            throws IOException {
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
        tell(what, acknowledged, "next acknowledgement after", fault, nodes, before, outage::durationNs);
    }

    private void tell(
            final String what,
            final long acknowledged,
            final String measured,
            final String fault,
            final List<Integer> nodes,
            final List<SegmentInfo> before,
            final IntToLongFunction durationNs) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < before.size(); i++) {
            final SegmentInfo segment = before.get(i);
            final String role = nodes.isEmpty()
                    ? "all"
                    : nodes.stream().map(node -> roleOf(segment, node)).sorted().collect(Collectors.joining("+"));
            times.add(fault, role, durationNs.applyAsLong(i));
            text.append(String.format(
                    Locale.ROOT, "%s%s %d ms", i == 0 ? "" : ", ", role, durationNs.applyAsLong(i) / 1_000_000));
        }
        terminal.say(
                String.format(Locale.ROOT, "%s (%,d events acknowledged): %s: %s", what, acknowledged, measured, text));
    }

    private String roleOf(final SegmentInfo segment, final int node) {
        final String endpoint = processes.node(node).lastEndpoint();
        if (segment.head().equals(endpoint)) {
            return HEAD;
        }
        return segment.tail().equals(endpoint) ? TAIL : MIDDLE;
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

    /**
     * Epochs that all chains have begun, ever: each fault that takes a node away costs its chains one, and one its
     * return.
     */
    long epochs() {
        return millrace.cluster().describe().chains().stream()
                .mapToLong(ClusterInfo.Chain::chainEpoch)
                .sum();
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

    /** Nodes ended with SIGTERM and started again. */
    int restarts() {
        return restarts;
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
