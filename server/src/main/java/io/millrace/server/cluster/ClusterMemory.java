package io.millrace.server.cluster;

import java.util.UUID;

/**
 * Port: what a node remembers of its cluster over restarts.
 *
 * <p><b>Threading</b>: the device thread, while it starts; blocks.
 */
public interface ClusterMemory {
    /** Returns the cluster that the node has been a member of; null: of none. */
    @org.jspecify.annotations.Nullable
    UUID clusterId();

    /** Returns the newest incarnation that was issued to the node, 0: none. */
    long incarnation();

    /**
     * Remembers durably.
     *
     * @param clusterId of the cluster.
     * @param incarnation that was issued for this start.
     * @throws io.millrace.codec.MillraceException when it cannot be written.
     */
    void remember(UUID clusterId, long incarnation);
}
