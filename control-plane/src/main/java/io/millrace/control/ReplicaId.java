package io.millrace.control;

import java.util.UUID;

/**
 * Where a replica lies: which device of which node (P5). Which start of the node it speaks for is its incarnation.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param node id of the node.
 * @param device UUID made when the device was formatted.
 */
public record ReplicaId(UUID node, UUID device) implements Comparable<ReplicaId> {
    @Override
    public int compareTo(final ReplicaId other) {
        final int order = node.compareTo(other.node);
        return order == 0 ? device.compareTo(other.device) : order;
    }
}
