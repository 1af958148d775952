package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.chain.DurablePrefixDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.replication.ChainBed.Frame;
import io.millrace.replication.ChainRules.Rule;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replicas of one chain, stepped by hand through the schedules that the rules of the protocol are there for. */
@Timeout(120)
final class ChainTest {
    private static void assertAlike(final ChainBed bed, final int... members) {
        final ChainBed.Node first = bed.nodes[members[0]];
        for (final int member : members) {
            final ChainBed.Node node = bed.nodes[member];
            assertEquals("", node.view().haltReason(), "node " + member + " was halted");
            assertEquals(first.view().lastPosition(), node.view().lastPosition(), "last of node " + member);
            assertEquals(first.view().lastHash(), node.view().lastHash(), "hash of node " + member);
            assertEquals(node.view().lastPosition(), node.view().appliedPosition(), "applied by node " + member);
            assertEquals(
                    first.agent.state(ChainBed.CHAIN).stateHash(),
                    node.agent.state(ChainBed.CHAIN).stateHash(),
                    "state of node " + member);
        }
    }

    static void nextEpoch(final ChainBed bed, final long epoch, final long start, final int... members) {
        bed.history.add(new long[] {epoch, start});
        bed.install(epoch, members);
        bed.settle();
        for (final int member : members) {
            assertEquals(epoch, bed.nodes[member].view().chainEpoch(), "epoch of node " + member);
        }
    }

    @Test
    void shouldApplyTheSameEverywhereWhenRecordsPassTheChain() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            for (int i = 1; i <= 50; i++) {
                bed.nodes[0].append(i, "event " + i);
            }
            bed.settle();

            assertAlike(bed, 0, 1, 2);
            assertEquals(52, bed.nodes[2].view().commitPosition());
            assertEquals(1, bed.nodes[0].effectCount, "the head alone reports an effect");
            assertEquals(0, bed.nodes[2].effectCount);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void shouldNotCommitWhenOneMemberIsNotDurable(final int slow) {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            final long before = bed.nodes[2].view().commitPosition();
            bed.nodes[slow].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.settle();

            for (final ChainBed.Node node : bed.nodes) {
                assertEquals(before, node.view().commitPosition(), "node " + node.number);
            }
            bed.nodes[slow].device.hold(false);
            bed.settle();
            assertEquals(before + 1, bed.nodes[0].view().commitPosition());
            assertAlike(bed, 0, 1, 2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TAIL_WAITS_FOR_PREDECESSOR", "ACK_AFTER_OWN_DURABILITY"})
    void shouldCommitTooEarlyWhenARuleOfDurabilityIsOff(final String rule) {
        try (ChainBed bed = new ChainBed(3, ChainRules.ALL.without(Rule.valueOf(rule))).begin(3)) {
            final long before = bed.nodes[2].view().commitPosition();
            final int slow = rule.startsWith("TAIL") ? 1 : 2;
            bed.nodes[slow].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.settle();

            assertEquals(before + 1, bed.nodes[2].view().commitPosition(), "the rule is not what holds it back");
        }
    }

    @Test
    void shouldSendAgainWhenFramesWereLost() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.drops = frame -> frame.templateId() == ReplicateDecoder.TEMPLATE_ID;
            for (int i = 1; i <= 20; i++) {
                bed.nodes[0].append(i, "event " + i);
                bed.deliver();
                bed.turns(1);
            }
            bed.drops = frame -> false;
            bed.settle();

            assertAlike(bed, 0, 1, 2);
            assertTrue(bed.nodes[1].counters().nakCount() > 0, "nothing was asked for again");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void shouldConvergeWhenTheNetworkLosesDoublesAndReorders(final long seed) {
        final Random random = new Random(seed);
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            long number = 0;
            for (int round = 0; round < 200; round++) {
                for (int i = random.nextInt(4); i > 0 && bed.nodes[0].replica.takesRecords(); i--) {
                    bed.nodes[0].append(++number, "event " + number);
                }
                bed.nodes[random.nextInt(3)].device.hold(random.nextInt(3) == 0);
                shuffle(bed, random);
                bed.turns(1 + random.nextInt(3));
            }
            for (final ChainBed.Node node : bed.nodes) {
                node.device.hold(false);
            }
            bed.settle();

            assertAlike(bed, 0, 1, 2);
            assertEquals(number + 2, bed.nodes[0].view().commitPosition());
        }
    }

    private static void shuffle(final ChainBed bed, final Random random) {
        final List<Frame> frames = new ArrayList<>(bed.frames());
        bed.frames().clear();
        if (random.nextInt(4) == 0) {
            Collections.shuffle(frames, random);
        }
        for (final Frame frame : frames) {
            if (random.nextInt(10) > 0) {
                bed.frames().add(frame);
            }
            if (random.nextInt(10) == 0) {
                bed.frames().add(frame);
            }
        }
        if (random.nextInt(3) > 0) {
            bed.deliver();
        }
    }

    /** P1: 8..10 of epoch 1 must not come back behind 7 of epoch 2. */
    @Test
    void shouldCutOffWhatNobodyCommittedWhenAnOldHeadComesBack() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.isolate(0);
            bed.nodes[0].append(2, "lost");
            bed.nodes[0].append(3, "lost, too");
            bed.settle();
            final long committed = bed.nodes[1].view().commitPosition();
            assertEquals(committed + 2, bed.nodes[0].view().lastPosition());

            bed.seal(1, 2);
            bed.seal(2, 2);
            bed.settle();
            nextEpoch(bed, 2, committed + 1, 1, 2);
            bed.nodes[1].append(2, "kept");
            bed.settle();
            assertAlike(bed, 1, 2);

            bed.heal();
            bed.nodes[0].restart();
            bed.seal(0, 3);
            bed.seal(1, 3);
            bed.seal(2, 3);
            bed.settle();
            assertEquals(committed + 2, bed.nodes[0].sealedAnswer().lastPosition());
            nextEpoch(bed, 3, committed + 2, 1, 2, 0);
            bed.nodes[1].append(3, "after");
            bed.settle();
            assertAlike(bed, 0, 1, 2);

            bed.nodes[0].restart();
            assertEquals(committed + 2, bed.nodes[0].view().lastPosition(), "the cut was forgotten");
            assertEquals(bed.nodes[1].view().lastHash(), bed.nodes[0].view().lastHash());
        }
    }

    @Test
    void shouldDivergeWhenTheCutIsLeftOut() {
        try (ChainBed bed = new ChainBed(2, ChainRules.ALL.without(Rule.TRUNCATE_ON_REJOIN)).begin(2)) {
            bed.isolate(0);
            bed.nodes[0].append(1, "lost");
            bed.settle();
            bed.seal(1, 2);
            bed.settle();
            nextEpoch(bed, 2, 3, 1);
            bed.nodes[1].append(1, "kept");
            bed.settle();
            bed.heal();
            bed.seal(0, 3);
            bed.seal(1, 3);
            bed.settle();
            nextEpoch(bed, 3, 4, 1, 0);
            bed.nodes[1].append(2, "after");
            bed.settle();

            assertNotEquals("", bed.nodes[0].view().haltReason(), "two logs became one");
        }
    }

    @Test
    void shouldAnswerSealedOnlyWhenEverythingIssuedIsDurable() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[0].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.seal(0, 2);
            bed.settle();
            assertEquals(0, bed.nodes[0].sealed.length, "answered with a write under way");

            bed.nodes[0].device.hold(false);
            bed.settle();
            final SealedDecoder sealed = bed.nodes[0].sealedAnswer();
            assertEquals(2, sealed.chainEpoch());
            assertEquals(3, sealed.lastPosition());
            assertEquals(3, sealed.durablePosition());
            assertEquals(0, sealed.amnesia());
            assertEquals(1, sealed.complete());
        }
    }

    @Test
    void shouldKeepThePromiseWhenRestarted() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.seal(0, 5);
            bed.settle();
            bed.nodes[0].restart();

            assertEquals(5, bed.nodes[0].view().promisedEpoch());
            bed.history.add(new long[] {4, 3});
            bed.install(4, 0);
            bed.settle();
            assertEquals(0, bed.nodes[0].view().chainEpoch(), "an epoch below the promised one was installed");
        }
    }

    @Test
    void shouldForgetThePromiseWhenItIsNotDurable() {
        try (ChainBed bed = new ChainBed(3, ChainRules.ALL.without(Rule.PROMISE_DURABLE_BEFORE_SEALED)).begin(3)) {
            bed.seal(0, 5);
            bed.settle();
            assertEquals(5, bed.nodes[0].sealedAnswer().chainEpoch());
            bed.nodes[0].restart();
            assertEquals(1, bed.nodes[0].view().promisedEpoch());
        }
    }

    /** L1: a Seal that comes late must not stop the epoch that it led to. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldIgnoreALateSeal(final boolean holds) {
        final ChainRules rules = holds ? ChainRules.ALL : ChainRules.ALL.without(Rule.LATE_SEAL_IGNORED);
        try (ChainBed bed = new ChainBed(2, rules).begin(2)) {
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.settle();
            nextEpoch(bed, 2, 3, 0, 1);
            bed.seal(1, 2);
            bed.settle();
            assertEquals(holds, !bed.nodes[1].view().isSealed());
        }
    }

    /** D1: an Install is for one run of a node. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldNotTakeAnInstallOfAnotherRun(final boolean holds) {
        final ChainRules rules = holds ? ChainRules.ALL : ChainRules.ALL.without(Rule.INSTALL_BOUND_TO_INCARNATION);
        try (ChainBed bed = new ChainBed(2, rules).begin(2)) {
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.settle();
            bed.history.add(new long[] {2, 3});
            final byte[] install = bed.installMessage(2, 0, 1);
            bed.nodes[0].restart();
            bed.installOn(0, install);
            bed.settle();
            assertEquals(holds ? 0 : 2, bed.nodes[0].view().chainEpoch());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shouldResumeNoEpochWhenRestarted(final boolean holds) {
        final ChainRules rules = holds ? ChainRules.ALL : ChainRules.ALL.without(Rule.RESTART_FORGETS_EPOCH);
        try (ChainBed bed = new ChainBed(2, rules).begin(2)) {
            final byte[] install = bed.installMessage(1, 0, 1);
            bed.nodes[0].restart();
            bed.installOn(0, install);
            bed.settle();
            assertEquals(holds ? 0 : 1, bed.nodes[0].view().chainEpoch());
        }
    }

    /** A sealed tail takes no progress of its old epoch any more. */
    @ParameterizedTest
    @ValueSource(strings = {"", "NO_ACK_AFTER_SEALED", "FENCE_AFTER_SEAL"})
    void shouldCommitNothingWhenSealed(final String rule) {
        final ChainRules rules = rule.isEmpty() ? ChainRules.ALL : ChainRules.ALL.without(Rule.valueOf(rule));
        try (ChainBed bed = new ChainBed(2, rules).begin(2)) {
            final long before = bed.nodes[1].view().commitPosition();
            bed.drops = frame -> frame.templateId() == DurablePrefixDecoder.TEMPLATE_ID;
            bed.nodes[0].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.seal(1, 2);
            bed.settle();
            bed.nodes[0].device.hold(false);
            bed.drops = frame -> false;
            bed.settle();

            assertEquals(
                    rule.isEmpty() ? before : before + 1, bed.nodes[1].view().commitPosition());
        }
    }

    /** P5: a device that was wiped answers like one that was never a member, and is taken in by learning only. */
    @Test
    void shouldAnswerAmnesiaWhenTheDeviceWasWiped() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.nodes[2].crash();
            bed.nodes[2].format();
            bed.nodes[2].start();
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.seal(2, 2);
            bed.settle();
            assertEquals(1, bed.nodes[2].sealedAnswer().amnesia());
            assertEquals(0, bed.nodes[0].sealedAnswer().amnesia());
            nextEpoch(bed, 2, 4, 0, 1);
            bed.nodes[0].append(2, "two");
            bed.settle();

            bed.learn(2, 2, 2, 1);
            bed.settle();
            assertTrue(bed.nodes[2].complete.length > 0, "the learner never had everything");
            assertEquals(bed.nodes[0].view().lastPosition(), bed.nodes[2].view().lastPosition());
            bed.sinceEpochs.put(2, 2L);
            bed.seal(0, 3);
            bed.seal(1, 3);
            bed.seal(2, 3, 2);
            bed.settle();
            assertEquals(0, bed.nodes[2].sealedAnswer().amnesia());
            assertEquals(1, bed.nodes[2].sealedAnswer().learner());
            assertEquals(1, bed.nodes[2].sealedAnswer().complete());
            nextEpoch(bed, 3, 5, 0, 1, 2);
            bed.nodes[0].append(3, "three");
            bed.settle();
            assertAlike(bed, 0, 1, 2);
        }
    }

    /** P5: a member that is no learner and has another membership than the one it should drops its log to learn. */
    @Test
    void shouldDropTheLogWhenItBelongsToAnotherMembership() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.settle();
            nextEpoch(bed, 2, 4, 0, 1);
            bed.learn(2, 2, 2, 1);
            bed.settle();
            assertTrue(bed.nodes[2].complete.length > 0);
            assertEquals(2, bed.nodes[2].view().memberSinceEpoch());
            assertEquals(bed.nodes[0].view().lastHash(), bed.nodes[2].view().lastHash());
            bed.nodes[2].restart();
            assertEquals(2, bed.nodes[2].view().memberSinceEpoch());
            assertEquals(bed.nodes[0].view().lastHash(), bed.nodes[2].view().lastHash(), "learnt again or not at all");
        }
    }

    /** P4: a batch that rotted is filled in from another member, not cut off. */
    @Test
    void shouldFillWhatRottedWhenOthersHaveIt() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            for (int i = 1; i <= 30; i++) {
                bed.nodes[0].append(i, "event " + i);
                bed.settle();
            }
            final long address = bed.nodes[1].agent.journal().addressOf(ChainBed.CHAIN, 12);
            bed.nodes[1].crash();
            bed.nodes[1].medium[(int) address + 200] ^= 0x40;
            bed.nodes[1].start();
            assertTrue(bed.nodes[1].view().isDamaged(), "nothing was missed");
            bed.settle();
            assertTrue(bed.nodes[1].view().appliedPosition() < 12, "what is behind the hole was applied");
            for (int i = 0; i < 3; i++) {
                bed.seal(i, 2);
            }
            bed.settle();
            assertEquals(1, bed.nodes[1].sealedAnswer().damaged());
            assertEquals(32, bed.nodes[1].sealedAnswer().lastPosition());
            nextEpoch(bed, 2, 33, 0, 2);
            bed.nodes[0].append(31, "event 31");
            bed.settle();

            bed.learn(1, 2, 1, 0);
            bed.settle();
            assertFalse(bed.nodes[1].view().isDamaged(), "the hole was not filled");
            assertTrue(bed.nodes[1].complete.length > 0);
            for (int i = 0; i < 3; i++) {
                bed.seal(i, 3);
            }
            bed.settle();
            nextEpoch(bed, 3, 34, 0, 2, 1);
            assertAlike(bed, 0, 1, 2);

            bed.nodes[1].restart();
            assertFalse(bed.nodes[1].view().isDamaged(), "the fill was forgotten");
            assertEquals(bed.nodes[0].view().lastHash(), bed.nodes[1].view().lastHash());
        }
    }

    /** P4: taken as torn, the rotted batch ends the log, and nobody is told. */
    @Test
    void shouldLoseTheRestWhenRotIsTakenAsTorn() {
        final ChainRules rules = ChainRules.ALL.without(Rule.CORRUPTION_IS_NOT_TORN);
        try (ChainBed bed = new ChainBed(1, rules).begin(1)) {
            for (int i = 1; i <= 30; i++) {
                bed.nodes[0].append(i, "event " + i);
                bed.settle();
            }
            final long address = bed.nodes[0].agent.journal().addressOf(ChainBed.CHAIN, 12);
            bed.nodes[0].crash();
            bed.nodes[0].medium[(int) address + 200] ^= 0x40;
            bed.nodes[0].start();
            assertEquals(11, bed.nodes[0].view().lastPosition());
            assertFalse(bed.nodes[0].view().isDamaged());
        }
    }

    /** P4: a torn end is reported, also by the run after the next. */
    @Test
    void shouldReportATornEndUntilInstalled() {
        try (ChainBed bed = new ChainBed(2).begin(2)) {
            bed.nodes[1].device.hold(true);
            for (int i = 1; i <= 20; i++) {
                bed.nodes[0].append(i, "an event that is long enough to fill more than a sector of the batch " + i);
            }
            bed.settle();
            bed.nodes[1].isUp = false;
            bed.nodes[1].device.crash(2);
            bed.nodes[1].agent.close();
            bed.nodes[1].start();
            assertTrue(bed.nodes[1].view().isUncertain(), "a torn end went unnoticed");
            bed.settle();
            bed.nodes[1].restart();
            assertTrue(bed.nodes[1].view().isUncertain(), "a torn end was forgotten");
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.settle();
            assertEquals(1, bed.nodes[1].sealedAnswer().uncertainTail());
            nextEpoch(bed, 2, bed.nodes[0].view().lastPosition() + 1, 0, 1);
            assertFalse(bed.nodes[1].view().isUncertain());
            assertAlike(bed, 0, 1);
        }
    }

    /** P6: a new head validates against what it holds and does not know to be committed. */
    @Test
    void shouldGoOnBehindTheUncommittedTailWhenItBecomesHead() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[2].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.nodes[0].append(2, "two");
            bed.settle();
            final long committed = bed.nodes[1].view().commitPosition();
            bed.isolate(0);
            bed.seal(1, 2);
            bed.nodes[2].device.hold(false);
            bed.seal(2, 2);
            bed.settle();
            assertEquals(committed, bed.nodes[1].view().appliedPosition(), "applied and not committed");
            nextEpoch(bed, 2, committed + 3, 1, 2);
            bed.nodes[1].append(3, "three");
            bed.settle();
            assertAlike(bed, 1, 2);
            assertEquals(committed + 3, bed.nodes[1].view().commitPosition());
        }
    }

    @Test
    void shouldApplyTooMuchWhenUncommittedRecordsAreApplied() {
        try (ChainBed bed = new ChainBed(2, ChainRules.ALL.without(Rule.APPLIES_COMMITTED_ONLY)).begin(2)) {
            bed.isolate(1);
            bed.nodes[0].append(1, "one");
            bed.settle();
            assertTrue(
                    bed.nodes[0].view().appliedPosition() > bed.nodes[1].view().lastPosition());
        }
    }

    /** P12: an effect that comes again, late and at another head, changes nothing. */
    @Test
    void shouldTakeAnEffectOnceWhenItIsRepeatedAtANewHead() {
        try (ChainBed bed = new ChainBed(2).begin(2)) {
            bed.effect(0, 2, EffectAction.SEAL_SEGMENT);
            bed.settle();
            bed.isolate(0);
            bed.seal(1, 2);
            bed.settle();
            final long last = bed.nodes[1].view().lastPosition();
            nextEpoch(bed, 2, last + 1, 1);
            bed.effect(1, 1, EffectAction.CREATE_SEGMENT);
            bed.effect(1, 2, EffectAction.SEAL_SEGMENT);
            bed.settle();
            assertEquals(last, bed.nodes[1].view().lastPosition());
            assertEquals(2, bed.nodes[1].effectCount, "not reported again");
        }
    }

    @Test
    void shouldPassABarrierOnlyWhenEveryMemberTakesPart() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            final List<String> heard = new ArrayList<>();
            bed.nodes[0].agent.barrierHandler((chain, id, passed) -> heard.add(id + " " + passed));
            assertTrue(bed.nodes[0].agent.readBarrier(ChainBed.CHAIN, 7));
            bed.settle();
            assertEquals(List.of("7 true"), heard);
            assertFalse(bed.nodes[1].agent.readBarrier(ChainBed.CHAIN, 8), "not the head");

            bed.seal(1, 2);
            bed.settle();
            assertTrue(bed.nodes[0].agent.readBarrier(ChainBed.CHAIN, 9));
            bed.settle();
            assertEquals(List.of("7 true", "9 false"), heard);
        }
    }

    /** Who loses the member between them goes on at once. */
    @Test
    void shouldHaveLinksToAllMembersWhenInstalled() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            assertEquals(Set.of(1, 2), bed.nodes[0].linked);
            assertEquals(Set.of(0, 2), bed.nodes[1].linked);
            assertEquals(Set.of(0, 1), bed.nodes[2].linked);
        }
    }

    /** Two records for one position: the second halts the replica that has the first. */
    @Test
    void shouldHaltWhenARecordContradictsTheLog() {
        try (ChainBed bed = new ChainBed(2).begin(2)) {
            bed.nodes[0].append(1, "one");
            bed.turns(1);
            for (final Frame frame : bed.frames()) {
                if (frame.templateId() == ReplicateDecoder.TEMPLATE_ID) {
                    final org.agrona.concurrent.UnsafeBuffer bytes =
                            new org.agrona.concurrent.UnsafeBuffer(frame.bytes());
                    final int record = 8 + ReplicateDecoder.BLOCK_LENGTH + 4;
                    bytes.putLong(record + 32, 12345); // its previous hash
                }
            }
            bed.deliver();
            bed.turns(1);
            assertNotEquals("", bed.nodes[1].view().haltReason());
        }
    }

    @Test
    void shouldRunAsAChainOfOneWhenInstalledAlone() {
        try (ChainBed bed = new ChainBed(1).begin(1)) {
            for (int i = 1; i <= 10; i++) {
                bed.nodes[0].append(i, "event " + i);
            }
            bed.settle();
            assertAlike(bed, 0);
            assertEquals(12, bed.nodes[0].view().commitPosition());
            bed.nodes[0].restart();
            bed.seal(0, 2);
            bed.settle();
            nextEpoch(bed, 2, 13, 0);
            bed.nodes[0].append(11, "event 11");
            bed.settle();
            assertAlike(bed, 0);
            assertEquals(13, bed.nodes[0].view().commitPosition());
        }
    }

    /** P6: a checkpoint holds committed records only; what it does not hold is folded again. */
    @Test
    void shouldGoOnFromACheckpointWhenAllAreRestarted() {
        try (ChainBed bed = new ChainBed(3).checkpointEvery(64 << 10).begin(3)) {
            final String payload = "x".repeat(900);
            long number = 0;
            for (int round = 0; round < 60; round++) {
                for (int i = 0; i < 20; i++) {
                    bed.nodes[0].append(++number, payload);
                }
                bed.deliver();
                bed.turns(2);
            }
            bed.settle();
            for (final ChainBed.Node node : bed.nodes) {
                assertTrue(
                        node.agent.journal().counters().checkpointCount() > 0,
                        "node " + node.number + " took no checkpoint");
                assertTrue(node.view().basePosition() > 0);
            }
            bed.nodes[2].device.hold(true);
            bed.nodes[0].append(++number, payload);
            bed.nodes[0].append(++number, payload);
            bed.settle();
            for (final ChainBed.Node node : bed.nodes) {
                node.restart();
                assertTrue(node.view().basePosition() > 0, "node " + node.number + " folded everything");
            }
            for (int i = 0; i < 3; i++) {
                bed.seal(i, 2);
            }
            bed.settle();
            final long last = bed.nodes[0].sealedAnswer().lastPosition();
            assertEquals(number + 2, last);
            assertEquals(number, bed.nodes[2].sealedAnswer().lastPosition());
            nextEpoch(bed, 2, last + 1, 0, 1, 2);
            bed.nodes[0].append(++number, payload);
            bed.settle();
            assertAlike(bed, 0, 1, 2);
        }
    }

    /** A member that falls behind what is kept is told so; one that needs records off the ring gets them. */
    @Test
    void shouldReadOldRecordsFromTheDeviceWhenAMemberWasAway() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[2].crash();
            for (int i = 0; i < 2; i++) {
                bed.seal(i, 2);
            }
            bed.settle();
            nextEpoch(bed, 2, 3, 0, 1);
            final String payload = "y".repeat(2_000);
            for (int i = 1; i <= 4_000; i++) {
                bed.nodes[0].append(i, payload);
                if (i % 10 == 0) {
                    bed.deliver();
                    bed.turns(1);
                }
            }
            bed.settle();
            bed.nodes[2].start();
            bed.learn(2, 2, 1, 0);
            for (int i = 0; i < 40 && bed.nodes[2].complete.length == 0; i++) {
                bed.settle();
            }
            assertTrue(bed.nodes[2].complete.length > 0, "stuck at " + bed.nodes[2].view());
            for (int i = 0; i < 3; i++) {
                bed.seal(i, 3);
            }
            bed.settle();
            nextEpoch(bed, 3, 4_003, 0, 1, 2);
            bed.nodes[0].append(4_001, payload);
            bed.settle();
            assertAlike(bed, 0, 1, 2);
        }
    }

    /** P8: a learner whose source has freed records gets the state, what is live of the rest, and is complete then. */
    @Test
    void shouldLearnFromASnapshotWhenRecordsWereFreed() {
        try (ChainBed bed = new ChainBed(3).checkpointEvery(512 << 10).begin(2)) {
            final String payload = "z".repeat(2_000);
            long number = 0;
            for (int i = 1; i <= 5_000; i++) {
                bed.nodes[0].append(++number, payload);
                if (i % 10 == 0) {
                    bed.deliver();
                    bed.turns(1);
                }
            }
            bed.settle();
            bed.effect(0, 2, EffectAction.TRUNCATE_SEGMENT, 4_000L * 2_012);
            bed.settle();
            for (int i = 1; i <= 1_000; i++) {
                bed.nodes[0].append(++number, payload);
                if (i % 10 == 0) {
                    bed.deliver();
                    bed.turns(1);
                }
            }
            bed.settle();
            assertTrue(bed.nodes[0].agent.journal().addressOf(ChainBed.CHAIN, 1) < 0, "nothing was freed");

            bed.learn(2, 1, 1, 0);
            for (int i = 0; i < 60 && bed.nodes[2].complete.length == 0; i++) {
                bed.settle();
                bed.nodes[0].append(++number, payload);
            }
            assertTrue(bed.nodes[2].complete.length > 0, "stuck at " + bed.nodes[2].view());
            assertTrue(bed.nodes[2].view().basePosition() > 5_000);
            bed.settle();
            bed.nodes[2].restart();
            assertTrue(bed.nodes[2].view().basePosition() > 5_000, "the snapshot was forgotten");
            for (int i = 0; i < 3; i++) {
                bed.seal(i, 2);
            }
            bed.settle();
            nextEpoch(bed, 2, bed.nodes[0].view().lastPosition() + 1, 0, 1, 2);
            bed.nodes[0].append(++number, payload);
            bed.settle();
            assertAlike(bed, 0, 1, 2);
            final long live = bed.nodes[2].view().basePosition() - 100;
            assertTrue(bed.nodes[2].agent.journal().addressOf(ChainBed.CHAIN, live) > 0, "live bytes are missing");
        }
    }

    /** P15: received by all is no commit, and is known everywhere before the slowest device has it. */
    @Test
    void shouldKnowWhatAllHaveReceivedWhenOneIsNotDurable() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[2].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.settle();
            for (final ChainBed.Node node : bed.nodes) {
                assertEquals(2, node.view().commitPosition());
                assertEquals(3, node.view().receivedByAllPosition(), "node " + node.number);
            }
        }
    }

    /** A device that lags shows in its own age, not in that of the others; the chain's lag shows at the head. */
    @Test
    void shouldTellWhoIsSlowWhenAMemberIsNotDurable() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nodes[1].device.hold(true);
            bed.nodes[0].append(1, "one");
            bed.settle();
            assertTrue(bed.nodes[1].view().durableLagNs() > 10_000_000);
            assertEquals(0, bed.nodes[0].view().durableLagNs());
            assertEquals(0, bed.nodes[2].view().durableLagNs());
            assertTrue(bed.nodes[0].view().commitLagNs() > 10_000_000);
            assertTrue(bed.nodes[1].agent.journal().oldestInFlightNs(bed.nowNs) > 10_000_000, "a stall is no lag");
            assertTrue(bed.nodes[0].view().successorSilenceNs() < 10_000_000);
        }
    }

    /** Digests of neighbours are compared, and agree. */
    @Test
    void shouldCompareDigestsWhenTimePasses() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.nowNs += 2 * Digests.INTERVAL_NS;
            bed.settle();
            assertTrue(bed.nodes[1].counters().digestCount() > 0);
            assertTrue(bed.nodes[2].counters().digestCount() > 0);
            assertEquals(0, bed.nodes[2].counters().divergenceCount());
        }
    }
}
