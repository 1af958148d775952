package io.millrace.replication;

import java.util.EnumSet;
import java.util.Set;

/**
 * The rules that keep a chain safe, each of which a test may switch off to prove that the checkers notice. A node runs
 * with {@link #ALL}.
 *
 * <p><b>Threading</b>: immutable. The hot path reads final fields.
 */
public final class ChainRules {
    /** Every rule in force; the only value outside of tests. */
    public static final ChainRules ALL = new ChainRules(EnumSet.noneOf(Rule.class));

    /** A rule that can be switched off. */
    public enum Rule {
        /** A sealed replica takes part in no lower epoch any more. */
        FENCE_AFTER_SEAL,
        /** The tail commits what its predecessors have durable, not what itself has. */
        TAIL_WAITS_FOR_PREDECESSOR,
        /** Nothing counts as durable before the device says so. */
        ACK_AFTER_OWN_DURABILITY,
        /** What is not valid by the chain's history is cut off at Install (P1). */
        TRUNCATE_ON_REJOIN,
        /** The head drops what a writer has appended before. */
        DEDUPLICATE,
        /** A restarted replica is in no epoch until it is installed anew. */
        RESTART_FORGETS_EPOCH,
        /** Install is for one incarnation of one device. */
        INSTALL_BOUND_TO_INCARNATION,
        /** A Seal of an epoch that is installed already changes nothing. */
        LATE_SEAL_IGNORED,
        /** The promise of a Seal is durable before Sealed goes out. */
        PROMISE_DURABLE_BEFORE_SEALED,
        /** A tail acknowledges nothing once it is sealed. */
        NO_ACK_AFTER_SEALED,
        /** An invalid batch that a later one proves durable is damage, no torn end (P4). */
        CORRUPTION_IS_NOT_TORN,
        /** Answers that depend on uncommitted records wait (P2). */
        ANSWERS_HELD,
        /** A record is taken only behind the one whose hash it names. */
        HASH_CHECKED,
        /** The chain state applies committed records only (P6). */
        APPLIES_COMMITTED_ONLY,
        /** Effects are taken once and in order of their numbers (P12). */
        EFFECTS_NUMBERED,
        /** A device that does not hold the membership it should answers with amnesia (P5). */
        AMNESIA_ANSWERED,
        /** A learner says that it is complete only when it is (P8). */
        LEARNER_COMPLETE,
        /** A torn end is reported until the next Install, over restarts (P4). */
        UNCERTAIN_TAIL_REPORTED,
        /** What is cut off at Install is written down, or a restart takes it for the log (P1). */
        TRUNCATION_RECORDED,
        /** A new head validates against everything in its log, committed or not (P6). */
        OVERLAY_REBUILT,
        /** No zone is freed that holds something live (P7). */
        LIVE_ZONES_KEPT,
        /** A head acknowledges what the client does not echo (P13). */
        HEAD_BACKSTOP,
        /** The tail binds a session only to the writer whose secret it shows (P13). */
        BIND_SECRET_CHECKED,
        /** Clients hear of a new epoch (P13). */
        EPOCH_CHANGE_TOLD,
        /** What every member has received is no commit: MEMORY has a watermark of its own (P15). */
        RECEIVED_IS_NO_COMMIT
    }

    final boolean fenceAfterSeal;
    final boolean tailWaitsForPredecessor;
    final boolean ackAfterOwnDurability;
    final boolean truncateOnRejoin;
    final boolean deduplicate;
    final boolean restartForgetsEpoch;
    final boolean installBoundToIncarnation;
    final boolean lateSealIgnored;
    final boolean promiseDurableBeforeSealed;
    final boolean noAckAfterSealed;
    final boolean corruptionIsNotTorn;
    final boolean answersHeld;
    final boolean hashChecked;
    final boolean appliesCommittedOnly;
    final boolean effectsNumbered;
    final boolean amnesiaAnswered;
    final boolean learnerComplete;
    final boolean uncertainTailReported;
    final boolean truncationRecorded;
    final boolean overlayRebuilt;
    final boolean liveZonesKept;
    final boolean headBackstop;
    final boolean bindSecretChecked;
    final boolean epochChangeTold;
    final boolean receivedIsNoCommit;

    private final Set<Rule> off;

    private ChainRules(final Set<Rule> off) {
        this.off = EnumSet.noneOf(Rule.class);
        this.off.addAll(off);
        fenceAfterSeal = holds(Rule.FENCE_AFTER_SEAL);
        tailWaitsForPredecessor = holds(Rule.TAIL_WAITS_FOR_PREDECESSOR);
        ackAfterOwnDurability = holds(Rule.ACK_AFTER_OWN_DURABILITY);
        truncateOnRejoin = holds(Rule.TRUNCATE_ON_REJOIN);
        deduplicate = holds(Rule.DEDUPLICATE);
        restartForgetsEpoch = holds(Rule.RESTART_FORGETS_EPOCH);
        installBoundToIncarnation = holds(Rule.INSTALL_BOUND_TO_INCARNATION);
        lateSealIgnored = holds(Rule.LATE_SEAL_IGNORED);
        promiseDurableBeforeSealed = holds(Rule.PROMISE_DURABLE_BEFORE_SEALED);
        noAckAfterSealed = holds(Rule.NO_ACK_AFTER_SEALED);
        corruptionIsNotTorn = holds(Rule.CORRUPTION_IS_NOT_TORN);
        answersHeld = holds(Rule.ANSWERS_HELD);
        hashChecked = holds(Rule.HASH_CHECKED);
        appliesCommittedOnly = holds(Rule.APPLIES_COMMITTED_ONLY);
        effectsNumbered = holds(Rule.EFFECTS_NUMBERED);
        amnesiaAnswered = holds(Rule.AMNESIA_ANSWERED);
        learnerComplete = holds(Rule.LEARNER_COMPLETE);
        uncertainTailReported = holds(Rule.UNCERTAIN_TAIL_REPORTED);
        truncationRecorded = holds(Rule.TRUNCATION_RECORDED);
        overlayRebuilt = holds(Rule.OVERLAY_REBUILT);
        liveZonesKept = holds(Rule.LIVE_ZONES_KEPT);
        headBackstop = holds(Rule.HEAD_BACKSTOP);
        bindSecretChecked = holds(Rule.BIND_SECRET_CHECKED);
        epochChangeTold = holds(Rule.EPOCH_CHANGE_TOLD);
        receivedIsNoCommit = holds(Rule.RECEIVED_IS_NO_COMMIT);
    }

    /**
     * Switches a rule off: for tests.
     *
     * @param rule that does not hold.
     * @return the others.
     */
    public ChainRules without(final Rule rule) {
        final EnumSet<Rule> more = EnumSet.of(rule);
        more.addAll(off);
        return new ChainRules(more);
    }

    /**
     * Tells whether a rule is in force.
     *
     * @param rule to look up.
     * @return false when a test has switched it off.
     */
    public boolean holds(final Rule rule) {
        return !off.contains(rule);
    }
}
