package io.millrace.simulation;

import io.millrace.codec.chain.CommitDecoder;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.wire.AppendDecoder;
import io.millrace.codec.wire.MessageHeaderDecoder;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Schedules about what is told to clients, and when: durability, the fence, answers from what is not committed,
 * acknowledgements that are lost.
 *
 * <p><b>Threading</b>: pure.
 */
final class DurabilitySchedules {
    private static final int FRAMES = 20;
    private static final long MS_FOR_A_FRAME = 20;

    private DurabilitySchedules() {}

    /** Lists them. */
    static List<Schedule> all() {
        return List.of(
                Schedule.of("the head is not durable", "I1", 2)
                        .catches("TAIL_WAITS_FOR_PREDECESSOR", "I1")
                        .plays(director -> waitsFor(director, director.member(0))),
                Schedule.of("the tail is not durable", "P15, P6", 2)
                        .catches("ACK_AFTER_OWN_DURABILITY", "I1")
                        .catches("RECEIVED_IS_NO_COMMIT", "I1")
                        .catches("APPLIES_COMMITTED_ONLY", "I1", "I2")
                        .plays(director -> waitsFor(director, director.tail())),
                Schedule.of("the power goes when all have received and nobody is durable", "P15", 2)
                        .plays(DurabilitySchedules::receivedByAllAndLost),
                Schedule.of("the head goes on behind a sealed tail", "I5", 2)
                        .catches("FENCE_AFTER_SEAL", "I5")
                        .plays(DurabilitySchedules::goesOnBehindASeal),
                Schedule.of("the head's durable prefix reaches a sealed tail", "I5", 2)
                        .catches("NO_ACK_AFTER_SEALED", "I5")
                        .plays(DurabilitySchedules::prefixReachesASealedTail),
                Schedule.of("a head dies that has answered from what nobody else has", "P2", 3)
                        .catches("ANSWERS_HELD", "P2")
                        .plays(DurabilitySchedules::answersFromSpeculation),
                Schedule.of("a client's frame comes twice", "exactly once", 2)
                        .catches("DEDUPLICATE", "I8", "check")
                        .plays(DurabilitySchedules::frameComesTwice),
                Schedule.of("a new head begins with records that are not committed", "P6", 2)
                        .catches("OVERLAY_REBUILT", "I5", "I7")
                        .plays(DurabilitySchedules::newHeadBeginsWithMore),
                Schedule.of("the tail's acknowledgement does not arrive", "P13", 3)
                        .catches("HEAD_BACKSTOP", "P13")
                        .plays(DurabilitySchedules::acknowledgementDoesNotArrive),
                Schedule.of("the tail dies with the last acknowledgement", "P13", 3)
                        .plays(DurabilitySchedules::tailDiesWithTheAcknowledgement),
                Schedule.of("the middle is lost and both ends are healthy", "P13", 3)
                        .catches("EPOCH_CHANGE_TOLD", "P13")
                        .plays(DurabilitySchedules::middleIsLost),
                Schedule.of("the node that the client was started with is lost, then the head", "P13", 3)
                        .withoutSpare()
                        .plays(DurabilitySchedules::firstNodeIsLost),
                Schedule.of("a stranger binds to a writer", "P13", 2)
                        .catches("BIND_SECRET_CHECKED", "P13")
                        .plays(DurabilitySchedules::strangerBinds));
    }

    private static void waitsFor(final Director director, final SimNode slow) {
        final long committed = director.committed();
        director.stall(slow);
        director.write(1);
        director.pass(150);
        for (final SimNode node : List.of(director.member(0), director.tail())) {
            director.require(
                    director.view(node).lastPosition() > committed,
                    Director.SCHEDULE,
                    "node " + node.place() + " has not received the record");
        }
        // received by all, and no commit (P15)
        director.require(
                director.view(director.member(0)).receivedByAllPosition() > committed,
                "P15",
                "the watermark of what all have received does not move");
        director.require(director.committed() == committed, "I1", "committed with a device that stands still");
        director.release(slow);
        director.awaitAcknowledged();
    }

    /**
     * P15: what was only received decides nothing: neither what may have been acknowledged, nor where an epoch begins.
     */
    private static void receivedByAllAndLost(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        final long committed = director.committed();
        director.stall(head);
        director.stall(tail);
        director.write(3);
        director.await("the watermark", () -> director.view(head).receivedByAllPosition() > committed);
        director.cutPower(head);
        director.cutPower(tail);
        director.start(head);
        director.start(tail);
        director.awaitEpoch(2);
        director.require(
                director.chain().startPosition() == committed + 1, "P15", "an epoch begins behind what was received");
        director.awaitAcknowledged();
    }

    private static void goesOnBehindASeal(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.lose(frame -> frame.is(-1, head.place(), Wires.CONTROL) || frame.is(-1, Wires.CONTROL, head.place()));
        director.lose(frame -> frame.is(InstallDecoder.TEMPLATE_ID, Wires.CONTROL, tail.place()));
        final Director.Net sealed = director.copy(frame -> frame.is(SealedDecoder.TEMPLATE_ID, tail.place(), -1));
        director.await("the tail's answer to Seal", sealed::hasCaught);
        final long committed = director.committed();
        director.write(3);
        director.pass(100);
        director.require(director.committed() == committed, "I5", "committed by a sealed tail");
    }

    private static void prefixReachesASealedTail(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.stall(head);
        director.write(1);
        final long position = director.committed() + 1;
        director.await("the record at the tail", () -> director.durable(tail) >= position);
        director.lose(frame -> frame.is(-1, head.place(), Wires.CONTROL) || frame.is(-1, Wires.CONTROL, head.place()));
        director.lose(frame -> frame.is(InstallDecoder.TEMPLATE_ID, Wires.CONTROL, tail.place()));
        final Director.Net sealed = director.copy(frame -> frame.is(SealedDecoder.TEMPLATE_ID, tail.place(), -1));
        director.await("the tail's answer to Seal", sealed::hasCaught);
        director.release(head);
        director.await("the record at the head", () -> director.durable(head) >= position);
        director.pass(50);
        director.require(director.committed() < position, "I5", "committed by a sealed tail");
    }

    /** P2: "your last event is n", said of a record that dies with the head, loses event n. */
    private static void answersFromSpeculation(final Director director) {
        final SimNode head = director.member(0);
        director.isolate(head);
        final long last = director.view(head).lastPosition();
        director.write(7);
        director.await(
                "records that only the head has", () -> director.view(head).lastPosition() > last);
        director.world().clients().get(0).links().forEach(link -> link.lose("the schedule wants it"));
        director.pass(150); // the client sets up at the head again, and must not hear of what it has not committed
        director.cutPower(head);
        director.awaitAcknowledged();
    }

    /** A resend after a lost acknowledgement is the same frame again. */
    private static void frameComesTwice(final Director director) {
        final SimNode head = director.member(0);
        director.stall(head);
        // A head that happens to be at work takes a frame as it comes: the next one is caught.
        for (int i = 0; i < FRAMES && findAppend(head) == null; i++) {
            director.write(1);
            director.happens(MS_FOR_A_FRAME, () -> findAppend(head) != null);
        }
        final SimSession session = findAppend(head);
        if (session == null) {
            throw new Violation(Director.SCHEDULE, "the session is gone");
        }
        final byte[] frame = session.inbound().peekLast();
        final long last = director.view(head).lastPosition();
        director.await("the record", () -> director.view(head).lastPosition() > last);
        session.inbound().add(frame);
        head.wake(0);
        director.pass(20);
        director.require(director.view(head).lastPosition() == last + 1, "I8", "the same event has two records");
        director.release(head);
        director.awaitAcknowledged();
    }

    private static @org.jspecify.annotations.Nullable SimSession findAppend(final SimNode node) {
        for (final SimSession session : node.sessions()) {
            final byte[] frame = session.inbound().peekLast();
            if (frame != null
                    && frame.length > 0
                    && new MessageHeaderDecoder()
                                    .wrap(new UnsafeBuffer(frame), 0)
                                    .templateId()
                            == AppendDecoder.TEMPLATE_ID) {
                return session;
            }
        }
        return null;
    }

    private static void newHeadBeginsWithMore(final Director director) {
        final SimNode head = director.member(0);
        final SimNode tail = director.tail();
        director.stall(head);
        director.write(3);
        final long position = director.committed() + 1;
        director.await("the record at the tail", () -> director.durable(tail) >= position);
        director.pass(20);
        director.cutPower(head);
        director.awaitEpoch(2);
        director.write(3);
        director.awaitAcknowledged();
    }

    /** The session to the head is healthy, the one to the tail says nothing any more. */
    private static void acknowledgementDoesNotArrive(final Director director) {
        final int client = director.world().clients().get(0).place();
        director.world().wires().cut(director.tail().place(), client);
        director.write(1);
        director.pass(300);
        director.require(
                director.world().isAllWritten(), "P13", "nobody acknowledges what the tail cannot say to the client");
        director.world().wires().mend(director.tail().place(), client);
    }

    private static void tailDiesWithTheAcknowledgement(final Director director) {
        final SimNode tail = director.tail();
        final int client = director.world().clients().get(0).place();
        director.world().wires().cut(tail.place(), client);
        director.lose(frame -> frame.is(CommitDecoder.TEMPLATE_ID, tail.place(), -1));
        final long committed = director.committed();
        director.write(1);
        director.await("the commit at the tail", () -> director.committed() > committed);
        director.require(!director.world().isAllWritten(), Director.SCHEDULE, "acknowledged too early");
        director.cutPower(tail);
        director.awaitEpoch(2);
        director.pass(1_000);
        director.require(director.world().isAllWritten(), "P13", "an acknowledgement that died with the tail");
    }

    private static void middleIsLost(final Director director) {
        final SimNode middle = director.member(1);
        final SimNode head = director.member(0);
        director.cutPower(middle);
        final long last = director.view(head).lastPosition();
        director.write(1);
        director.await("the record at the head", () -> director.view(head).lastPosition() > last);
        director.awaitEpoch(2);
        director.pass(1_000);
        director.require(director.world().isAllWritten(), "P13", "nobody tells the client of the new epoch");
    }

    private static void firstNodeIsLost(final Director director) {
        director.cutPower(director.tail());
        director.awaitEpoch(2);
        director.writeOneByOne(2);
        director.cutPower(director.member(0));
        director.write(2);
        director.awaitEpoch(3);
        director.pass(5_000);
        director.require(director.world().isAllWritten(), "P13", "the client does not find the new head");
    }

    private static void strangerBinds(final Director director) {
        final SimNode tail = director.tail();
        final Stranger stranger = new Stranger();
        stranger.bindsTo(tail, director.world());
        director.pass(20);
        director.require(!stranger.isBound(), "P13", "a session is bound to a writer whose secret it does not know");
        director.require(stranger.isRefused(), Director.SCHEDULE, "the stranger has no answer");
    }
}
