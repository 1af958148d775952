package io.millrace.simulation;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.InstalledDecoder;
import io.millrace.codec.chain.LearnDecoder;
import io.millrace.codec.chain.LearnerCompleteDecoder;
import io.millrace.codec.chain.RangeDataDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.SealDecoder;
import io.millrace.codec.chain.SealedDecoder;
import java.util.List;

/**
 * Schedules about the change from one epoch to the next: who is sealed, who may go on, what is cut off, and orders and
 * answers that come late.
 *
 * <p><b>Threading</b>: pure.
 */
final class EpochSchedules {
    private static final int LONG_EVENTS = 8_000;
    private static final int FEW_ZONES = 24;

    private EpochSchedules() {}

    /** Lists them. */
    static List<Schedule> all() {
        return List.of(
                Schedule.of("an old head comes back with what nobody committed", "P1", 3)
                        .catches("TRUNCATE_ON_REJOIN", "I1", "I7", "P1")
                        .catches("TRUNCATION_RECORDED", "P1")
                        .plays(EpochSchedules::oldHeadComesBack),
                Schedule.of("a reader comes to what was cut off before the checkpoint", "P1", 2)
                        .longEvents(LONG_EVENTS, FEW_ZONES)
                        .plays(EpochSchedules::checkpointBehindACut),
                Schedule.of("an old head comes back two epochs later", "P1", 3)
                        .catches("historyKept", "I1", "I2", "I3", "I7")
                        .plays(EpochSchedules::oldHeadMissesAnEpoch),
                Schedule.of("a head restarts within its epoch and an old Install arrives", "D1, I4", 2)
                        .catches("RESTART_FORGETS_EPOCH", "I3")
                        .catches("INSTALL_BOUND_TO_INCARNATION", "I3")
                        .catches("installBoundToIncarnation", "I3", "I4")
                        .catches("incarnationIssuedOnce", "I3")
                        .plays(EpochSchedules::oldInstallArrives),
                Schedule.of("a Seal comes after the Install that it led to", "L1", 2)
                        .catches("LATE_SEAL_IGNORED", "L1")
                        .plays(EpochSchedules::sealComesLate),
                Schedule.of("an Install comes to a node that learns since", "I3, P8", 2)
                        .plays(EpochSchedules::installComesToALearner),
                Schedule.of("the power goes right behind the answer to Seal", "I4", 2)
                        .catches("PROMISE_DURABLE_BEFORE_SEALED", "I4")
                        .plays(EpochSchedules::powerGoesBehindSealed),
                Schedule.of("one member is left of two that must be", "P3", 2)
                        .minimum(2)
                        .catches("minimumToInstall", "P3")
                        .plays(EpochSchedules::oneMemberIsLeft),
                Schedule.of("the tail is left of two that must be", "P3", 2)
                        .minimum(2)
                        .plays(EpochSchedules::tailIsLeft),
                Schedule.of("a reader waits at a member that is dropped", "P14", 3)
                        .plays(EpochSchedules::readerWaits),
                Schedule.of("a member that has still to catch up is alone", "I6", 2)
                        .catches("eligibleByK", "I6")
                        .catches("floorBoundsK", "I6")
                        .plays(EpochSchedules::memberBehindIsAlone),
                Schedule.of("an answer to an older Seal arrives", "I6", 2)
                        .catches("lateReportIgnored", "I6")
                        .plays(EpochSchedules::answerToAnOlderSeal),
                Schedule.of("a complete learner is left and no member", "P8, I6", 3)
                        .catches("memberMustBeSealed", "I6")
                        .plays(EpochSchedules::learnerIsLeft),
                Schedule.of("a learner that is not complete is left with one member", "P8", 3)
                        .catches("onlyCompleteEligible", "P8")
                        .plays(EpochSchedules::incompleteLearner),
                Schedule.of("a learner gets nothing from its source", "P8", 2)
                        .catches("LEARNER_COMPLETE", "P8")
                        .plays(EpochSchedules::learnerGetsNothing));
    }

    /** P1: 8..10 of epoch 1 must not come back behind 7 of epoch 2, nor after a restart. */
    private static void oldHeadComesBack(final Director director) {
        final SimNode old = director.member(0);
        final SimNode next = director.member(1);
        final SimNode last = director.member(2);
        final Director.Net wall = director.isolate(old);
        final long committed = director.committed();
        director.write(3);
        director.await("records that only the old head has", () -> director.durable(old) > committed);
        final Director.Net learn =
                director.lose(frame -> frame.is(LearnDecoder.TEMPLATE_ID, Wires.CONTROL, old.place()));
        final Director.Net records =
                director.lose(frame -> frame.is(ReplicateDecoder.TEMPLATE_ID, next.place(), last.place()));
        director.awaitEpoch(2);
        director.await("other records of the next head", () -> director.durable(next) > committed);
        wall.end();
        director.pass(50);
        admit(director, old, next, last);
        learn.end();
        records.end();
        director.awaitEpoch(3);
        director.require(director.chain().members().size() == 3, Director.SCHEDULE, "the old head is not chosen");
        director.awaitAcknowledged();
        director.writeOneByOne(2);
        director.cutPower(old);
        director.start(old); // what was cut off stays cut off
        director.awaitAcknowledged();
    }

    /** P1: a recovery that begins behind the cut has not seen it, and what was cut off still lies on the device. */
    private static void checkpointBehindACut(final Director director) {
        final SimNode old = director.member(0);
        final SimNode next = director.tail();
        final SimClient client = director.world().clients().get(0);
        final Director.Net wall = director.isolate(old);
        final long committed = director.committed();
        director.write(20);
        director.await("records that only the old head has", () -> director.durable(old) > committed + 3);
        client.restart(); // another writer: what it writes at these positions is not what was cut off
        director.awaitEpoch(2);
        director.awaitAcknowledged();
        wall.end();
        director.await(
                "the old head as a member again",
                () -> director.chain().members().size() == 2);
        final long cut = director.committed();
        for (int i = 0; i < 20 && director.view(old).basePosition() <= cut; i++) {
            director.write(10);
            director.awaitAcknowledged();
        }
        director.require(director.view(old).basePosition() > cut, Director.SCHEDULE, "no checkpoint");
        director.cutPower(old);
        director.start(old);
        director.await(
                "the old head as a member once more",
                () -> director.chain().members().size() == 2
                        && director.view(old).chainEpoch() == director.chain().epoch());
        director.cutPower(next);
        client.restart(); // it reads everything again, at the only member left
        director.await("a reader that has everything", () -> director.world().isAllRead());
        director.start(next);
    }

    /** Restarts two members, and has the third answer Seal before them. */
    private static void admit(final Director director, final SimNode first, final SimNode second, final SimNode third) {
        final Director.Net late = director.lose(frame -> frame.is(SealedDecoder.TEMPLATE_ID, second.place(), -1)
                || frame.is(SealedDecoder.TEMPLATE_ID, third.place(), -1));
        final Director.Net early = director.copy(frame -> frame.is(SealedDecoder.TEMPLATE_ID, first.place(), -1));
        director.cutPower(second);
        director.cutPower(third);
        director.start(second);
        director.start(third);
        director.await("the first answer to Seal", early::hasCaught);
        director.pass(30);
        late.end();
    }

    /** P1: epoch 2 has written the positions that the old head has of epoch 1, and epoch 3 begins behind them. */
    private static void oldHeadMissesAnEpoch(final Director director) {
        final SimNode old = director.member(0);
        final SimNode next = director.member(1);
        final SimNode last = director.member(2);
        final Director.Net wall = director.isolate(old);
        for (int i = 0; i < 4; i++) { // as many short frames as a writer has under way
            final long end = director.view(old).lastPosition();
            director.write(1);
            director.await(
                    "a record that only the old head has",
                    () -> director.view(old).lastPosition() > end);
        }
        director.pass(5);
        final Director.Net learn =
                director.lose(frame -> frame.is(LearnDecoder.TEMPLATE_ID, Wires.CONTROL, old.place()));
        final long end = director.durable(old);
        director.awaitEpoch(2);
        director.awaitAcknowledged();
        while (director.committed() < end) {
            director.writeOneByOne(1);
        }
        director.require(director.committed() == end, Director.SCHEDULE, "more than the old head has");
        director.world().clients().get(0).pause(3_000_000_000L);
        last.die();
        director.start(last);
        director.awaitEpoch(3);
        wall.end();
        director.pass(50);
        admit(director, old, next, last);
        director.awaitEpoch(4);
        director.pass(200);
        learn.end();
        director.write(3);
        director.awaitAcknowledged();
        director.await(
                "the old head as a member again",
                () -> director.chain().members().size() == 3);
        director.writeOneByOne(2);
    }

    /** D1: it has lost what it had forwarded, and must not give the same positions away again in that epoch. */
    private static void oldInstallArrives(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        final Director.Net silence = director.lose(frame -> frame.is(-1, tail.place(), Wires.CONTROL));
        director.awaitEpoch(2);
        silence.end();
        final Director.Net installs =
                director.copy(frame -> frame.is(InstallDecoder.TEMPLATE_ID, Wires.CONTROL, head.place()));
        // so that there is an epoch whose Install is said again and again
        final Director.Net installed = director.lose(frame -> frame.is(InstalledDecoder.TEMPLATE_ID, head.place(), -1));
        director.await(
                "epoch 3 at both",
                () -> director.view(head).chainEpoch() == 3
                        && director.view(tail).chainEpoch() == 3);
        director.write(1);
        director.awaitAcknowledged();
        director.lose(frame -> frame.is(SealDecoder.TEMPLATE_ID, -1, -1));
        director.stall(head);
        final long lost = director.view(head).lastPosition() + 1;
        director.write(1);
        director.await("the record at the tail", () -> director.durable(tail) >= lost);
        director.cutPower(head);
        director.start(head);
        installs.end();
        installs.deliver();
        director.pass(600);
        installed.end();
    }

    private static void sealComesLate(final Director director) {
        final SimNode tail = director.tail();
        final Director.Net seals = director.copy(frame -> frame.is(SealDecoder.TEMPLATE_ID, -1, tail.place()));
        final SimNode head = director.member(0);
        head.die();
        director.start(head);
        director.awaitEpoch(2);
        director.writeOneByOne(2);
        seals.end();
        seals.deliver();
        director.pass(10);
        director.require(!director.view(tail).isSealed(), "L1", "a late Seal stops the epoch that it led to");
        director.writeOneByOne(2);
        director.require(director.chain().epoch() == 2, "L1", "a late Seal costs an epoch");
    }

    /** The epoch that it belongs to is over, and the node holds records of the next one. */
    private static void installComesToALearner(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        final Director.Net silence = director.lose(frame -> frame.is(-1, tail.place(), Wires.CONTROL));
        director.awaitEpoch(2);
        final Director.Net installs =
                director.lose(frame -> frame.is(InstallDecoder.TEMPLATE_ID, Wires.CONTROL, tail.place()));
        silence.end();
        director.await("an Install of epoch 3", installs::hasCaught);
        final Director.Net wall = director.isolate(tail);
        director.await("epoch 4 without it", () -> director.view(head).chainEpoch() == 4);
        director.awaitEpoch(4);
        director.writeOneByOne(3);
        installs.end();
        wall.end();
        final Director.Net complete =
                director.lose(frame -> frame.is(LearnerCompleteDecoder.TEMPLATE_ID, tail.place(), -1));
        director.await("a complete learner", complete::hasCaught);
        installs.deliver();
        director.pass(100);
        complete.end();
        director.await(
                "the learner as a member", () -> director.chain().members().size() == 2);
        director.writeOneByOne(3);
    }

    private static void powerGoesBehindSealed(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.lose(frame -> frame.is(InstallDecoder.TEMPLATE_ID, Wires.CONTROL, -1));
        final Director.Net sealed = director.copy(frame -> frame.is(SealedDecoder.TEMPLATE_ID, tail.place(), -1));
        director.cutPower(head);
        director.await("the tail's answer to Seal", sealed::hasCaught);
        director.cutPower(tail);
        director.start(tail); // its promise is checked: WireLaws
        director.start(head);
    }

    /** P3: a one-member epoch would commit its private tail, and block the chain for ever if it dies. */
    private static void oneMemberIsLeft(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        final long committed = director.committed();
        director.cutPower(tail);
        director.write(3);
        director.await("the head's private tail", () -> director.durable(head) > committed);
        director.pass(1_100);
        final SimClient writer = director.world().clients().get(0);
        director.require(
                writer.lastRefusal() == ErrorCode.REPLICAS_TOO_FEW, "P3", "the writer heard " + writer.lastRefusal());
        final SimClient reader = director.read();
        director.await(
                "a reader of all that is committed",
                () -> reader.isRead(director.world().watch()));
        director.require(director.committed() == committed, "P3", "one member has committed its private tail");
        director.require(director.view(head).commitPosition() == committed, "P3", "the sealed head's commit moved");
        director.cutPower(head);
        director.start(head);
        director.pass(500);
        director.require(director.chain().epoch() == 1, "P3", "an epoch below the minimum");
        director.start(tail);
        director.awaitAcknowledged();
    }

    /** P3: the head is gone, and with it whoever a client would ask first. */
    private static void tailIsLeft(final Director director) {
        final SimNode head = director.member(0);
        director.cutPower(head);
        director.write(3);
        final SimClient writer = director.world().clients().get(0);
        director.await("the reason", () -> writer.lastRefusal() == ErrorCode.REPLICAS_TOO_FEW);
        final SimClient reader = director.read();
        director.await(
                "a reader of all that is committed",
                () -> reader.isRead(director.world().watch()));
        director.require(director.chain().epoch() == 1, "P3", "an epoch below the minimum");
        director.start(head);
        director.awaitAcknowledged();
    }

    /** The member is cut off from everybody but the reader, and nobody tells it that the chain goes on without it. */
    private static void readerWaits(final Director director) {
        final World world = director.world();
        director.await("a reader that has everything", world::isAllRead);
        final SimNode dropped = director.tail();
        final Director.Net wall = director.isolate(dropped);
        director.awaitEpoch(2);
        director.writeOneByOne(3);
        director.pass(1_500);
        director.require(world.isAllRead(), "P14", "a reader waits where nothing new comes");
        director.lose(frame -> frame.is(RangeDataDecoder.TEMPLATE_ID, -1, dropped.place()));
        wall.end();
        director.await("a learner", () -> director.view(dropped).isLearner());
        final SimClient late = director.read();
        director.await("a reader of all that is committed", () -> late.isRead(world.watch()));
    }

    private static void memberBehindIsAlone(final Director director) {
        final SimNode head = director.member(0);
        final SimNode behind = director.tail();
        director.cutPower(behind);
        director.awaitEpoch(2);
        final Director.Net complete =
                director.copy(frame -> frame.is(LearnerCompleteDecoder.TEMPLATE_ID, behind.place(), -1));
        director.start(behind);
        director.await("a complete learner", complete::hasCaught);
        director.lose(frame -> frame.is(RangeDataDecoder.TEMPLATE_ID, -1, behind.place())
                || frame.is(ReplicateDecoder.TEMPLATE_ID, -1, behind.place()));
        final Director.Net seal = director.lose(frame -> frame.is(SealDecoder.TEMPLATE_ID, Wires.CONTROL, -1));
        director.write(5);
        director.awaitAcknowledged();
        seal.end();
        director.await(
                "epoch 3",
                () -> director.view(head).chainEpoch() == 3
                        && director.view(behind).chainEpoch() == 3);
        director.cutPower(head);
        director.pass(1_500);
        director.require(director.chain().epoch() == 3, "I6", "somebody goes on who lacks what was acknowledged");
        director.start(head);
    }

    private static void answerToAnOlderSeal(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        final Director.Net answers = director.copy(frame -> frame.is(SealedDecoder.TEMPLATE_ID, head.place(), -1));
        tail.die();
        director.start(tail);
        director.awaitEpoch(2);
        answers.end();
        director.writeOneByOne(5);
        final Director.Net seal = director.lose(frame -> frame.is(SealDecoder.TEMPLATE_ID, -1, head.place()));
        director.cutPower(tail);
        director.await("the next seal", seal::hasCaught);
        answers.deliver();
        director.pass(300);
        director.require(director.chain().epoch() == 2, "I6", "decided by an answer to another question");
        seal.end();
        director.awaitEpoch(3);
    }

    private static void learnerIsLeft(final Director director) {
        final SimNode head = director.member(0);
        final SimNode middle = director.member(1);
        final SimNode learner = director.member(2);
        director.cutPower(learner);
        director.awaitEpoch(2);
        director.writeOneByOne(2);
        final Director.Net complete =
                director.lose(frame -> frame.is(LearnerCompleteDecoder.TEMPLATE_ID, learner.place(), -1));
        director.start(learner);
        director.await("a complete learner", complete::hasCaught);
        director.lose(frame -> frame.is(RangeDataDecoder.TEMPLATE_ID, -1, learner.place()));
        director.writeOneByOne(5);
        director.cutPower(head);
        director.cutPower(middle);
        director.pass(1_500);
        director.require(director.chain().epoch() == 2, "I6", "no member was sealed");
        director.start(middle);
        director.awaitEpoch(3);
    }

    private static void incompleteLearner(final Director director) {
        final SimNode head = director.member(0);
        final SimNode middle = director.member(1);
        final SimNode learner = director.member(2);
        director.cutPower(learner);
        director.awaitEpoch(2);
        director.writeOneByOne(3);
        final long committed = director.committed();
        // it gets every record, and never hears that this was all
        director.lose(frame -> frame.is(RangeDataDecoder.TEMPLATE_ID, -1, learner.place())
                && director.view(learner).lastPosition() >= committed);
        director.start(learner);
        director.await("every record at the learner", () -> director.durable(learner) >= committed);
        director.pass(50);
        final Director.Net first = director.lose(frame -> frame.is(SealedDecoder.TEMPLATE_ID, head.place(), -1));
        final Director.Net answer = director.copy(frame -> frame.is(SealedDecoder.TEMPLATE_ID, learner.place(), -1));
        director.cutPower(middle);
        director.await("the learner's answer to Seal", answer::hasCaught);
        director.pass(20);
        first.end();
        director.await("epoch 3", () -> director.view(head).chainEpoch() == 3);
    }

    private static void learnerGetsNothing(final Director director) {
        final SimNode learner = director.tail();
        director.cutPower(learner);
        director.awaitEpoch(2);
        director.writeOneByOne(3);
        final Director.Net data = director.lose(frame -> frame.is(RangeDataDecoder.TEMPLATE_ID, -1, learner.place()));
        director.start(learner);
        director.await("an answer of the source", data::hasCaught);
        director.pass(300);
        data.end();
        director.await(
                "the learner as a member", () -> director.chain().members().size() == 2);
    }
}
