package io.millrace.control;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses who goes on from what the replicas of a chain answered to Seal, or says why nobody can: step 4 and 5 of the
 * reconfiguration of {@code docs/replication.md}. A pure function.
 *
 * <p>K is the highest position that may ever have been acknowledged: a record is acknowledged when it is durable on all
 * members, so no higher than the valid log of any member whose word counts. Eligible is whoever holds everything up to
 * K, member or not.
 *
 * <p><b>Threading:</b> immutable. <b>Invariant:</b> every acknowledged record is in the log of every eligible replica.
 */
final class ReplicaChoice {
    /** Decided: see {@link #chosen}. */
    static final int NONE = 0;

    /** No member of the installed epoch has answered: it may still be acknowledging. */
    static final int NO_MEMBER_SEALED = 1;

    /** The members that answered are damaged, uncertain or have forgotten: none bounds what was acknowledged. */
    static final int NOBODY_TO_TRUST = 2;

    /** Nobody who answered holds all that may have been acknowledged. */
    static final int NOBODY_ELIGIBLE = 3;

    /** There are eligible replicas, and fewer than the minimum. */
    static final int BELOW_MINIMUM = 4;

    /** The chain's history is full: a checkpoint of a replica must first pass its oldest epoch. */
    static final int HISTORY_FULL = 5;

    private final int block;
    private final long knownBound;
    private final List<Candidate> eligible;
    private final List<Candidate> chosen;

    /**
     * A replica that answered.
     *
     * @param replica where.
     * @param report its answer.
     * @param validPosition of its log by the chain's history.
     * @param memberIndex its place in the installed epoch from the head, -1: it is no member.
     * @param isKnownSince whether its record of membership is the one it should have.
     * @param targetIndex its place in the chain where it should be, from the head; -1: it should not be there.
     * @param isUnwanted whether it is to be left out when the others suffice: slow, or suspected.
     * @param isLearnt whether it is a learner that has said to be complete in the installed epoch.
     * @param isReachable whether it can still take part: its word counts all the same when it has left since.
     */
    record Candidate(
            ReplicaId replica,
            SealedReport report,
            long validPosition,
            int memberIndex,
            boolean isKnownSince,
            int targetIndex,
            boolean isUnwanted,
            boolean isLearnt,
            boolean isReachable) {
        /** Tells whether it is a member of the installed epoch. */
        boolean isMember() {
            return memberIndex >= 0;
        }

        private boolean isAmnesiac() {
            return report.isAmnesiac() || !isKnownSince;
        }
    }

    /**
     * What the choice depends on besides the answers.
     *
     * @param memberCount of the installed epoch.
     * @param floorPosition of the installed epoch.
     * @param minimum of eligible replicas.
     * @param replicationFactor most members of the new epoch.
     * @param isFloorTheLeast whether it is known that nobody proves a K below the floor: of the feature level.
     * @param keepsOrder whether members stay in their order where logs are equally long, wherever they should be.
     * @param rules that hold.
     */
    record Terms(
            int memberCount,
            long floorPosition,
            int minimum,
            int replicationFactor,
            boolean isFloorTheLeast,
            boolean keepsOrder,
            ControlRules rules) {}

    private ReplicaChoice(
            final int block, final long knownBound, final List<Candidate> eligible, final List<Candidate> chosen) {
        this.block = block;
        this.knownBound = knownBound;
        this.eligible = eligible;
        this.chosen = chosen;
    }

    /**
     * Chooses.
     *
     * @param candidates that answered, in any order.
     * @param terms of the chain.
     * @return the choice.
     */
    static ReplicaChoice decide(final List<Candidate> candidates, final Terms terms) {
        final ControlRules rules = terms.rules();
        final List<Candidate> members =
                candidates.stream().filter(Candidate::isMember).toList();
        if (members.isEmpty() && rules.memberMustBeSealed()) {
            return blocked(NO_MEMBER_SEALED, -1);
        }
        final long bound = bound(members, terms);
        if (bound < 0) {
            return blocked(NOBODY_TO_TRUST, -1);
        }
        final long knownBound = rules.floorBoundsK() ? Math.max(terms.floorPosition(), bound) : bound;
        final List<Candidate> eligible = new ArrayList<>();
        for (final Candidate candidate : candidates) {
            final boolean holds = rules.eligibleByK() ? candidate.validPosition() >= knownBound : candidate.isMember();
            if (holds && candidate.validPosition() >= 0 && isWhole(candidate, rules)) {
                eligible.add(candidate);
            }
        }
        if (eligible.isEmpty()) {
            return blocked(NOBODY_ELIGIBLE, knownBound);
        }
        // Who has gone since it answered would only have the chain sealed again, with one more left out.
        final List<Candidate> chosen =
                select(eligible.stream().filter(Candidate::isReachable).toList(), terms);
        final boolean isLeast = terms.isFloorTheLeast() && knownBound <= terms.floorPosition();
        if (chosen.size() < terms.minimum() && (isLeast || members.size() == terms.memberCount())) {
            addThoseThatCatchUp(chosen, members, terms);
        }
        if (chosen.isEmpty() || (chosen.size() < terms.minimum() && rules.minimumToInstall())) {
            return new ReplicaChoice(BELOW_MINIMUM, knownBound, List.copyOf(eligible), List.of());
        }
        addLearners(chosen, candidates, rules);
        return new ReplicaChoice(NONE, knownBound, List.copyOf(eligible), List.copyOf(chosen));
    }

    /**
     * Tells whether the installed epoch, which is the one that took all its members in, was never in force: every
     * member has promised a later one without ever having recorded its membership, and none has said Installed. Nobody
     * remembers anything then, and nothing can have been acknowledged.
     *
     * @param members of the installed epoch.
     * @param epoch installed.
     * @return true when the chain may begin anew.
     */
    static boolean hasNeverBegun(final List<Replica> members, final long epoch) {
        for (final Replica member : members) {
            final SealedReport report = member.report;
            if (report == null
                    || member.isInstalled
                    || member.sinceEpoch != epoch
                    || report.sinceEpoch() != 0
                    || report.lastPosition() != 0
                    || report.isDamaged()
                    || report.isUncertain()) {
                return false;
            }
        }
        return true;
    }

    /** Returns why nobody can be chosen, {@link #NONE}: the choice is made. */
    int block() {
        return block;
    }

    /** Returns K, the highest position that may have been acknowledged; -1: unknown. */
    long knownBound() {
        return knownBound;
    }

    /** Returns who holds everything up to K. */
    List<Candidate> eligible() {
        return eligible;
    }

    /** Returns the members of the new epoch from head to tail. */
    List<Candidate> chosen() {
        return chosen;
    }

    /** Returns the last position of the chosen log, which is the head's. */
    long bestPosition() {
        return chosen.get(0).validPosition();
    }

    /**
     * Returns up to where every member of the new epoch that was eligible holds the chosen log; never below K, so that
     * a member that has still to catch up cannot lower it later.
     */
    long floorPosition() {
        long floor = bestPosition();
        for (final Candidate candidate : chosen) {
            if (candidate.validPosition() >= knownBound) {
                floor = Math.min(floor, candidate.validPosition());
            }
        }
        return Math.max(floor, Math.min(knownBound, bestPosition()));
    }

    private static ReplicaChoice blocked(final int why, final long knownBound) {
        return new ReplicaChoice(why, knownBound, List.of(), List.of());
    }

    private static boolean isWhole(final Candidate candidate, final ControlRules rules) {
        final SealedReport report = candidate.report();
        return (!candidate.isAmnesiac() || !rules.amnesiaCountsForNothing())
                && (report.isComplete() || !rules.onlyCompleteEligible())
                && (!report.isDamaged() || !rules.damagedNotEligible());
    }

    /**
     * Bounds what may have been acknowledged by the members whose word counts; -1: nobody's does. What two uncertain
     * members lack was never durable on both: that both have lost the same record is the one case too many (P4). With a
     * replication factor of 1 there is nobody else to ask, and the tail is cut.
     */
    private static long bound(final List<Candidate> members, final Terms terms) {
        final ControlRules rules = terms.rules();
        long lowest = Long.MAX_VALUE;
        long lowestUncertain = Long.MAX_VALUE;
        long nextUncertain = Long.MAX_VALUE;
        for (final Candidate member : members) {
            final long valid = member.validPosition();
            if (valid < 0 || !isWhole(member, rules)) {
                continue;
            }
            if (!member.report().isUncertain() || !rules.uncertainDecidesNotAlone() || terms.replicationFactor() == 1) {
                lowest = Math.min(lowest, valid);
            } else if (valid < lowestUncertain) {
                nextUncertain = lowestUncertain;
                lowestUncertain = valid;
            } else {
                nextUncertain = Math.min(nextUncertain, valid);
            }
        }
        final long bound = Math.min(lowest, nextUncertain);
        if (bound == Long.MAX_VALUE) {
            return members.isEmpty() && !rules.memberMustBeSealed() ? 0 : -1;
        }
        return bound;
    }

    /**
     * Takes of the eligible as many as the factor allows: wanted ones first, then those that are where they should be,
     * then members; and orders them by the length of their logs, for the predecessor's log contains the successor's.
     */
    private static List<Candidate> select(final List<Candidate> eligible, final Terms terms) {
        final List<Candidate> wanted = new ArrayList<>(eligible);
        wanted.sort(Comparator.comparing(Candidate::isUnwanted)
                .thenComparing(candidate -> candidate.targetIndex() < 0)
                .thenComparing(candidate -> !candidate.isMember())
                .thenComparing(
                        Comparator.comparingLong(Candidate::validPosition).reversed())
                .thenComparing(Candidate::replica));
        int count = 0;
        while (count < wanted.size() && !wanted.get(count).isUnwanted()) {
            count++;
        }
        count = Math.max(count, Math.min(terms.minimum(), wanted.size()));
        final List<Candidate> chosen =
                new ArrayList<>(wanted.subList(0, Math.min(count, Math.max(1, terms.replicationFactor()))));
        chosen.sort(Comparator.comparingLong(Candidate::validPosition)
                .reversed()
                .thenComparingInt(candidate -> rank(candidate, terms.keepsOrder()))
                .thenComparing(Candidate::replica));
        return chosen;
    }

    /**
     * Where logs are equally long, a chain is in the order in which it should be; others keep theirs behind. While one
     * is taken in members keep theirs: it comes behind the tail, which it has learnt from and has a session with, and
     * moves to its place when it has run there for a while.
     */
    private static int rank(final Candidate candidate, final boolean keepsOrder) {
        if (keepsOrder && candidate.isMember()) {
            return candidate.memberIndex();
        }
        final int behindMembers = keepsOrder ? Integer.MAX_VALUE / 4 : 0;
        return candidate.targetIndex() >= 0
                ? behindMembers + candidate.targetIndex()
                : Integer.MAX_VALUE / 2 + candidate.memberIndex();
    }

    /**
     * Adds behind the tail those that have learnt and were a few records behind when the chain stopped, or under load
     * nobody would ever be admitted. They count for nothing in the choice; the floor stays at K, and what is committed
     * from now on they hold as well. There may be one more than the factor: the next planned change drops who is not
     * where it should be.
     */
    private static void addLearners(
            final List<Candidate> chosen, final List<Candidate> candidates, final ControlRules rules) {
        for (final Candidate candidate : candidates) {
            if (candidate.isLearnt()
                    && candidate.isReachable()
                    && candidate.targetIndex() >= 0
                    && candidate.validPosition() >= 0
                    && !candidate.isUnwanted()
                    && !chosen.contains(candidate)
                    && isWhole(candidate, rules)) {
                chosen.add(candidate);
            }
        }
    }

    /**
     * Fills up to the minimum with members whose tail is uncertain or that have damaged ranges: they keep their record
     * of membership and get what they lack from the head before anything is committed; likewise those that had still to
     * catch up when the epoch began. Only when nobody is left who could still prove a lower K: every member of the
     * installed epoch has answered, or K is the floor. The floor stays at K, so that none of them can decide on less
     * later.
     */
    private static void addThoseThatCatchUp(
            final List<Candidate> chosen, final List<Candidate> members, final Terms terms) {
        for (final Candidate member : members) {
            if (chosen.size() < terms.minimum()
                    && !chosen.contains(member)
                    && member.isReachable()
                    && !member.isAmnesiac()
                    && member.report().isComplete()
                    && member.validPosition() >= 0) {
                chosen.add(member);
            }
        }
    }
}
