package io.millrace.control;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the control plane knows of one replica of a chain.
 *
 * <p><b>Threading:</b> one thread. Fields are open to the package: {@link ReplicatedChain} moves them, the snapshot
 * writes them.
 */
final class Replica {
    /** What a replica is in its chain; the numbers stand in snapshots. */
    enum Role implements Numbered {
        /** In the installed configuration. */
        MEMBER(0),
        /** Fetches the log to become a member. */
        LEARNER(1),
        /** Was a member or learner; its log may still be needed. */
        FORMER(2),
        /** Is not needed any more and has been told so. */
        RETIRING(3);

        private final int value;

        Role(final int value) {
            this.value = value;
        }

        @Override
        public int value() {
            return value;
        }
    }

    /** A bit of {@link #suspects}. */
    static final int PREDECESSOR = 1;

    /** A bit of {@link #suspects}. */
    static final int SUCCESSOR = 2;

    /** A bit of {@link #suspects}: since the last Tick a neighbour has told that this one is silent for longer. */
    static final int TOLD = 4;

    /** All of {@link #suspects}. */
    static final int ALL_BITS = PREDECESSOR | SUCCESSOR | TOLD;

    final ReplicaId id;

    /** Epoch in which this device was taken into the chain: what its record of membership must say (P5). */
    final long sinceEpoch;

    Role role;

    /** Of a member: the start of its node that the configuration is bound to; of others: that was told last. */
    long incarnation;

    /** Number of the order that is not answered, 0: none. */
    long orderNumber;

    boolean isInstalled;
    boolean isComplete;
    long lastPosition;
    long durablePosition;
    long commitPosition;
    long basePosition;
    long durableLagNs;
    long stallNs;
    long reportedNs;
    long slowNs;
    long suspectedNs;
    int suspects;
    boolean isSlow;

    @Nullable
    SealedReport report;

    /**
     * Makes a replica of which nothing is known yet.
     *
     * @param id where.
     * @param sinceEpoch epoch in which it is taken in.
     * @param role what it is.
     * @param incarnation start of its node.
     */
    Replica(final ReplicaId id, final long sinceEpoch, final Role role, final long incarnation) {
        this.id = id;
        this.sinceEpoch = sinceEpoch;
        this.role = role;
        this.incarnation = incarnation;
    }

    /** Forgets what heartbeats said of a neighbour or of a log that is not the one of now. */
    void forgetHeartbeat() {
        durableLagNs = 0;
        stallNs = 0;
        suspects = 0;
        suspectedNs = 0;
    }

    /**
     * Counts for how long it has been slow.
     *
     * @param isLagging whether it was for the last step.
     * @param stepNs by which the time moved.
     * @param limitNs from which on it is slow, until it has been well for as long.
     */
    void judge(final boolean isLagging, final long stepNs, final long limitNs) {
        slowNs = isLagging ? Math.min(slowNs + stepNs, limitNs) : Math.max(slowNs - stepNs, 0);
        if (slowNs >= limitNs) {
            isSlow = true;
        } else if (slowNs == 0) {
            isSlow = false;
        }
    }

    /**
     * Tells whether a member is suspected by a neighbour. Of two that suspect each other the one nearer to the tail is:
     * the head has what the clients sent.
     *
     * @param members from head to tail.
     * @param index of the member.
     * @return true when it is.
     */
    static boolean isSuspected(final List<Replica> members, final int index) {
        final Replica member = members.get(index);
        final boolean byPredecessor = index > 0 && (members.get(index - 1).suspects & SUCCESSOR) != 0;
        final boolean bySuccessor = index + 1 < members.size() && (members.get(index + 1).suspects & PREDECESSOR) != 0;
        return byPredecessor || (bySuccessor && (member.suspects & SUCCESSOR) == 0);
    }

    /** Tells whether its answer to Seal says that the device has forgotten what it held. */
    boolean hasForgotten() {
        final SealedReport answer = report;
        return answer != null && (answer.isAmnesiac() || answer.sinceEpoch() != sinceEpoch);
    }
}
