package io.millrace.perf.cluster;

/**
 * What can happen to a cluster in {@code cluster demo}.
 *
 * <p><b>Threading</b>: immutable.
 */
enum ClusterFault {
    /** kill -9 of each node in turn: head of one segment, middle of another, tail of a third. */
    KILL,
    /** SIGSTOP of a node for some seconds ({@code --stop-for}). */
    STOP,
    /** A node is cut off from the others; clients still reach it. */
    PARTITION,
    /** A node is killed and comes back with an empty device. */
    WIPE,
    /**
     * The leader of the control plane, which is also the head of a segment's chain, is killed: the other two elect a
     * leader before anything is decided. A leader that heads none is made a head first, by restarts of those before it.
     */
    LEADER,
    /**
     * The leader and a head on another node are killed at once: two of three, so nobody decides until one is back; the
     * head is started again at once.
     */
    MAJORITY,
    /** The nodes are ended with SIGTERM and started again one by one, as an operator does for an upgrade. */
    ROLLING,
    /** All nodes are killed at once. */
    POWER,
    /** No fault: nodes are added, drained, removed, replaced and restarted as an operator does it. */
    CHANGE
}
