package io.millrace.perf.cluster;

/**
 * What can happen to a cluster in {@code cluster demo}.
 *
 * <p><b>Threading</b>: immutable.
 */
enum ClusterFault {
    /** kill -9 of each node in turn: head of one segment, middle of another, tail of a third. */
    KILL,
    /** SIGSTOP of a node for some seconds. */
    STOP,
    /** A node is cut off from the others; clients still reach it. */
    PARTITION,
    /** A node is killed and comes back with an empty device. */
    WIPE,
    /** The leader of the control plane and a head are killed together. */
    LEADER,
    /** All nodes are killed at once. */
    POWER,
    /** No fault: nodes are added, drained, removed, replaced and restarted as an operator does it. */
    CHANGE
}
