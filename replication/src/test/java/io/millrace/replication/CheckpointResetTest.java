package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.control.EffectAction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A chain is emptied while the device's checkpoint is under way: before the chain's turn, in it, or behind it. */
@Timeout(120)
final class CheckpointResetTest {
    private static final int MOST_EVENTS = 66;

    /** Seed 149 of the simulation: the walk over what is live met a log that was not there any more. */
    @Test
    void shouldGoOnWhenAChainIsRetiredWhileACheckpointIsTaken() {
        long taken = 0;
        for (int events = 40; events < MOST_EVENTS; events++) {
            for (int turns = 1; turns < 4; turns++) {
                taken += retireBehind(events, turns);
            }
        }
        assertTrue(taken > 0, "no checkpoint was under way");
    }

    private static long retireBehind(final int events, final int turns) {
        try (ChainBed bed = new ChainBed(2).checkpointEvery(64 << 10).begin(2)) {
            final ChainBed.Node node = bed.nodes[1];
            final String payload = "x".repeat(900);
            for (int number = 1; number <= events; number++) {
                bed.nodes[0].append(number, payload);
                bed.deliver();
                bed.turns(1);
            }
            bed.isolate(1);
            bed.turns(turns);
            final long before = node.agent.journal().counters().checkpointCount();
            for (int again = 0; again < 4; again++) {
                bed.retire(1, 2, 1);
                bed.turns(1);
            }
            bed.settle();

            assertEquals(0, node.view().memberSinceEpoch(), "not retired");
            final long taken = node.agent.journal().counters().checkpointCount() - before;
            node.restart();
            assertEquals(0, node.view().memberSinceEpoch(), "the membership came back");
            assertEquals(0, node.view().lastPosition(), "the log came back");
            return taken;
        }
    }

    /** Seed 149: what an earlier order has fetched of a snapshot was taken for the whole of it (P8). */
    @Test
    void shouldFetchASnapshotAnewWhenAnotherOrderComesBetween() {
        try (ChainBed bed = truncatedSource()) {
            final ChainBed.Node learner = bed.nodes[2];
            bed.learn(2, 1, 1, 0);
            for (int i = 0; i < 2_000 && !learner.replica.orders().lacksRecords; i++) {
                bed.deliver();
                bed.turns(1);
            }
            for (int i = 0; i < 20; i++) {
                bed.deliver();
                bed.turns(1);
            }
            assertTrue(learner.replica.orders().lacksRecords, "too late");

            bed.learn(2, 1, 1, 1);
            bed.seal(2, 2, 1);
            bed.turns(3);
            assertEquals(0, learner.sealedAnswer().complete(), "half a snapshot");
            bed.learn(2, 2, 1, 1);
            for (int i = 0; i < 60 && learner.complete.length == 0; i++) {
                bed.settle();
            }
            assertTrue(learner.complete.length > 0, "stuck at " + learner.view());
            for (long position = 4_010;
                    position < learner.view().lastPosition();
                    position += position == 5_002 ? 2 : 1) {
                assertTrue(
                        learner.agent.journal().addressOf(ChainBed.CHAIN, position) > 0,
                        "position " + position + " is missing");
            }
            learner.restart();
            assertTrue(learner.view().basePosition() > 5_000, "the snapshot was forgotten");
        }
    }

    /** A device that fetched a snapshot for one chain freed no zone for the others: its journal filled up for good. */
    @Test
    void shouldTakeCheckpointsWhileASnapshotIsFetched() {
        try (ChainBed bed = truncatedSource()) {
            final ChainBed.Node learner = bed.nodes[2];
            bed.learn(2, 1, 1, 0);

            assertTrue(checkpointsOfAPart(bed, Long.MAX_VALUE) > 0, "none was taken");

            bed.settle();
            assertTrue(learner.complete.length > 0, "stuck at " + learner.view());
            assertWhole(learner);
            learner.restart();
            assertWhole(learner);
        }
    }

    @Test
    void shouldFetchASnapshotAnewBehindACheckpointThatHoldsAPartOfIt() {
        try (ChainBed bed = truncatedSource()) {
            final ChainBed.Node learner = bed.nodes[2];
            bed.learn(2, 1, 1, 0);
            assertEquals(1, checkpointsOfAPart(bed, 1), "none was taken");
            bed.frames().clear();

            learner.restart();
            assertEquals(0, learner.view().lastPosition(), "a part was taken for the whole");
            assertEquals(1, learner.view().memberSinceEpoch());
            appendAll(bed, 6_001, 6_050, "y".repeat(2_000));
            bed.learn(2, 1, 1, 1); // the other member still keeps the first one
            for (int i = 0; i < 20 && learner.complete.length == 0; i++) {
                bed.settle();
            }
            assertTrue(learner.complete.length > 0, "stuck at " + learner.view());
            assertWhole(learner);
            learner.restart();
            assertWhole(learner);
        }
    }

    /** Seed 1435: recovery met the record of an epoch whose records the checkpoint, begun before, did not hold. */
    @Test
    void shouldGiveACheckpointUpWhenALogIsCutBeforeWhereItStoodAtItsBegin() {
        int begun = 0;
        for (int events = 20; events < 36; events++) {
            begun += cutBehind(events) ? 1 : 0;
        }
        assertTrue(begun > 0, "no checkpoint began before the cut");
    }

    private static boolean cutBehind(final int events) {
        try (ChainBed bed = new ChainBed(2).checkpointEvery(64 << 10).begin(2)) {
            final ChainBed.Node head = bed.nodes[0];
            appendAll(bed, 1, 10, "a");
            bed.isolate(1);
            for (int number = 11; number <= events; number++) {
                head.append(number, "x".repeat(900));
                bed.turns(3);
            }
            final long common = bed.nodes[1].view().lastPosition();
            final long last = head.view().lastPosition();
            bed.seal(0, 2);
            bed.turns(5);
            final boolean isBegun = !head.agent.journal().checkpoint().isIdle();
            bed.history.add(new long[] {2, last + 1});
            bed.installOn(0, bed.installMessage(2, 0, 1));
            bed.turns(5);
            assertEquals(2, head.view().chainEpoch());

            bed.frames().clear();
            bed.heal();
            bed.seal(1, 3);
            bed.turns(5);
            bed.history.set(1, new long[] {3, common + 1});
            bed.installOn(1, bed.installMessage(3, 1));
            bed.turns(5);
            assertEquals(3, bed.nodes[1].view().chainEpoch());
            bed.seal(0, 4);
            bed.turns(5);
            bed.learn(0, 4, 1, 1);
            bed.settle();
            assertEquals(common, head.view().lastPosition(), "not cut");

            head.restart();

            assertEquals(common, head.view().lastPosition());
            return isBegun;
        }
    }

    /** Recovery met the first of two cuts without its records: those of an older epoch than the checkpoint's. */
    @Test
    void shouldGiveACheckpointUpWhenALogIsCutTwiceAfterItsBegin() {
        for (int common = 1; common < 4; common++) {
            for (int regrown = 1; regrown < 4; regrown++) {
                cutTwice(common, regrown);
            }
        }
    }

    private static void cutTwice(final int commonBehindBegin, final int regrown) {
        try (ChainBed bed = new ChainBed(2).checkpointEvery(64 << 10).begin(2)) {
            final ChainBed.Node head = bed.nodes[0];
            final ChainBed.Node other = bed.nodes[1];
            appendAll(bed, 1, 10, "a");
            bed.drops = frame -> frame.from() == other; // nothing more is committed at the head
            int number = 10;
            while (head.agent.journal().checkpoint().isIdle()) {
                head.append(++number, "x".repeat(900));
                bed.deliver();
                bed.turns(3);
                assertTrue(number < 200, "no checkpoint began");
            }
            for (int i = 0; i < commonBehindBegin; i++) {
                head.append(++number, "x".repeat(900));
                bed.turns(1);
                bed.deliver();
            }
            bed.turns(3);
            final long common = other.view().lastPosition();
            bed.isolate(1);
            for (int i = 0; i < 20; i++) {
                head.append(number + 1 + i, "lost");
                bed.turns(3);
            }
            final long last = head.view().lastPosition();
            assertTrue(last > common + regrown, "nothing to cut");
            bed.seal(0, 2);
            bed.turns(5);
            bed.history.add(new long[] {2, last + 1});
            bed.installOn(0, bed.installMessage(2, 0, 1));
            bed.turns(5);
            assertEquals(2, head.view().chainEpoch());

            bed.frames().clear();
            bed.heal();
            bed.drops = frame -> false;
            bed.seal(1, 3);
            bed.turns(5);
            bed.history.set(1, new long[] {3, common + 1});
            bed.installOn(1, bed.installMessage(3, 1));
            bed.turns(5);
            for (int i = 0; i < regrown; i++) {
                other.append(++number, "again");
                bed.turns(3);
            }
            bed.seal(0, 4);
            bed.turns(5);
            bed.learn(0, 4, 1, 1);
            final long taken = head.agent.journal().counters().checkpointCount();
            for (int i = 0; i < 400 && head.agent.journal().counters().checkpointCount() == taken; i++) {
                bed.deliver();
                bed.turns(1);
            }
            assertEquals(common + regrown, head.view().lastPosition(), "not fetched");

            head.restart();

            assertEquals(common + regrown, head.view().lastPosition());
        }
    }

    /** Lets a learner fetch until it has all records; returns the checkpoints that ended before, at most some. */
    private static long checkpointsOfAPart(final ChainBed bed, final long most) {
        final ChainBed.Node learner = bed.nodes[2];
        boolean begun = false;
        long before = 0;
        long taken = 0;
        for (int i = 0; i < 5_000 && taken < most && (!begun || learner.replica.orders().lacksRecords); i++) {
            bed.deliver();
            bed.turns(1);
            if (!begun) {
                before = learner.agent.journal().counters().checkpointCount();
                begun = learner.replica.orders().lacksRecords;
            }
            taken = learner.agent.journal().counters().checkpointCount() - before;
        }
        assertTrue(begun, "no snapshot was needed");
        return taken;
    }

    /** Two members whose log begins behind 4,000 events that were truncated, and a device that has nothing. */
    private static ChainBed truncatedSource() {
        final ChainBed bed = new ChainBed(3).checkpointEvery(512 << 10).begin(2);
        final String payload = "z".repeat(2_000);
        appendAll(bed, 1, 5_000, payload);
        bed.effect(0, 2, EffectAction.TRUNCATE_SEGMENT, 4_000L * 2_012);
        bed.settle();
        appendAll(bed, 5_001, 6_000, payload);
        assertTrue(bed.nodes[0].agent.journal().addressOf(ChainBed.CHAIN, 1) < 0, "nothing was freed");
        return bed;
    }

    private static void assertWhole(final ChainBed.Node node) {
        for (long position = 4_010; position <= node.view().lastPosition(); position++) {
            if (position != 5_003) { // the truncation itself
                assertTrue(
                        node.agent.journal().addressOf(ChainBed.CHAIN, position) > 0,
                        "position " + position + " is missing");
            }
        }
        assertTrue(node.view().lastPosition() > 6_000, "at " + node.view());
    }

    private static void appendAll(final ChainBed bed, final int first, final int last, final String payload) {
        for (int number = first; number <= last; number++) {
            bed.nodes[0].append(number, payload);
            if (number % 10 == 0) {
                bed.deliver();
                bed.turns(1);
            }
        }
        bed.settle();
    }
}
