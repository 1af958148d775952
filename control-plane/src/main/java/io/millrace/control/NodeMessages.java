package io.millrace.control;

import org.agrona.DirectBuffer;

/**
 * Port to the nodes of a cluster: messages of {@code millrace-chain.xml}, of which any may be lost, doubled or late.
 *
 * <p><b>Threading:</b> called on the thread that applies commands, during {@link ControlService#onCommitted} and
 * {@link ControlService#restore}.
 */
public interface NodeMessages {
    /** Nobody is told: of a single node, and while a log is replayed. */
    NodeMessages NONE = (nodeIdHigh, nodeIdLow, endpoint, buffer, offset, length) -> false;

    /**
     * Sends a message, or drops it: what needs an answer is said again at every Tick.
     *
     * @param nodeIdHigh upper half of the node's id.
     * @param nodeIdLow lower half.
     * @param endpoint host:port where the node, or the device that the message is for, is reached; empty: unknown.
     * @param buffer with the message; valid during the call only.
     * @param offset of its SBE header.
     * @param length in bytes, header included.
     * @return true when it is on its way.
     */
    boolean trySend(long nodeIdHigh, long nodeIdLow, String endpoint, DirectBuffer buffer, int offset, int length);
}
