package io.millrace.server;

import io.millrace.control.consensus.ControlMember;
import org.jspecify.annotations.Nullable;

/**
 * Where a node's control plane is: on chain 0 of the node itself, or with the members of a cluster.
 *
 * <p><b>Threading</b>: the thread that starts the node, and closes it.
 */
interface NodeControlPlane extends AutoCloseable {
    /**
     * Begins, once every device has recovered and listens.
     *
     * @throws io.millrace.codec.MillraceException when the node may not serve.
     */
    void start();

    /** Returns the member of the control plane in this process, null: none; once it has started, any thread. */
    default @Nullable ControlMember member() {
        return null;
    }

    /** Lets go of what is not the devices'; once they are closed. */
    @Override
    void close();
}
