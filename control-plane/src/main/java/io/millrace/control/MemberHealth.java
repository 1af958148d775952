package io.millrace.control;

import java.util.Collection;
import java.util.List;

/**
 * Judges which members of a chain are too slow or too silent to stay in it.
 *
 * <p><b>Threading:</b> one thread; everything it knows lies in the replicas.
 */
final class MemberHealth {
    private final ReconfigurationLimits limits;

    /**
     * Judges by limits.
     *
     * @param limits of a cluster.
     */
    MemberHealth(final ReconfigurationLimits limits) {
        this.limits = limits;
    }

    /**
     * Measures for how long members have been slow or suspected. Lag while the device completes nothing at all is a
     * stall, which passes: evicting for it would trade a pause for a copy of everything.
     *
     * @param members from head to tail.
     * @param others replicas that are no members: they recover.
     * @param isNormal whether the chain is neither sealed nor being installed.
     * @param stepNs by which the time moved.
     */
    void judge(
            final List<Replica> members, final Collection<Replica> others, final boolean isNormal, final long stepNs) {
        int healthy = 0;
        for (final Replica member : members) {
            healthy += member.durableLagNs <= limits.slowLagNs() ? 1 : 0;
        }
        for (int i = 0; i < members.size(); i++) {
            final Replica member = members.get(i);
            final boolean isStalled = member.stallNs > 0 && member.stallNs <= limits.stallToleranceNs();
            final boolean lags = member.durableLagNs > limits.slowLagNs() && healthy > 0;
            if (isNormal && !(lags && isStalled)) {
                member.judge(lags, stepNs, limits.slowEvictNs());
            }
            // A Tick's step began before what was told since the last one.
            final long countedNs = (member.suspects & Replica.TOLD) == 0 ? stepNs : 0;
            member.suspects &= ~Replica.TOLD;
            member.suspectedNs = isNormal && Replica.isSuspected(members, i) ? member.suspectedNs + countedNs : 0;
        }
        others.forEach(other -> other.judge(false, stepNs, limits.slowEvictNs()));
    }

    /**
     * Takes what a neighbour says of the silence of a member: while there was no control plane no time has passed, but
     * the neighbours have gone on listening. What is left of the suspicion, a Tick's largest step from the next Tick
     * on, is time enough to hear the member itself, should it live and be cut off from that neighbour only.
     *
     * @param members from head to tail.
     * @param index of the member; nothing happens when there is none.
     * @param silenceNs that the neighbour tells.
     */
    void suspect(final List<Replica> members, final int index, final long silenceNs) {
        if (index >= 0 && index < members.size() && Replica.isSuspected(members, index)) {
            final Replica member = members.get(index);
            final long mostNs = Math.max(0, limits.suspicionNs() - limits.maxTickStepNs());
            final long toldNs = Math.min(silenceNs, mostNs);
            if (toldNs > member.suspectedNs) {
                member.suspectedNs = toldNs;
                member.suspects |= Replica.TOLD;
            }
        }
    }

    /**
     * Tells why a chain is better off without one of its members, which is unwanted from then on.
     *
     * @param members from head to tail.
     * @return NONE: all are well.
     */
    SealCause causeOfWeakMember(final List<Replica> members) {
        for (int i = members.size() - 1; i >= 0; i--) {
            final Replica member = members.get(i);
            if (member.isSlow) {
                return SealCause.SLOW;
            }
            if (member.suspectedNs >= limits.suspicionNs()) {
                member.isSlow = true;
                member.slowNs = limits.slowEvictNs();
                return SealCause.SUSPICION;
            }
        }
        return SealCause.NONE;
    }
}
