package io.millrace.server.cluster;

import java.util.List;
import java.util.UUID;

/**
 * What a node has to know of its cluster before it can join it.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param nodeId of the node.
 * @param nodeName for people.
 * @param members host:port of each member of the control plane, in their order: the same on every node.
 * @param member index of this node's own member of the control plane, -1: it has none.
 * @param chainLimit data chains that the node has room for.
 * @param heartbeatNs between two reports to the control plane.
 * @param requestTimeoutNs after which a client's metadata request is refused when the control plane is silent.
 */
public record ClusterTerms(
        UUID nodeId,
        String nodeName,
        List<String> members,
        int member,
        int chainLimit,
        long heartbeatNs,
        long requestTimeoutNs) {
    /** Copies the list. */
    public ClusterTerms {
        members = List.copyOf(members);
    }
}
