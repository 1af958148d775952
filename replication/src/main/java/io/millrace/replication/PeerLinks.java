package io.millrace.replication;

/**
 * Port: gives the links of a device to the other devices of its chains, and keeps them up. Frames that come in by any
 * of them go to {@link DeviceAgent#onPeerFrame}.
 *
 * <p><b>Threading</b>: the device thread.
 */
public interface PeerLinks {
    /**
     * Gives the link to a replica's device thread; the same one for the same device as long as its endpoint is the
     * same.
     *
     * @param to another device.
     * @return link, whether or not it has a session now.
     */
    PeerLink link(ReplicaAddress to);

    /**
     * Moves all links on.
     *
     * @param nowNs monotonic time of this turn.
     * @return work done.
     */
    int doWork(long nowNs);
}
