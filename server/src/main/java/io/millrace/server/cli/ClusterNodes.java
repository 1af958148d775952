package io.millrace.server.cli;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.codec.AllowedHere;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.NodeIds;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;

/** Finds nodes as operators name them, and waits for what a cluster does by itself. <b>Threading:</b> one thread. */
final class ClusterNodes {
    private static final long PAUSE_NS = 100_000_000L;

    private ClusterNodes() {}

    /**
     * Finds a node's id.
     *
     * @param cluster as described.
     * @param text its name (node.name), its id, or its address.
     * @return the id, of a node that the cluster may not know.
     */
    static UUID id(final ClusterInfo cluster, final String text) {
        for (final ClusterInfo.Node node : cluster.nodes()) {
            if (node.endpoint().equals(text) || node.nodeId().toString().equals(text)) {
                return node.nodeId();
            }
        }
        try {
            return UUID.fromString(text);
        } catch (final IllegalArgumentException e) {
            return NodeIds.ofName(text); // what any other text is
        }
    }

    /**
     * Finds a node.
     *
     * @param cluster as described.
     * @param text its name, its id, or its address.
     * @return the node.
     * @throws MillraceException MR-4010 when the cluster does not know it.
     */
    static ClusterInfo.Node find(final ClusterInfo cluster, final String text) {
        final UUID id = id(cluster, text);
        return cluster.nodes().stream()
                .filter(node -> node.nodeId().equals(id))
                .findFirst()
                .orElseThrow(() -> new MillraceException(
                        ErrorCode.NODE_UNKNOWN,
                        "no node of the cluster is called '" + text + "'. millrace cluster status lists them by id and"
                                + " address; a name is the node.name of its configuration"));
    }

    /**
     * Counts the replicas that a node holds or is to hold.
     *
     * @param cluster as described.
     * @param node its id.
     * @return members and learners.
     */
    static int replicaCount(final ClusterInfo cluster, final UUID node) {
        int count = 0;
        for (final ClusterInfo.Chain chain : cluster.chains()) {
            for (final ClusterInfo.Replica replica : chain.replicas()) {
                if (replica.replica().nodeId().equals(node)
                        && (replica.role() == ClusterInfo.Role.MEMBER || replica.role() == ClusterInfo.Role.LEARNER)) {
                    count++;
                }
            }
        }
        return count;
    }

    /**
     * Asks until the answer is as wanted.
     *
     * @param console of the clock.
     * @param manager to ask.
     * @param wanted what it is to be.
     * @param timeoutNs longest wait.
     * @return the last answer, as wanted or not.
     */
    static ClusterInfo await(
            final Console console,
            final ClusterManager manager,
            final java.util.function.Predicate<ClusterInfo> wanted,
            final long timeoutNs) {
        final long deadlineNs = console.clock().nanoTime() + timeoutNs;
        while (true) {
            final ClusterInfo info = manager.describe();
            if (wanted.test(info) || console.clock().nanoTime() - deadlineNs >= 0) {
                return info;
            }
            pause(PAUSE_NS);
        }
    }

    /**
     * Waits.
     *
     * @param durationNs in nanoseconds.
     */
    @AllowedHere("a command waits for the cluster")
    static void pause(final long durationNs) {
        LockSupport.parkNanos(durationNs);
    }
}
