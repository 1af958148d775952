package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.LogFormat;
import io.millrace.codec.chain.RangeDataDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.log.ChainMembershipBodyEncoder;
import io.millrace.codec.log.RecordKind;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Orders to a learner that come late or twice; all but the last schedule are counter-examples of the model. */
@Timeout(120)
final class LearnerTest {
    private static void seal(final ChainBed bed, final long epoch, final int... nodes) {
        for (final int node : nodes) {
            bed.seal(node, epoch);
        }
        bed.settle();
    }

    /** Who learns in an epoch has left all below it: a head of an older one would write behind what it has learnt. */
    @Test
    void shouldTakeNoOlderInstallWhenItHasBegunToLearn() {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            seal(bed, 2, 0, 1, 2);
            bed.history.add(new long[] {2, 3});
            final byte[] late = bed.installMessage(2, 2, 0, 1);
            seal(bed, 3, 0, 1);
            ChainTest.nextEpoch(bed, 3, 3, 0, 1);
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.learn(2, 3, 1, 1);
            bed.settle();
            assertEquals(3, bed.nodes[2].view().lastPosition(), "nothing was learnt");

            bed.installOn(2, late);
            bed.settle();

            assertNotEquals(2, bed.nodes[2].view().chainEpoch(), "an epoch below the one in which it learns");
            assertEquals(3, bed.nodes[2].view().promisedEpoch());
            assertTrue(bed.nodes[2].view().isLearner(), "it learns no more");
            bed.nodes[2].restart();
            assertEquals(3, bed.nodes[2].view().promisedEpoch(), "the promise was forgotten");
        }
    }

    /** The source has gone on in an epoch in which the learner's uncommitted end is not valid any more. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3})
    void shouldCommitNothingThatTheSourceDoesNotHave(final int events) {
        try (ChainBed bed = new ChainBed(3).begin(3)) {
            bed.isolate(2);
            bed.nodes[0].append(1, "lost");
            bed.nodes[0].append(2, "lost, too");
            bed.settle();
            bed.heal();
            bed.drops = frame -> frame.templateId() == ReplicateDecoder.TEMPLATE_ID;
            seal(bed, 2, 1, 2);
            assertEquals(4, bed.nodes[1].sealedAnswer().lastPosition());
            assertEquals(2, bed.nodes[2].sealedAnswer().lastPosition());
            ChainTest.nextEpoch(bed, 2, 5, 1, 2);
            bed.learn(0, 2, 1, 2);
            bed.settle();
            assertEquals(4, bed.nodes[0].view().lastPosition(), "what is valid was cut off");
            bed.nodes[1].crash();
            seal(bed, 3, 2);
            ChainTest.nextEpoch(bed, 3, 3, 2);
            for (int i = 1; i <= events; i++) {
                bed.nodes[2].append(i, "kept " + i);
            }
            bed.settle();

            assertEquals(2 + events, bed.nodes[2].view().commitPosition());
            assertEquals(2, bed.nodes[0].view().appliedPosition(), "applied what was never committed");

            bed.learn(0, 3, 1, 2);
            bed.settle();
            assertEquals("", bed.nodes[0].view().haltReason());
            assertEquals(2 + events, bed.nodes[0].view().appliedPosition());
            assertEquals(
                    bed.nodes[2].agent.state(ChainBed.CHAIN).stateHash(),
                    bed.nodes[0].agent.state(ChainBed.CHAIN).stateHash());
        }
    }

    /** P8: the records that a snapshot lists are wanted, whatever epoch asks for them, and whoever gives them. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void shouldFetchWhatASnapshotListsWhenTheEpochChanges(final int source) {
        try (ChainBed bed = new ChainBed(3).checkpointEvery(512 << 10).begin(2)) {
            long number = append(bed, 0, 5_000);
            bed.effect(0, 2, EffectAction.TRUNCATE_SEGMENT, 4_000L * 2_012);
            bed.settle();
            number = append(bed, number, 1_000);
            assertTrue(bed.nodes[0].agent.journal().addressOf(ChainBed.CHAIN, 1) < 0, "nothing was freed");
            bed.learn(2, 1, 1, 0);
            bed.drops = frame -> frame.templateId() == RangeDataDecoder.TEMPLATE_ID && listsRecords(bed);
            for (int i = 0; i < 60 && !listsRecords(bed); i++) {
                bed.settle();
            }
            assertTrue(listsRecords(bed), "there is no snapshot");
            seal(bed, 2, 0, 1);
            ChainTest.nextEpoch(bed, 2, bed.nodes[0].view().lastPosition() + 1, 0, 1);
            bed.learn(2, 2, 1, source);
            bed.drops = frame -> false;
            for (int i = 0; i < 120 && bed.nodes[2].complete.length == 0; i++) {
                bed.settle();
                bed.nowNs += 100_000_000; // the source keeps the snapshot that is fetched no more for some seconds
                bed.nodes[0].append(++number, "more");
            }

            assertTrue(bed.nodes[2].complete.length > 0, "stuck at " + bed.nodes[2].view());
            assertEquals("", bed.nodes[2].view().haltReason());
            for (long live = 4_500; live < 5_500; live += 100) {
                assertTrue(
                        bed.nodes[2].agent.journal().addressOf(ChainBed.CHAIN, live) > 0,
                        "complete without position " + live);
            }
        }
    }

    /** The device's other chains go on meanwhile: checkpoints free the zones that they fill, again and again. */
    @Test
    void shouldTakeMoreThanTheJournalHoldsWhileASnapshotIsFetched() {
        try (ChainBed bed = new ChainBed(3).checkpointEvery(512 << 10).begin(2)) {
            long number = append(bed, 0, 5_000);
            bed.effect(0, 2, EffectAction.TRUNCATE_SEGMENT, 4_000L * 2_012);
            bed.settle();
            number = append(bed, number, 1_000);
            bed.learn(2, 1, 1, 0);
            bed.drops = frame -> frame.templateId() == RangeDataDecoder.TEMPLATE_ID && listsRecords(bed);
            for (int i = 0; i < 60 && !listsRecords(bed); i++) {
                bed.settle();
            }
            assertTrue(listsRecords(bed), "there is no snapshot");
            overfill(bed, bed.nodes[2]);
            bed.drops = frame -> false;
            for (int i = 0; i < 40 && bed.nodes[2].complete.length == 0; i++) {
                bed.settle();
                bed.nodes[0].append(++number, "more");
            }
            assertTrue(bed.nodes[2].complete.length > 0, "stuck at " + bed.nodes[2].view());
            bed.seal(2, 2);
            bed.settle();

            assertEquals(2, bed.nodes[2].sealedAnswer().chainEpoch());
            assertEquals("", bed.nodes[2].view().haltReason());
        }
    }

    /** Three times its capacity, as other chains of the device do: a batch of a granule a turn. */
    private static void overfill(final ChainBed bed, final ChainBed.Node node) {
        final ChainReplica replica = node.replica;
        int refused = 0;
        for (long written = 0; written < 3L * node.medium.length && refused < 2_000; bed.turns(1)) {
            final int index = replica.takesForeign()
                    ? replica.beginLocal(RecordKind.CHAIN_MEMBERSHIP, ChainMembershipBodyEncoder.BLOCK_LENGTH)
                    : -1;
            if (index >= 0) {
                new ChainMembershipBodyEncoder()
                        .wrap(replica.buffer(), index + LogFormat.RECORD_HEADER_LENGTH)
                        .sinceEpoch(1)
                        .deviceUuidHigh(0)
                        .deviceUuidLow(0)
                        .incarnation(1)
                        .promisedEpoch(1);
                replica.sequenceLocal(index, ChainMembershipBodyEncoder.BLOCK_LENGTH);
                written += 4 << 10;
            }
            refused = replica.takesForeign() ? 0 : refused + 1;
        }
        assertTrue(replica.takesForeign(), "the journal stays full");
    }

    private static boolean listsRecords(final ChainBed bed) {
        final LearnOrder learn = bed.nodes[2].replica.orders().learn;
        final SnapshotFetch snapshot = learn == null ? null : learn.snapshot;
        return snapshot != null && snapshot.stage == SnapshotFetch.Stage.RECORDS;
    }

    private static long append(final ChainBed bed, final long from, final int count) {
        final String payload = "z".repeat(2_000);
        for (int i = 1; i <= count; i++) {
            bed.nodes[0].append(from + i, payload);
            if (i % 10 == 0) {
                bed.deliver();
                bed.turns(1);
            }
        }
        bed.settle();
        return from + count;
    }

    /** The commit position has moved on with every answer, and what has just come is not durable yet. */
    @Test
    void shouldBeCompleteWhenTheChainIsWrittenToAllTheTime() {
        try (ChainBed bed = new ChainBed(2).begin(1)) {
            append(bed, 0, 1_000);
            bed.learn(1, 1, 1, 0);
            for (int i = 1; i <= 1_000 && bed.nodes[1].complete.length == 0; i++) {
                bed.nodes[0].append(1_000 + i, "more");
                bed.deliver();
                bed.turns(1);
            }
            assertTrue(bed.nodes[1].complete.length > 0, "stuck at " + bed.nodes[1].view());
            final long behind =
                    bed.nodes[0].view().commitPosition() - bed.nodes[1].view().durablePosition();
            assertTrue(behind < 50, "complete so many records behind: " + behind);
        }
    }

    /** A Retire of an older epoch must not empty the log of who has answered the next seal with it. */
    @Test
    void shouldKeepTheLogWhenALateRetireArrives() {
        try (ChainBed bed = new ChainBed(3).begin(2)) {
            bed.nodes[0].append(1, "one");
            bed.settle();
            bed.learn(2, 1, 1, 1);
            bed.settle();
            bed.seal(0, 2);
            bed.seal(1, 2);
            bed.seal(2, 2);
            bed.settle();
            assertEquals(3, bed.nodes[2].sealedAnswer().lastPosition());

            bed.retire(2, 1, 1);
            bed.settle();

            assertEquals(3, bed.nodes[2].view().lastPosition(), "the log is gone");
            assertNotNull(bed.nodes[2].replica.orders().learn);
            ChainTest.nextEpoch(bed, 2, 4, 0, 1, 2);
            bed.retire(2, 2, 1);
            bed.settle();
            assertEquals(3, bed.nodes[2].view().lastPosition(), "a member was retired");
        }
    }
}
