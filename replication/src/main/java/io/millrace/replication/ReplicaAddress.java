package io.millrace.replication;

/**
 * One replica of a chain as the control plane names it (P5): a node, one of its devices, and the run of the node.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param nodeIdHigh upper half of the node's id.
 * @param nodeIdLow lower half of the node's id.
 * @param deviceUuidHigh upper half of the device's UUID, made at format.
 * @param deviceUuidLow lower half of the device's UUID.
 * @param incarnation of the node, issued by the control plane.
 * @param endpoint that the device's thread is reached at.
 */
public record ReplicaAddress(
        long nodeIdHigh, long nodeIdLow, long deviceUuidHigh, long deviceUuidLow, long incarnation, String endpoint) {
    /**
     * Tells whether both name the same device of the same node, in whatever run.
     *
     * @param other to compare with.
     * @return whether node and device are equal.
     */
    public boolean isSameDevice(final ReplicaAddress other) {
        return nodeIdHigh == other.nodeIdHigh
                && nodeIdLow == other.nodeIdLow
                && deviceUuidHigh == other.deviceUuidHigh
                && deviceUuidLow == other.deviceUuidLow;
    }
}
