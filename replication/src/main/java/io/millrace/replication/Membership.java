package io.millrace.replication;

import org.jspecify.annotations.Nullable;

/**
 * This replica's place in the configuration of its chain: which epoch is installed, who stands before and behind it,
 * and whether it has promised a later epoch.
 *
 * <p>A chain of one that no control plane ever configured is a member of {@link ChainReplica#FIRST_EPOCH} from its
 * start. Every other replica is in no epoch until it is installed; a restart forgets the installation.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class Membership {
    private static final ReplicaAddress[] NOBODY = {};

    private final boolean fences;
    private ReplicaAddress[] members = NOBODY;
    private long epoch;
    private int index = -1;
    private int minimum = 1;
    private boolean sealed = true;
    private boolean halted;
    private @Nullable PeerLink predecessor;
    private @Nullable PeerLink successor;

    /** Starts in no epoch. */
    Membership(final ChainRules rules) {
        fences = rules.fenceAfterSeal;
    }

    /** Makes the only member of an epoch out of it. */
    void alone(final long ofEpoch) {
        epoch = ofEpoch;
        index = 0;
        members = NOBODY;
        sealed = false;
    }

    /**
     * Takes over a configuration.
     *
     * @param newEpoch its epoch.
     * @param newMembers from head to tail.
     * @param ownIndex of this replica among them.
     * @param newMinimum members below which appends are refused.
     * @param links to reach the neighbours by; those to the others are made as well, for when they become neighbours.
     */
    void install(
            final long newEpoch,
            final ReplicaAddress[] newMembers,
            final int ownIndex,
            final int newMinimum,
            final PeerLinks links) {
        epoch = newEpoch;
        members = newMembers.clone();
        index = ownIndex;
        minimum = newMinimum;
        predecessor = null;
        successor = null;
        for (int i = 0; i < newMembers.length; i++) {
            if (i != ownIndex) {
                final PeerLink link = links.link(newMembers[i]);
                predecessor = i == ownIndex - 1 ? link : predecessor;
                successor = i == ownIndex + 1 ? link : successor;
            }
        }
        sealed = false;
    }

    /** Takes part in the installed epoch no more. */
    void seal() {
        sealed = true;
    }

    /** Takes part in nothing any more, until the node is started again: the log contradicts the chain's. */
    void halt() {
        sealed = true;
        halted = true;
    }

    /** Tells whether it takes part in nothing any more. */
    boolean isHalted() {
        return halted;
    }

    /** Gives the epoch installed last, 0 when there is none. */
    long epoch() {
        return epoch;
    }

    /** Tells whether a later epoch was promised, or none is installed. */
    boolean isSealed() {
        return sealed;
    }

    /** Tells whether the replica takes part in its epoch. */
    boolean isActive() {
        return (!sealed || (!fences && !halted)) && index >= 0;
    }

    /** Tells whether there is no other member. */
    boolean isAlone() {
        return index == 0 && members.length <= 1;
    }

    /** Tells whether this is the first member. */
    boolean isHead() {
        return index == 0;
    }

    /** Tells whether this is the last member. */
    boolean isTail() {
        return index >= 0 && index >= members.length - 1;
    }

    /** Gives the place of this replica, 0 for the head, negative outside of any epoch. */
    int index() {
        return index;
    }

    /** Tells whether so many members are left that appends are taken (P3). */
    boolean hasMinimum() {
        return Math.max(1, members.length) >= minimum;
    }

    /** Gives the link to the member before this one. */
    @Nullable
    PeerLink predecessor() {
        return predecessor;
    }

    /** Gives the link to the member behind this one. */
    @Nullable
    PeerLink successor() {
        return successor;
    }

    /** Gives the members from head to tail; none for a chain that was never configured. */
    ReplicaAddress[] members() {
        return members;
    }

    /** Gives where the head is reached, empty when it is here, or unknown. */
    String headEndpoint() {
        return members.length == 0 || index == 0 ? "" : members[0].endpoint();
    }

    /** Gives where the tail is reached, empty when it is here, or unknown. */
    String tailEndpoint() {
        return members.length == 0 || isTail() ? "" : members[members.length - 1].endpoint();
    }
}
