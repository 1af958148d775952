package io.millrace.perf.cluster;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.perf.node.NodeProcess;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * What an operator does to a cluster that is well, beside the load: nodes are added, drained, removed and replaced by
 * the orders behind {@code cluster add|drain|remove|replace}, one of each after the other, until the nodes that were
 * there stand again. Over each the write stall of every segment is taken, from the order until all replicas are where
 * they should be.
 *
 * <p><b>Threading</b>: the rig's thread.
 *
 * <p><b>Invariants</b>: a change begins when the cluster is whole, and a process that it needs is ready by then: to
 * start a JVM and to format a device beside the others, on one machine, is no part of it. Before the first change the
 * load runs for a while, as in every other measurement here; a node that comes does so seconds after it was started. A
 * device is replaced in two changes, for its node ends and starts between them.
 */
final class PlannedChanges {
    private static final long WARM_UP_MS = 20_000;
    private static final long CALM_MS = 2_000;
    private static final long POLL_MS = 200;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(120);

    private final Terminal terminal;
    private final NanoClock clock;
    private final ClusterProcesses processes;
    private final ClusterLoad load;
    private final ClusterManager cluster;
    private final int segmentCount;
    private final StallTimes times = new StallTimes();
    private int count;
    private int epochsOfRemovals;
    private long longestNs;

    /**
     * Prepares it.
     *
     * @param terminal is told what happens.
     * @param clock of the load.
     * @param processes the nodes, whole, and a spare one.
     * @param load runs on its own thread.
     * @param cluster to order.
     * @param segmentCount of the load's stream.
     */
    PlannedChanges(
            final Terminal terminal,
            final NanoClock clock,
            final ClusterProcesses processes,
            final ClusterLoad load,
            final ClusterManager cluster,
            final int segmentCount) {
        this.terminal = terminal;
        this.clock = clock;
        this.processes = processes;
        this.load = load;
        this.cluster = cluster;
        this.segmentCount = segmentCount;
    }

    /** What is ordered, carried out when the cluster is as it should be. */
    private interface Order {
        Predicate<ClusterInfo> give() throws IOException;
    }

    /**
     * Makes eleven changes: the spare node comes, two nodes go and come back empty, one gets another device, the spare
     * node goes.
     *
     * @param round from 0; decides which nodes.
     * @throws IOException when one is not carried out, or the load has failed.
     */
    void makeAll(final int round) throws IOException {
        final int spare = processes.count();
        final int first = round % processes.count();
        final int second = (round + 1) % processes.count();
        if (round == 0) {
            warmUp();
        }
        start(spare);
        add(spare);
        renew(first);
        renew(second);
        replaceDevice((round + 2) % processes.count());
        takeAway(spare);
    }

    /** Lets the load run until what it runs through is compiled. */
    private void warmUp() throws IOException {
        terminal.say("the load runs for " + WARM_UP_MS / 1_000 + " s before the first change");
        final long beganNs = clock.nanoTime();
        while (clock.nanoTime() - beganNs < TimeUnit.MILLISECONDS.toNanos(WARM_UP_MS)) {
            load.progress();
            ClusterProcesses.pause(POLL_MS);
        }
    }

    private void renew(final int node) throws IOException {
        takeAway(node);
        start(node);
        add(node);
    }

    private void add(final int node) throws IOException {
        final UUID id = idOf(node);
        change("add", node, () -> {
            cluster.addNode(id);
            return info -> isSettled(info) && replicaCount(info, id) > 0;
        });
    }

    /** Drains it, removes it once nothing is left of its replicas, and gives its device up. */
    private void takeAway(final int node) throws IOException {
        final UUID id = idOf(node);
        change("drain", node, () -> {
            cluster.drainNode(id);
            return info -> isSettled(info) && replicaCount(info, id) == 0;
        });
        final long epochsBefore = epochs(await(info -> true));
        change("remove", node, () -> {
            await(info -> isRemoved(id));
            return info -> isSettled(info)
                    && info.nodes().stream().noneMatch(known -> known.nodeId().equals(id));
        });
        epochsOfRemovals += (int) (epochs(await(info -> true)) - epochsBefore);
        awaitEnd(node);
        processes.wipe(node);
    }

    private void replaceDevice(final int node) throws IOException {
        final UUID id = idOf(node);
        change("replace: away", node, () -> {
            processes.node(node).stop();
            return info -> info.chains().stream().allMatch(chain -> goesOnWithout(chain, id));
        });
        processes.wipe(node);
        start(node);
        measure("replace: back", node, () -> {
            final ClusterInfo there = await(info -> true);
            final UUID old = device(there, id, false);
            final UUID replacement = device(there, id, true);
            if (old != null && replacement != null) {
                cluster.replaceDevice(id, old, replacement);
            }
            return info -> isSettled(info) && replicaCount(info, id) > 0;
        });
    }

    /** Takes the stalls of a while in which nothing happens, then those over a change. */
    private void change(final String what, final int node, final Order order) throws IOException {
        await(PlannedChanges::isSettled);
        final WriteStall calm = watch();
        ClusterProcesses.pause(CALM_MS);
        end(calm);
        for (int segment = 0; segment < segmentCount; segment++) {
            times.addCalm(calm.longestNs(segment));
        }
        measure(what, node, order);
    }

    private void measure(final String what, final int node, final Order order) throws IOException {
        final WriteStall stall = watch();
        final long beganNs = clock.nanoTime();
        await(order.give());
        final long tookNs = clock.nanoTime() - beganNs;
        end(stall);
        count++;
        longestNs = Math.max(longestNs, tookNs);
        final StringBuilder text = new StringBuilder();
        for (int segment = 0; segment < segmentCount; segment++) {
            times.add(what, stall.longestNs(segment));
            text.append(segment == 0 ? "" : ", ")
                    .append(String.format(Locale.ROOT, "%.0f", stall.longestNs(segment) / 1e6));
        }
        terminal.say(String.format(
                Locale.ROOT,
                "%s node%d: whole after %,d ms; no event waited longer than %s ms, by segment",
                what,
                node + 1,
                tookNs / 1_000_000,
                text));
    }

    private WriteStall watch() {
        final WriteStall stall = new WriteStall(clock.nanoTime(), segmentCount);
        load.watch(stall);
        return stall;
    }

    private void end(final WriteStall stall) throws IOException {
        final long endedNs = clock.nanoTime();
        stall.end(endedNs);
        while (!stall.isOver()) {
            load.progress();
            if (clock.nanoTime() - endedNs > TIMEOUT_NS) {
                throw new IOException("not every segment acknowledges any more; " + load.refusal());
            }
            ClusterProcesses.pause(5);
        }
    }

    private void start(final int node) throws IOException {
        final NodeProcess process = processes.node(node);
        process.start();
        final long startedNs = clock.nanoTime();
        while (!process.isReady()) {
            load.progress();
            if (clock.nanoTime() - startedNs > TIMEOUT_NS) {
                throw new IOException("node" + (node + 1) + " is not ready: " + process.errors());
            }
            ClusterProcesses.pause(POLL_MS);
        }
        await(info -> find(info, node) != null);
    }

    /** A node that is removed is told so, and ends by itself. */
    private void awaitEnd(final int node) throws IOException {
        final NodeProcess process = processes.node(node);
        final long beganNs = clock.nanoTime();
        while (process.isAlive()) {
            if (clock.nanoTime() - beganNs > TIMEOUT_NS) {
                throw new IOException("node" + (node + 1) + " was removed and does not end: " + process.errors());
            }
            ClusterProcesses.pause(POLL_MS);
        }
    }

    private ClusterInfo await(final Predicate<ClusterInfo> wanted) throws IOException {
        final long beganNs = clock.nanoTime();
        String last = "no answer";
        while (clock.nanoTime() - beganNs < TIMEOUT_NS) {
            load.progress();
            try {
                final ClusterInfo info = cluster.describe();
                if (wanted.test(info)) {
                    return info;
                }
                last = info.toString();
            } catch (final MillraceException e) {
                last = String.valueOf(e.getMessage()); // the control plane may change its leader meanwhile
            }
            ClusterProcesses.pause(POLL_MS);
        }
        throw new IOException("a planned change is not carried out after 120 s: " + last);
    }

    /** Refused while a device still gives free what it had. */
    private boolean isRemoved(final UUID node) {
        try {
            cluster.removeNode(node);
            return true;
        } catch (final MillraceException e) {
            if (e.code() != ErrorCode.NODE_IN_USE) {
                throw e;
            }
            return false;
        }
    }

    private UUID idOf(final int node) throws IOException {
        await(info -> find(info, node) != null);
        final ClusterInfo.Node found = find(await(info -> true), node);
        if (found == null) {
            throw new IOException("node" + (node + 1) + " is not registered");
        }
        return found.nodeId();
    }

    private ClusterInfo.@Nullable Node find(final ClusterInfo info, final int node) {
        final String endpoint = processes.node(node).lastEndpoint();
        for (final ClusterInfo.Node known : info.nodes()) {
            if (known.endpoint().equals(endpoint) && known.isAlive()) {
                return known;
            }
        }
        return null;
    }

    private static @Nullable UUID device(final ClusterInfo info, final UUID node, final boolean isPresent) {
        for (final ClusterInfo.Node known : info.nodes()) {
            for (final ClusterInfo.Device device : known.devices()) {
                if (known.nodeId().equals(node) && device.isPresent() == isPresent) {
                    return device.device();
                }
            }
        }
        return null;
    }

    /** Whether every chain has its replicas where they should be, and nothing is on its way. */
    private static boolean isSettled(final ClusterInfo info) {
        for (final ClusterInfo.Chain chain : info.chains()) {
            if (chain.isUnderReplicated() || chain.phase() != ClusterInfo.Phase.NORMAL) {
                return false;
            }
            int members = 0;
            for (final ClusterInfo.Replica replica : chain.replicas()) {
                final boolean isMember = replica.role() == ClusterInfo.Role.MEMBER;
                members += isMember ? 1 : 0;
                if (replica.role() == ClusterInfo.Role.LEARNER || isMember != replica.isTarget()) {
                    return false;
                }
            }
            if (members != info.replicationFactor()) {
                return false;
            }
        }
        return !info.chains().isEmpty();
    }

    private static boolean goesOnWithout(final ClusterInfo.Chain chain, final UUID node) {
        return chain.phase() == ClusterInfo.Phase.NORMAL
                && chain.replicas().stream()
                        .noneMatch(replica -> replica.role() == ClusterInfo.Role.MEMBER
                                && replica.replica().nodeId().equals(node));
    }

    private static int replicaCount(final ClusterInfo info, final UUID node) {
        int count = 0;
        for (final ClusterInfo.Chain chain : info.chains()) {
            for (final ClusterInfo.Replica replica : chain.replicas()) {
                final boolean isLive =
                        replica.role() == ClusterInfo.Role.MEMBER || replica.role() == ClusterInfo.Role.LEARNER;
                count += isLive && replica.replica().nodeId().equals(node) ? 1 : 0;
            }
        }
        return count;
    }

    private static long epochs(final ClusterInfo info) {
        long sum = 0;
        for (final ClusterInfo.Chain chain : info.chains()) {
            sum += chain.chainEpoch();
        }
        return sum;
    }

    /** Returns how many changes were made. */
    int count() {
        return count;
    }

    /** Returns how often a chain went to another epoch while a node was removed: a removal moves nothing. */
    int epochsOfRemovals() {
        return epochsOfRemovals;
    }

    /** Returns how long the slowest change took until all was where it should be, in nanoseconds. */
    long longestNs() {
        return longestNs;
    }

    /** Returns the stalls. */
    StallTimes times() {
        return times;
    }
}
