package io.millrace.control;

import java.util.UUID;

/**
 * What the state knows of the group of members that carries it, for carriers and tools.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param clusterId of the cluster, all 0: it is no group.
 * @param settingsHash of the settings that the group was made with.
 * @param featureLevel by which commands are applied.
 * @param isImported whether the state began with that of a node that ran alone.
 * @param nodeCount nodes of the cluster that are known.
 */
public record GroupView(UUID clusterId, long settingsHash, int featureLevel, boolean isImported, int nodeCount) {
    private static final UUID NO_ID = new UUID(0, 0);

    /** Tells whether the group has its settings. */
    public boolean isMade() {
        return !clusterId.equals(NO_ID);
    }
}
