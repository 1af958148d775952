package io.millrace.server;

import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** How nodes are told apart. <b>Threading</b>: pure. */
public final class NodeIds {
    private NodeIds() {}

    /**
     * The node's id follows from its name, so that a device of another node is told apart after any reinstallation.
     *
     * @param name of the node, {@code node.name}.
     * @return its id.
     */
    public static UUID ofName(final String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }
}
