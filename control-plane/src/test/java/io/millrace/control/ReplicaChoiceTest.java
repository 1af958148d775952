package io.millrace.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.control.ReplicaChoice.Candidate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who goes on: each rule with it and without it. Members are nodes 1 to 3 unless said otherwise. */
@Timeout(10)
final class ReplicaChoiceTest {
    private static final int RULE_K = 0;
    private static final int RULE_MINIMUM = 1;
    private static final int RULE_AMNESIA = 2;
    private static final int RULE_COMPLETE = 3;
    private static final int RULE_UNCERTAIN = 4;
    private static final int RULE_DAMAGED = 5;
    private static final int RULE_MEMBER = 8;
    private static final int RULE_FLOOR = 9;

    private static Candidate member(final SealedFrames answer) {
        return answer.candidate((int) answer.node - 1);
    }

    private static Candidate stranger(final SealedFrames answer) {
        return answer.candidate(-1);
    }

    private static ReplicaChoice decide(
            final long floor, final int minimum, final int without, final Candidate... all) {
        final ControlRules rules = without < 0 ? ControlRules.ALL : ControlRules.without(without);
        return ReplicaChoice.decide(List.of(all), new ReplicaChoice.Terms(3, floor, minimum, 3, true, false, rules));
    }

    private static List<Long> chosen(final ReplicaChoice choice) {
        return choice.chosen().stream()
                .map(candidate -> candidate.replica().node().getLeastSignificantBits())
                .toList();
    }

    @Test
    void shouldOrderByLengthWhenAllMembersAnswer() {
        final ReplicaChoice choice = decide(
                0, 2, -1, member(SealedFrames.of(1, 5)), member(SealedFrames.of(2, 7)), member(SealedFrames.of(3, 6)));
        assertEquals(ReplicaChoice.NONE, choice.block());
        assertEquals(List.of(2L, 3L, 1L), chosen(choice));
        assertEquals(5, choice.knownBound());
        assertEquals(7, choice.bestPosition());
        assertEquals(5, choice.floorPosition());
    }

    /** To make sessions between devices takes longer than all the rest; the new one has one with the tail. */
    @Test
    void shouldPutWhoComesBehindTheTailWhenMembersKeepTheirOrder() {
        final List<Candidate> equal = List.of(
                SealedFrames.of(3, 5).candidate(0),
                SealedFrames.of(2, 5).candidate(1),
                stranger(SealedFrames.of(1, 5)));
        for (final boolean keeps : new boolean[] {true, false}) {
            final ReplicaChoice choice =
                    ReplicaChoice.decide(equal, new ReplicaChoice.Terms(2, 0, 2, 3, true, keeps, ControlRules.ALL));
            assertEquals(keeps ? List.of(3L, 2L, 1L) : List.of(1L, 2L, 3L), chosen(choice));
        }
    }

    @Test
    void shouldTakeStrangerWhenItHoldsEverything() {
        final ReplicaChoice choice = decide(
                3,
                2,
                -1,
                member(SealedFrames.of(1, 5)),
                stranger(SealedFrames.of(4, 5)),
                stranger(SealedFrames.of(5, 4)));
        assertEquals(List.of(1L, 4L), chosen(choice));
    }

    @Test
    void shouldWaitWhenNoMemberHasAnswered() {
        final Candidate stranger = stranger(SealedFrames.of(4, 9));
        assertEquals(ReplicaChoice.NO_MEMBER_SEALED, decide(3, 1, -1, stranger).block());
        assertEquals(ReplicaChoice.NONE, decide(3, 1, RULE_MEMBER, stranger).block());
    }

    @Test
    void shouldNotTakeShortLogWhenOthersAreLonger() {
        final Candidate longer = member(SealedFrames.of(1, 5));
        final Candidate shorter = stranger(SealedFrames.of(4, 2));
        assertEquals(List.of(1L), chosen(decide(0, 1, -1, longer, shorter)));
        final Candidate damaged = member(SealedFrames.of(2, 5).damaged());
        assertEquals(List.of(1L), chosen(decide(0, 1, -1, longer, damaged)));
        assertEquals(List.of(1L, 2L), chosen(decide(0, 1, RULE_DAMAGED, longer, damaged)));
        assertEquals(List.of(1L, 2L), chosen(decide(0, 1, RULE_K, longer, member(SealedFrames.of(2, 4)), shorter)));
    }

    @Test
    void shouldInstallNothingWhenBelowTheMinimum() {
        final Candidate only = member(SealedFrames.of(1, 5));
        assertEquals(ReplicaChoice.BELOW_MINIMUM, decide(0, 2, -1, only).block());
        assertEquals(1, decide(0, 2, -1, only).eligible().size());
        assertEquals(List.of(1L), chosen(decide(0, 2, RULE_MINIMUM, only)));
    }

    @Test
    void shouldCountForNothingWhenMembershipIsForgotten() {
        final Candidate empty = member(SealedFrames.of(1, 0).amnesiac());
        final Candidate whole = member(SealedFrames.of(2, 5));
        assertEquals(ReplicaChoice.NOBODY_TO_TRUST, decide(0, 1, -1, empty).block());
        assertEquals(0, decide(0, 1, RULE_AMNESIA, empty).bestPosition());
        assertEquals(5, decide(0, 1, -1, empty, whole).knownBound());
        assertEquals(0, decide(0, 1, RULE_AMNESIA, empty, whole).knownBound());
        assertEquals(List.of(2L), chosen(decide(0, 1, -1, empty, whole)));
    }

    @Test
    void shouldNotTakeLearnerWhenItIsNotComplete() {
        final Candidate whole = member(SealedFrames.of(1, 5));
        final Candidate learner = stranger(SealedFrames.of(4, 5).incomplete());
        assertEquals(List.of(1L), chosen(decide(0, 1, -1, whole, learner)));
        assertEquals(List.of(1L, 4L), chosen(decide(0, 1, RULE_COMPLETE, whole, learner)));
    }

    @Test
    void shouldNotDecideAloneWhenTailIsUncertain() {
        final Candidate torn = member(SealedFrames.of(1, 3).uncertain());
        assertEquals(ReplicaChoice.NOBODY_TO_TRUST, decide(0, 1, -1, torn).block());
        assertEquals(3, decide(0, 1, RULE_UNCERTAIN, torn).bestPosition());
        final Candidate whole = member(SealedFrames.of(2, 5));
        assertEquals(5, decide(0, 1, -1, torn, whole).knownBound());
        assertEquals(3, decide(0, 1, RULE_UNCERTAIN, torn, whole).knownBound());
    }

    @Test
    void shouldProveAbsenceWhenTwoUncertainTailsAgree() {
        final ReplicaChoice choice = decide(
                0,
                2,
                -1,
                member(SealedFrames.of(1, 10).uncertain()),
                member(SealedFrames.of(2, 8).uncertain()),
                member(SealedFrames.of(3, 9).uncertain()));
        assertEquals(9, choice.knownBound());
        assertEquals(List.of(1L, 3L), chosen(choice));
    }

    @Test
    void shouldCutTheTailWhenThereIsOneReplica() {
        final ReplicaChoice choice = ReplicaChoice.decide(
                List.of(member(SealedFrames.of(1, 3).uncertain())),
                new ReplicaChoice.Terms(1, 0, 1, 1, true, false, ControlRules.ALL));
        assertEquals(3, choice.bestPosition());
    }

    /** The third one is gone for good, and could not have proven less than the floor. */
    @Test
    void shouldLetMemberCatchUpWhenTheFloorIsKAlready() {
        final List<Candidate> left = List.of(member(SealedFrames.of(1, 930)), member(SealedFrames.of(3, 893)));
        final ReplicaChoice choice =
                ReplicaChoice.decide(left, new ReplicaChoice.Terms(3, 930, 2, 3, true, false, ControlRules.ALL));
        assertEquals(List.of(1L, 3L), chosen(choice));
        assertEquals(930, choice.floorPosition(), "the one that catches up must not decide on less");
        assertEquals(
                ReplicaChoice.BELOW_MINIMUM,
                ReplicaChoice.decide(left, new ReplicaChoice.Terms(3, 930, 2, 3, false, false, ControlRules.ALL))
                        .block());
        final Candidate torn = member(SealedFrames.of(3, 920).uncertain());
        assertEquals(
                ReplicaChoice.BELOW_MINIMUM,
                ReplicaChoice.decide(
                                List.of(left.get(0), torn),
                                new ReplicaChoice.Terms(3, 900, 2, 3, true, false, ControlRules.ALL))
                        .block(),
                "the third one may prove less than 930");
    }

    @Test
    void shouldLetMemberCatchUpWhenNobodyElseIsLeftToAnswer() {
        final Candidate whole = member(SealedFrames.of(1, 5));
        final Candidate torn = member(SealedFrames.of(2, 3).uncertain());
        assertEquals(ReplicaChoice.BELOW_MINIMUM, decide(0, 2, -1, whole, torn).block(), "the third may prove less");
        final ReplicaChoice choice = ReplicaChoice.decide(
                List.of(whole, torn), new ReplicaChoice.Terms(2, 0, 2, 3, true, false, ControlRules.ALL));
        assertEquals(List.of(1L, 2L), chosen(choice));
        assertEquals(5, choice.floorPosition(), "the one that catches up must not decide on less");
    }

    @Test
    void shouldAdmitLearnerBehindTheTailWhenItIsAFewRecordsShort() {
        final Candidate a = member(SealedFrames.of(1, 5));
        final Candidate b = member(SealedFrames.of(2, 5));
        final Candidate c = stranger(SealedFrames.of(3, 4));
        final Candidate learner =
                new Candidate(c.replica(), c.report(), c.validPosition(), -1, true, c.targetIndex(), false, true, true);
        assertEquals(List.of(1L, 2L), chosen(decide(0, 2, -1, a, b, c)), "who has not learnt is not added");
        final ReplicaChoice choice = decide(0, 2, -1, a, b, learner);
        assertEquals(List.of(1L, 2L, 3L), chosen(choice));
        assertEquals(5, choice.floorPosition());
        assertEquals(ReplicaChoice.BELOW_MINIMUM, decide(0, 2, -1, a, learner).block(), "it does not count");
    }

    @Test
    void shouldNotGoBelowTheFloorWhenTheOnlyMemberIsShort() {
        final Candidate behind = member(SealedFrames.of(2, 3));
        assertEquals(ReplicaChoice.NOBODY_ELIGIBLE, decide(5, 1, -1, behind).block());
        assertEquals(3, decide(5, 1, RULE_FLOOR, behind).bestPosition());
    }

    @Test
    void shouldLeaveOutWhoIsUnwantedWhenOthersSuffice() {
        final Candidate a = member(SealedFrames.of(1, 5));
        final Candidate b = member(SealedFrames.of(2, 5));
        final Candidate c = member(SealedFrames.of(3, 5));
        final Candidate slow = new Candidate(
                c.replica(), c.report(), c.validPosition(), c.memberIndex(), true, c.targetIndex(), true, false, true);
        assertEquals(List.of(1L, 2L), chosen(decide(0, 2, -1, a, b, slow)));
        assertEquals(List.of(1L, 3L), chosen(decide(0, 2, -1, a, slow)));
    }

    /** It answered and ended; the third member is alive and has yet to answer. */
    @Test
    void shouldNotChooseWhoHasGoneSinceItAnswered() {
        final Candidate a = member(SealedFrames.of(1, 5));
        final Candidate b = member(SealedFrames.of(2, 6));
        final Candidate c = member(SealedFrames.of(3, 4));
        final Candidate gone = new Candidate(
                c.replica(),
                c.report(),
                c.validPosition(),
                c.memberIndex(),
                true,
                c.targetIndex(),
                false,
                false,
                false);
        assertEquals(ReplicaChoice.BELOW_MINIMUM, decide(0, 2, -1, a, gone).block());
        final ReplicaChoice choice = decide(0, 2, -1, a, b, gone);
        assertEquals(List.of(2L, 1L), chosen(choice));
        assertEquals(4, choice.knownBound(), "its word counts");
        assertEquals(ReplicaChoice.BELOW_MINIMUM, decide(0, 1, -1, gone).block(), "nobody is left");
    }
}
