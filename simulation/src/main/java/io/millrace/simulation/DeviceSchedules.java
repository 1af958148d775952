package io.millrace.simulation;

import io.millrace.client.StreamConfiguration;
import io.millrace.codec.chain.EffectOrderDecoder;
import io.millrace.codec.chain.ReplicateDecoder;
import io.millrace.codec.chain.SnapshotPartDecoder;
import java.util.List;

/**
 * Schedules about devices that lose something: rot, torn ends, wiped devices, freed zones; and about effects that come
 * again.
 *
 * <p><b>Threading</b>: pure.
 */
final class DeviceSchedules {
    private static final int LONG_EVENTS = 8_000;
    private static final int FEW_ZONES = 24;

    private DeviceSchedules() {}

    /** Lists them. */
    static List<Schedule> all() {
        return List.of(
                Schedule.of("the only member left has rot in the middle of its log", "P4", 2)
                        .catches("CORRUPTION_IS_NOT_TORN", "I6")
                        .plays(DeviceSchedules::rotInTheMiddle),
                Schedule.of("the only member left has rot at the end of its log", "P4", 2)
                        .catches("UNCERTAIN_TAIL_REPORTED", "I6")
                        .catches("uncertainDecidesNotAlone", "I6")
                        .plays(DeviceSchedules::rotAtTheEnd),
                Schedule.of("two torn ends agree", "P4", 2).plays(DeviceSchedules::tornEndsAgree),
                Schedule.of("a repaired hole is no truncation", "P1", 2).plays(DeviceSchedules::repairedHole),
                Schedule.of("a record comes that follows on another one", "I7, P4", 2)
                        .catches("HASH_CHECKED", "I1", "I5", "I7")
                        .catches("damagedNotEligible", "P4")
                        .plays(DeviceSchedules::recordOfAnotherLog),
                Schedule.of("the only member left was wiped", "P5", 2)
                        .catches("AMNESIA_ANSWERED", "P5")
                        .catches("amnesiaCountsForNothing", "I6")
                        .plays(DeviceSchedules::wipedAlone),
                Schedule.of("the only member left has a new device", "P5", 2).plays(DeviceSchedules::replacedAlone),
                Schedule.of("zones are freed while everything is live", "P7", 2)
                        .longEvents(LONG_EVENTS, FEW_ZONES)
                        .catches("LIVE_ZONES_KEPT", "I10", "check")
                        .plays(DeviceSchedules::everythingIsLive),
                Schedule.of("a learner's source has freed what comes next", "P8", 2)
                        .longEvents(LONG_EVENTS, FEW_ZONES)
                        .plays(DeviceSchedules::sourceHasFreedRecords),
                Schedule.of("an effect comes again before it is committed", "P12", 2)
                        .catches("EFFECTS_NUMBERED", "check", "I8", "I7")
                        .plays(DeviceSchedules::effectComesAgain),
                Schedule.of("an old effect comes to a sealed segment's chain, at another head", "P12", 2)
                        .plays(DeviceSchedules::oldEffectComes));
    }

    private static void rotInTheMiddle(final Director director) {
        final SimNode gone = director.member(0);
        final SimNode left = director.tail();
        director.writeOneByOne(6);
        final long position = director.committed() - 3;
        director.cutPower(gone);
        director.cutPower(left);
        director.rot(left, position);
        director.start(left);
        director.pass(1_500);
        director.require(director.chain().epoch() == 1, "I6", "a damaged log goes on alone");
        director.start(gone);
        director.awaitEpoch(2);
        director.writeOneByOne(1);
    }

    private static void rotAtTheEnd(final Director director) {
        final SimNode gone = director.member(0);
        final SimNode left = director.tail();
        director.writeOneByOne(6);
        final long position = director.committed();
        director.cutPower(gone);
        director.cutPower(left);
        director.rot(left, position);
        director.start(left);
        director.pass(1_500);
        director.require(director.chain().epoch() == 1, "I6", "an uncertain log goes on alone");
        director.cutPower(left);
        director.start(left); // it stays uncertain, though by now nothing is torn
        director.pass(1_500);
        director.require(director.chain().epoch() == 1, "I6", "an uncertain log goes on alone after a restart");
        director.start(gone);
        director.awaitEpoch(2);
        director.writeOneByOne(1);
    }

    private static void tornEndsAgree(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.stall(head);
        director.stall(tail);
        final long last = director.view(tail).lastPosition();
        director.write(1);
        director.await("the record at both", () -> director.view(tail).lastPosition() > last);
        director.pass(5);
        director.cutPower(head, DeviceBehaviour.Fate.TORN);
        director.cutPower(tail, DeviceBehaviour.Fate.TORN);
        director.start(head);
        director.start(tail);
        director.require(
                director.view(head).isUncertain() && director.view(tail).isUncertain(),
                Director.SCHEDULE,
                "nothing is torn");
        director.awaitEpoch(2);
        director.awaitAcknowledged();
    }

    /** P1: position 5 written again behind 100 must not look as if the log ended there. */
    private static void repairedHole(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.writeOneByOne(6);
        final long position = director.committed() - 3;
        director.cutPower(tail);
        director.rot(tail, position);
        director.awaitEpoch(2);
        director.writeOneByOne(3);
        director.start(tail);
        director.await(
                "the damaged one as a member",
                () -> director.chain().members().size() == 2
                        && director.view(tail).chainEpoch() == director.chain().epoch()
                        && !director.view(tail).isDamaged());
        director.writeOneByOne(1);
        final long last = director.view(tail).lastPosition();
        director.cutPower(head);
        director.cutPower(tail);
        director.start(tail);
        director.require(director.view(tail).lastPosition() >= last, "P1", "a repaired hole ends the log");
        director.start(head);
    }

    /** A predecessor whose log is another one: its successor stops, and is believed nothing until it starts anew. */
    private static void recordOfAnotherLog(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.stall(head);
        final Director.Net records =
                director.lose(frame -> frame.is(ReplicateDecoder.TEMPLATE_ID, head.place(), tail.place()));
        director.write(1);
        director.await("a record", records::hasCaught);
        director.mayHalt(tail);
        director.deliver(Director.ofAnotherLog(records.frames().get(0)));
        director.pass(3);
        director.release(head);
        director.pass(20);
        records.end();
        director.pass(20);
        director.cutPower(head);
        director.pass(1_500);
        director.require(director.chain().epoch() == 1, "P4", "a replica goes on that has stopped itself");
        tail.die();
        director.start(tail);
        director.awaitEpoch(2);
        director.start(head);
        director.awaitAcknowledged();
    }

    private static void wipedAlone(final Director director) {
        final SimNode gone = director.member(0);
        final SimNode wiped = director.tail();
        director.writeOneByOne(3);
        director.cutPower(gone);
        director.cutPower(wiped);
        director.wipe(wiped);
        director.start(wiped);
        director.pass(1_500);
        director.require(director.chain().epoch() == 1, "P5", "a wiped device goes on alone");
        director.start(gone);
        director.awaitEpoch(2);
        director.writeOneByOne(1);
        director.await(
                "the wiped one as a member again",
                () -> director.chain().members().size() == 2);
    }

    private static void replacedAlone(final Director director) {
        final SimNode gone = director.member(0);
        final SimNode replaced = director.tail();
        director.writeOneByOne(3);
        director.cutPower(gone);
        director.cutPower(replaced);
        director.replace(replaced);
        director.start(replaced);
        director.pass(1_500);
        director.require(director.chain().epoch() == 1, "P5", "a new device goes on alone");
        director.start(gone);
        director.awaitEpoch(2);
        director.writeOneByOne(1);
    }

    private static void everythingIsLive(final Director director) {
        final SimNode tail = director.tail();
        for (int i = 0; i < 25; i++) {
            director.write(10);
            director.awaitAcknowledged();
        }
        director.await("a checkpoint", () -> director.view(tail).basePosition() > 0);
        director.pass(100);
        tail.die();
        director.start(tail);
        director.awaitAcknowledged();
        final SimNode head = director.member(0);
        director.world().clients().get(0).restart(); // it reads everything again
        director.pass(500);
        head.die();
        director.start(head);
    }

    /** P8: the state, what it lists as live, and only then the records behind. */
    private static void sourceHasFreedRecords(final Director director) {
        final SimNode head = director.member(0);
        final SimNode away = director.tail();
        director.cutPower(away);
        director.awaitEpoch(2);
        final long last = director.committed();
        for (int i = 0; i < 20; i++) {
            director.write(10);
            director.awaitAcknowledged();
        }
        director.await("a reader that has everything", () -> director.world().isAllRead());
        director.truncateMost();
        final Director.Net snapshot =
                director.copy(frame -> frame.is(SnapshotPartDecoder.TEMPLATE_ID, head.place(), away.place()));
        for (int i = 0; i < 40 && !director.hasFreed(head, last + 1); i++) {
            director.write(10);
            director.awaitAcknowledged();
        }
        director.require(director.hasFreed(head, last + 1), Director.SCHEDULE, "nothing was freed");
        director.start(away);
        director.await(
                "the learner as a member",
                () -> director.chain().members().size() == 2
                        && director.view(away).chainEpoch() == director.chain().epoch());
        director.require(snapshot.hasCaught(), Director.SCHEDULE, "no snapshot was needed");
        director.writeOneByOne(2);
        director.cutPower(head);
        director.awaitEpoch(director.chain().epoch() + 1);
        director.writeOneByOne(2);
    }

    private static void effectComesAgain(final Director director) {
        final SimNode head = director.member(0);
        director.stall(head);
        director.world().scheduler().after(600_000_000, () -> director.release(head));
        // the first of two comes behind the second
        final long first = director.effectNumber(head) + 1;
        final Director.Net early = director.lose(
                frame -> frame.templateId() == EffectOrderDecoder.TEMPLATE_ID && Director.effectNumber(frame) == first);
        director.world().scheduler().after(200_000_000, early::end);
        final Director.Net orders = director.copy(frame -> frame.templateId() == EffectOrderDecoder.TEMPLATE_ID);
        director.administer(requests -> requests.createStream("simulated/second", StreamConfiguration.fixed(2)));
        director.require(orders.frames().size() > 4, Director.SCHEDULE, "no effect was said again");
        director.require(director.effectNumber(head) == first + 1, "P12", "two effects, numbered otherwise");
        director.writeOneByOne(1);
    }

    /** P12: an OpenSegment that comes late must not open what was sealed since. */
    private static void oldEffectComes(final Director director) {
        final Director.Net orders = director.copy(frame -> frame.templateId() == EffectOrderDecoder.TEMPLATE_ID);
        director.administer(requests -> {
            requests.createStream("simulated/second", StreamConfiguration.fixed(1));
            requests.seal("simulated/second");
        });
        orders.end();
        final SimNode head = director.member(0);
        director.cutPower(head);
        director.awaitEpoch(2);
        director.writeOneByOne(1); // the client has set up at the new head
        director.pass(20);
        final SimNode next = director.member(0);
        final long last = director.view(next).lastPosition();
        for (final Director.Frame order : orders.frames()) {
            director.sayAgain(order, next);
        }
        director.pass(50);
        director.require(director.view(next).lastPosition() == last, "P12", "an old effect has another record");
        final io.millrace.store.ChainState state = next.state(Director.CHAIN);
        final io.millrace.store.Segment segment = state == null ? null : state.segment(2, 0);
        director.require(segment != null && segment.isSealed(), "P12", "a sealed segment is open again");
        director.writeOneByOne(1);
    }
}
