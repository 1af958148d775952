package io.millrace.server.cluster;

import org.jspecify.annotations.Nullable;

/**
 * How a node stands with its cluster, for health and counters.
 *
 * <p><b>Threading</b>: the device thread writes, any thread reads; every field is read alone.
 */
public final class ClusterStanding {
    private volatile boolean isConnected;
    private volatile long incarnation;
    private volatile int chainCount;
    private volatile long heardNs;
    private volatile int waitingRequests;
    private volatile int leaderMember = -1;
    private volatile @Nullable String refusal;
    private volatile @Nullable String halted;

    /** Makes the standing of a node that has not spoken to anybody. */
    public ClusterStanding() {}

    /** Returns whether there is a session with the control plane's leader. */
    public boolean isConnected() {
        return isConnected;
    }

    /** Returns the incarnation of this start, 0: not registered yet. */
    public long incarnation() {
        return incarnation;
    }

    /** Returns the data chains of the cluster, 0: it is not initialised, or that is not known yet. */
    public int chainCount() {
        return chainCount;
    }

    /** Returns the monotonic time at which the control plane was heard last, in nanoseconds; 0: never. */
    public long heardNs() {
        return heardNs;
    }

    /** Returns how many clients' requests wait for the control plane. */
    public int waitingRequests() {
        return waitingRequests;
    }

    /** Returns the index of the control plane's leader, -1: unknown. */
    public int leaderMember() {
        return leaderMember;
    }

    /** Returns why the control plane does not take the node in, null: nothing is known against it. */
    public @Nullable String refusal() {
        return refusal;
    }

    /** Returns why a replica is halted, null: none is. */
    public @Nullable String halted() {
        return halted;
    }

    /** Notes that a replica is halted. */
    void halted(final String why) {
        halted = why;
    }

    /** Notes the state of the session. */
    void session(final boolean connected, final int leader, final int waiting) {
        isConnected = connected;
        leaderMember = leader;
        waitingRequests = waiting;
    }

    /** Notes that the control plane was heard. */
    void heard(final long nowNs) {
        heardNs = nowNs;
    }

    /** Notes the registration. */
    void registered(final long issued, final int chains) {
        chainCount = chains;
        incarnation = issued;
        refusal = null;
    }

    /** Notes why the node is not taken in. */
    void refused(final String why) {
        refusal = why;
    }
}
