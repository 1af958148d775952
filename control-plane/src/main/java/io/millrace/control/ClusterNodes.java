package io.millrace.control;

import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of a cluster and the time of the control plane, as chains ask for them.
 *
 * <p><b>Threading:</b> one thread. <b>Invariant:</b> time never goes back, and one Tick moves it by a bounded step.
 */
final class ClusterNodes {
    final TreeMap<UUID, ClusterNode> nodes = new TreeMap<>();
    private final ReconfigurationLimits limits;
    int featureLevel = FeatureLevel.FIRST;
    private long timeNs;
    private long lastTickNs;

    /**
     * Starts without nodes at time 0.
     *
     * @param limits of leases.
     */
    ClusterNodes(final ReconfigurationLimits limits) {
        this.limits = limits;
    }

    /**
     * Moves the time.
     *
     * @param clockNs of who ticks; it may have been set, in either direction.
     * @return by how much the time moved, 0 or above.
     */
    long tick(final long clockNs) {
        final long elapsedNs = clockNs - lastTickNs;
        final long stepNs = lastTickNs == 0 || elapsedNs < 0 ? 0 : Math.min(elapsedNs, limits.maxTickStepNs());
        lastTickNs = clockNs;
        timeNs += stepNs;
        return stepNs;
    }

    /** Tells whether heartbeats say how old a silence is, and all members go by it. */
    boolean isSilenceTold() {
        return featureLevel >= FeatureLevel.SILENCE_IS_TOLD;
    }

    /**
     * Tells whether a registration comes too late: another start of the node has been taken in since its sender asked.
     * The sender, should it still live, asks again.
     *
     * @param node registered before.
     * @param previous the last incarnation its sender knew of.
     * @return true when it is to be ignored.
     */
    boolean isOutdated(final ClusterNode node, final long previous) {
        return previous < (isSilenceTold() ? node.incarnation : node.previousIncarnation);
    }

    /** Returns the time of the control plane in nanoseconds, from 0. */
    long timeNs() {
        return timeNs;
    }

    /** Returns the clock of the last Tick, 0: none. */
    long lastTickNs() {
        return lastTickNs;
    }

    /**
     * Takes the time of a snapshot.
     *
     * @param time of the control plane.
     * @param clock of the last Tick.
     */
    void restoreTime(final long time, final long clock) {
        timeNs = time;
        lastTickNs = clock;
    }

    /**
     * Finds the start a node is in.
     *
     * @param node its id.
     * @return its incarnation, 0: unknown or never registered.
     */
    long incarnation(final UUID node) {
        final ClusterNode found = nodes.get(node);
        return found == null ? 0 : found.incarnation;
    }

    /**
     * Tells whether a node holds its lease.
     *
     * @param node its id.
     * @return true when it was heard within the lease.
     */
    boolean isAlive(final UUID node) {
        final ClusterNode found = nodes.get(node);
        return found != null && found.incarnation > 0 && timeNs - found.lastSeenNs <= limits.leaseNs();
    }

    /**
     * Tells whether a device is there to be spoken to.
     *
     * @param replica where.
     * @return true when its node has registered with it.
     */
    boolean isPresent(final ReplicaId replica) {
        final ClusterNode.Device device = device(replica);
        return device != null && device.isPresent;
    }

    /**
     * Tells whether a replica can answer now.
     *
     * @param replica where.
     * @return true when its node is alive and has the device.
     */
    boolean isReachable(final ReplicaId replica) {
        return isAlive(replica.node()) && isPresent(replica);
    }

    /**
     * Tells whether replicas may be placed on a device.
     *
     * @param node of the device.
     * @param device on it.
     * @return true when it is present, added, not replaced, and not away for too long.
     */
    boolean isUsable(final ClusterNode node, final ClusterNode.Device device) {
        return node.standing == ClusterNode.Standing.ADDED
                && node.incarnation > 0
                && device.isPresent
                && device.replacement == null
                && timeNs - node.lastSeenNs <= limits.replaceAfterNs();
    }

    /**
     * Returns where a replica is served.
     *
     * @param replica where.
     * @return host:port, empty: unknown.
     */
    String endpoint(final ReplicaId replica) {
        final ClusterNode.Device device = device(replica);
        return device == null ? "" : device.endpoint;
    }

    private ClusterNode.@Nullable Device device(final ReplicaId replica) {
        final ClusterNode node = nodes.get(replica.node());
        return node == null ? null : node.devices.get(replica.device());
    }
}
