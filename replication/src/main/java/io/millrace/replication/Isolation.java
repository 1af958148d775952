package io.millrace.replication;

import java.util.concurrent.TimeUnit;

/**
 * Notices that a replica has been out of touch with its chain for long, and sends the clients that wait at it
 * elsewhere: those of a member that was dropped would wait for ever, and those of a chain that stands still would not
 * learn why.
 *
 * <p>A replica is out of touch while it takes part in no epoch, or does not hear a neighbour; it is stranded when that
 * lasts, or when it has been made a learner.
 *
 * <p><b>Threading</b>: the device thread. Nothing is allocated.
 */
final class Isolation {
    /** A change of the epoch is over by then, and a writer below the minimum is to know why within a second. */
    private static final long PATIENCE_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final ReadAdapter reads;
    private final ChainLimits limits;

    /** Tells the readers of a device. */
    Isolation(final ReadAdapter reads, final ChainLimits limits) {
        this.reads = reads;
        this.limits = limits;
    }

    /**
     * Judges a replica.
     *
     * @param replica of a chain.
     * @param nowNs monotonic time of this turn.
     * @return 1 when clients are to be told.
     */
    int doWork(final ChainReplica replica, final long nowNs) {
        final ChainOrders orders = replica.orders();
        final boolean isLearner = orders.learn != null;
        if (!orders.wasInTouch || (!isLearner && isInTouch(replica, nowNs))) {
            orders.wasInTouch = true;
            orders.isStranded = false;
            orders.inTouchNs = nowNs;
            return 0;
        }
        if (!isLearner && nowNs - orders.inTouchNs < PATIENCE_NS) {
            return 0;
        }
        if (orders.isStranded && nowNs - orders.strandedToldNs < PATIENCE_NS) {
            return 0;
        }
        orders.isStranded = true;
        orders.strandedToldNs = nowNs;
        orders.changeDue |= !replica.formerSessions().isEmpty();
        reads.onStranded(replica);
        return 1;
    }

    private boolean isInTouch(final ChainReplica replica, final long nowNs) {
        final Membership membership = replica.membership();
        final ChainFlow flow = replica.flow();
        return !membership.isSealed()
                && (membership.predecessor() == null || nowNs - flow.predecessorHeardNs < limits.suspicionNs())
                && (membership.successor() == null || nowNs - flow.successorHeardNs < limits.suspicionNs());
    }
}
