package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.EventFrame;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StartAt;
import io.millrace.store.ChainState;
import io.millrace.store.WriterTable;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Writers that are gone are forgotten by a record, all others are not. */
@Timeout(60)
final class WriterExpiryTest {
    private static final long WRITER = 42;
    private static final long RETENTION_NS = ReplicationLimits.defaults().writerRetentionNs();
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);

    private final Bed bed = new Bed();

    @BeforeEach
    void createSegment() {
        bed.effect(1, EffectAction.CREATE_SEGMENT);
    }

    @AfterEach
    void close() {
        bed.close();
    }

    @Test
    void shouldForgetAWriterByARecordWhenItWasGoneForTheRetention() {
        writeAndLeave(WRITER);
        final long position = state().lastPosition();
        bed.pass(RETENTION_NS - 60 * SECOND_NS);
        lookThroughTheTable();
        assertEquals(position, state().lastPosition(), "before its time");

        bed.pass(61 * SECOND_NS);
        bed.until("expiry", () -> slot(WRITER) == WriterTable.ABSENT);

        assertEquals(position + 1, state().lastPosition());
        assertEquals(1, bed.agent.expiredWriterCount());
        lookThroughTheTable();
        assertEquals(position + 1, state().lastPosition(), "expired once");
        final long hash = state().stateHash();
        bed.crashAndRestart();
        assertEquals(hash, state().stateHash(), "a replay forgets the same writers");
        assertEquals(15, bed.segmentLength(), "its events stay");
    }

    @Test
    void shouldAnswerAnExpiredWriterThatItIsUnknownAndAppendNothing() {
        writeAndLeave(WRITER);
        bed.pass(RETENTION_NS + SECOND_NS);
        bed.until("expiry", () -> slot(WRITER) == WriterTable.ABSENT);

        final Bed.Client back = bed.connect("back");
        back.setup(WRITER, 0, true);
        bed.until("refusal", () -> back.refusals.equals(List.of(RefusalCode.WRITER_UNKNOWN)));
        back.refusals.clear();
        back.append(WRITER, 1, "one");
        bed.until("refusal", () -> back.refusals.equals(List.of(RefusalCode.WRITER_UNKNOWN)));
        assertEquals(15, bed.segmentLength(), "a resend stored twice");
    }

    @Test
    void shouldGiveTheSlotOfAnExpiredWriterToAnotherOneWithNothingLeftOver() {
        writeAndLeave(WRITER);
        final int slot = slot(WRITER);
        bed.pass(RETENTION_NS + SECOND_NS);
        bed.until("expiry", () -> slot(WRITER) == WriterTable.ABSENT);

        final Bed.Client other = bed.connect("other").writer(WRITER + 1);
        assertEquals(slot, slot(WRITER + 1));
        other.append(WRITER + 1, 1, "two");
        bed.until("repeats until it is echoed", () -> other.ackCount >= 3);
        other.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("events", () -> other.events().equals(List.of("one", "two")));
    }

    @Test
    void shouldFreeWhatAnExpiredWriterLeftOpen() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        final UnsafeBuffer event = new UnsafeBuffer(new byte[EventFrame.frameLength(100)]);
        EventFrame.putHeader(event, 0, 7, 100);
        client.send(WRITER, 1, 1, event, 0, 50, true, 0, event.capacity(), false);
        bed.until("open event", () -> state().openFragmentedEventCount() == 1);
        leave(client);

        bed.pass(RETENTION_NS + SECOND_NS);
        bed.until("expiry", () -> slot(WRITER) == WriterTable.ABSENT);

        assertEquals(0, state().openFragmentedEventCount());
    }

    @Test
    void shouldGiveThePlaceOfAnEventThatItsWriterLeftToOthersLongBeforeTheRetention() {
        final Bed.Client gone = bed.connect("a").writer(WRITER);
        gone.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> gone.acked == 1);
        final UnsafeBuffer event = new UnsafeBuffer(new byte[EventFrame.frameLength(100)]);
        EventFrame.putHeader(event, 0, 7, 100);
        gone.send(WRITER, 2, 1, event, 0, 50, true, 0, event.capacity(), false);
        bed.until("open event", () -> state().openFragmentedEventCount() == 1);
        bed.pass(WriterExpiry.OPEN_EVENT_GRACE_NS + SECOND_NS);
        lookThroughTheTable();
        assertEquals(1, state().openFragmentedEventCount(), "its session is open");

        leave(gone);
        bed.until("drop", () -> state().openFragmentedEventCount() == 0);
        final long position = state().lastPosition();
        lookThroughTheTable();
        assertEquals(position, state().lastPosition(), "dropped once");
        assertTrue(slot(WRITER) >= 0, "the writer is remembered");
        final long hash = state().stateHash();
        bed.crashAndRestart();
        assertEquals(hash, state().stateHash(), "a replay drops the same event");

        final Bed.Client back = bed.connect("back");
        back.setup(WRITER, 0, true);
        bed.until("writer ready", () -> back.readyLast == 1);
    }

    @Test
    void shouldKeepAnEventThatItsWriterLeftWhileItMayComeBack() {
        final Bed.Client gone = bed.connect("a").writer(WRITER);
        final UnsafeBuffer event = new UnsafeBuffer(new byte[EventFrame.frameLength(100)]);
        EventFrame.putHeader(event, 0, 7, 100);
        gone.send(WRITER, 1, 1, event, 0, 50, true, 0, event.capacity(), false);
        bed.until("open event", () -> state().openFragmentedEventCount() == 1);
        leave(gone);
        lookThroughTheTable();
        assertEquals(1, state().openFragmentedEventCount());
    }

    @Test
    void shouldKeepAQuietWriterWhileItsSessionIsOpenAndWhileItReconnects() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        client.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> client.acked == 1);
        bed.pass(RETENTION_NS + SECOND_NS);
        lookThroughTheTable();
        assertTrue(slot(WRITER) >= 0, "its session was open");

        leave(client);
        lookThroughTheTable();
        assertTrue(slot(WRITER) >= 0, "it may be reconnecting");

        bed.pass(WriterExpiry.GRACE_NS + SECOND_NS);
        bed.until("expiry", () -> slot(WRITER) == WriterTable.ABSENT);
    }

    @Test
    void shouldKeepEveryWriterForAWhileWhenTheNodeWasDownForLong() {
        writeAndLeave(WRITER);
        bed.pass(2 * RETENTION_NS);
        bed.crashAndRestart();
        lookThroughTheTable();
        assertTrue(slot(WRITER) >= 0, "its client had no time to come back");

        final Bed.Client back = bed.connect("back");
        back.setup(WRITER, 0, true);
        bed.until("writer ready", () -> back.readyLast == 1);
        bed.pass(WriterExpiry.GRACE_NS + SECOND_NS);
        lookThroughTheTable();
        assertTrue(slot(WRITER) >= 0, "it came back");
    }

    @Test
    void shouldKeepANamedWriter() {
        final Bed.Client client = bed.connect("a");
        client.setup(WRITER, 1, false);
        bed.until("writer ready", () -> client.readyLast == 0);
        leave(client);
        bed.pass(3 * RETENTION_NS);
        lookThroughTheTable();
        assertTrue(slot(WRITER) >= 0, "named writers are exempt (P11)");
    }

    private void writeAndLeave(final long writer) {
        final Bed.Client client = bed.connect("w" + writer).writer(writer);
        client.append(writer, 1, "one");
        bed.until("acknowledgement", () -> client.acked == 1);
        leave(client);
    }

    private void leave(final Bed.Client client) {
        bed.disconnect(client);
        bed.until("the session to end", () -> bed.acceptor.sessionCount() == 0);
    }

    /** The agent looks once a second; the table of a test is one piece. */
    private void lookThroughTheTable() {
        bed.pass(2 * SECOND_NS);
        bed.turns(10);
        bed.until("commit", bed.agent::isDrained);
    }

    private int slot(final long writer) {
        return state().writers().find(writer, 0, Bed.STREAM, Bed.SEGMENT);
    }

    private ChainState state() {
        return bed.agent.state(Bed.CHAIN);
    }
}
