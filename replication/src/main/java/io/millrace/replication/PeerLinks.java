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

    /**
     * Takes note of a device that has a session here: until the link to it has one of its own, frames for it go back by
     * that. Who was a learner an epoch ago is followed by a member that never had to reach it.
     *
     * @param deviceUuidHigh upper half of the UUID of the device at its other end, as it says.
     * @param deviceUuidLow lower half.
     * @param way back to it.
     */
    default void onWayBack(final long deviceUuidHigh, final long deviceUuidLow, final PeerLink way) {
        // who has all its links at once has no need of it
    }

    /**
     * Forgets a way back whose session has ended.
     *
     * @param way that it was.
     */
    default void onWayBackLost(final PeerLink way) {
        // see above
    }
}
