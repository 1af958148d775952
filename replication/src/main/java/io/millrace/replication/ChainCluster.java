package io.millrace.replication;

/**
 * What makes a device a member of longer chains: who it is, how it reaches the others and the control plane. Without it
 * a device's chains are chains of one for ever.
 *
 * <p><b>Threading</b>: immutable; what it names belongs to the device thread.
 *
 * @param nodeIdHigh upper half of the node's id.
 * @param nodeIdLow lower half of the node's id.
 * @param rules that hold: {@link ChainRules#ALL}.
 * @param limits of each chain.
 * @param links to the other devices.
 * @param control to the control plane.
 */
public record ChainCluster(
        long nodeIdHigh, long nodeIdLow, ChainRules rules, ChainLimits limits, PeerLinks links, ControlLink control) {}
