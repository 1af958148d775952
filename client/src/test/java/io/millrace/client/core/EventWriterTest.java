package io.millrace.client.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.AckHandler;
import io.millrace.client.EventClaim;
import io.millrace.client.EventPosition;
import io.millrace.client.EventWriter;
import io.millrace.client.Result;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.RefusalCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(20)
class EventWriterTest {
    private final ClientFixture fixture = new ClientFixture(1, 1);
    private final EventWriter writer = fixture.writer();
    private final Told told = new Told();

    private static final class Told implements AckHandler {
        final List<Long> acknowledged = new ArrayList<>();
        final List<Long> failed = new ArrayList<>();
        long code;
        long journalNs;

        @Override
        public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
            acknowledged.add(sequence);
        }

        @Override
        public void onAcknowledgement(
                final long segmentId,
                final long lastSequence,
                final long lastEventNumber,
                final long endOffset,
                final long queueNs,
                final long newJournalNs,
                final long chainNs) {
            journalNs = newJournalNs;
        }

        @Override
        public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long newCode) {
            failed.add(sequence);
            code = newCode;
        }
    }

    private void offer(final int count) {
        for (int i = 0; i < count; i++) {
            assertTrue(writer.offer("key", ClientFixture.bytes("event")) > 0);
        }
    }

    private void poll(final int turns) {
        for (int i = 0; i < turns; i++) {
            writer.poll(told, 1000);
        }
    }

    @Test
    void shouldShareOneFrameWhenEventsAreOfferedInOneCycle() {
        offer(1);
        poll(10);
        final int before = fixture.node.appendFrames;
        offer(30);
        poll(10);
        assertEquals(before + 1, fixture.node.appendFrames);
        assertEquals(31, told.acknowledged.size());
        assertEquals(2, told.journalNs);
        assertEquals(31, writer.acknowledgedSequence());
        assertEquals(0, writer.pendingCount());
    }

    @Test
    void shouldGatherEventsWhenManyFramesAreUnderWay() {
        offer(1);
        poll(10);
        final int before = fixture.node.appendFrames;
        fixture.node.isCommitting = false;
        for (int i = 0; i < 20; i++) {
            offer(1);
            poll(1);
        }
        assertEquals(before + 4, fixture.node.appendFrames);
        fixture.node.isCommitting = true;
        poll(10);
        assertEquals(before + 5, fixture.node.appendFrames);
        assertEquals(21, told.acknowledged.size());
        assertEquals(21, fixture.node.segments[0].payloads().size());
    }

    @Test
    void shouldSendFullFramesWhenManyAreUnderWay() {
        offer(1);
        poll(10);
        fixture.node.isCommitting = false;
        final int before = fixture.node.appendFrames;
        for (int i = 0; i < 6; i++) {
            assertTrue(writer.offer("key", new byte[100]) > 0);
            poll(1);
        }
        assertEquals(before + 4, fixture.node.appendFrames);
        for (int i = 0; i < fixture.node.maxFrameLength / 100; i++) {
            assertTrue(writer.offer("key", new byte[100]) > 0);
        }
        poll(1);
        assertEquals(before + 5, fixture.node.appendFrames);
    }

    @Test
    void shouldTurnTheDutyCycleOnceWhenManyWritersArePolled() {
        offer(1);
        poll(100);
        final List<EventWriter> writers = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            writers.add(fixture.writer());
        }
        for (int round = 0; round < 2; round++) {
            final long beforeNs = fixture.clock.nanoTime();
            for (final EventWriter each : writers) {
                each.poll(told, 10);
            }
            assertTrue(fixture.clock.nanoTime() - beforeNs <= ClientFixture.TURN_NS);
        }
        for (final EventWriter each : writers) {
            assertTrue(each.offer("key", ClientFixture.bytes("event")) > 0);
        }
        for (int round = 0; round < 20; round++) {
            for (final EventWriter each : writers) {
                each.poll(told, 10);
            }
        }
        for (final EventWriter each : writers) {
            assertEquals(0, each.pendingCount());
        }
        assertEquals(51, told.acknowledged.size());
    }

    @Test
    void shouldRefuseByNameWhenEventIsTooLarge() {
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[EventFrame.MAX_PAYLOAD + 1]);
        assertEquals(Result.TOO_LARGE, writer.offer(1, payload, 0, payload.capacity()));
        assertEquals("EVENT_TOO_LARGE", Result.name(Result.TOO_LARGE));
        assertTrue(writer.offer(1, payload, 0, EventFrame.MAX_PAYLOAD) > 0);
        writer.flush(Duration.ofSeconds(1));
        assertEquals(EventFrame.MAX_PAYLOAD, fixture.node.segments[0].payloads().get(0).length);
        final MillraceException thrown =
                assertThrows(MillraceException.class, () -> writer.append(null, new byte[EventFrame.MAX_PAYLOAD + 1]));
        assertEquals(ErrorCode.PAYLOAD_TOO_LARGE, thrown.code());
    }

    @Test
    void shouldPushBackWhenWindowIsFull() {
        offer(1);
        poll(5);
        fixture.node.isCommitting = false;
        offer(64);
        assertEquals(Result.BACK_PRESSURED, writer.offer("key", ClientFixture.bytes("event")));
        poll(1);
        fixture.node.isUp = false;
        fixture.node.restart();
        poll(3);
        assertEquals(Result.NOT_CONNECTED, writer.offer("key", ClientFixture.bytes("event")));
        assertEquals(1, writer.acknowledgedSequence());
        fixture.node.isUp = true;
        fixture.node.isCommitting = true;
        poll(10);
        assertEquals(65, writer.acknowledgedSequence());
        assertEquals(65, fixture.node.segments[0].payloads().size());
        assertEquals(1, fixture.conductor.counters().reconnects());
        assertEquals(64, fixture.conductor.counters().resentEvents());
    }

    @Test
    void shouldForgetTidingsOnlyWhenNobodyPolls() {
        for (int i = 0; i < 10; i++) {
            offer(50);
            writer.flush(Duration.ofSeconds(1));
        }
        assertEquals(500, writer.acknowledgedSequence());
        writer.poll(told, 10);
        assertEquals(10, told.acknowledged.size());
        final int left = 64 - (50 - 10);
        offer(left);
        writer.flush(Duration.ofSeconds(1));
        assertEquals(Result.BACK_PRESSURED, writer.offer("key", ClientFixture.bytes("event")));
        poll(1);
        assertEquals(1, told.acknowledged.get(1) - told.acknowledged.get(0));
        assertEquals(500 + left, told.acknowledged.get(told.acknowledged.size() - 1));
    }

    @Test
    void shouldReportPendingEventsByNameWhenSegmentIsSealed() {
        offer(3);
        poll(10);
        fixture.node.seal();
        offer(2);
        poll(10);
        assertEquals(List.of(4L, 5L), told.failed);
        assertEquals(Result.SEALED, told.code);
        assertEquals(Result.SEALED, writer.offer("key", ClientFixture.bytes("late")));
        assertEquals(Result.SEALED, writer.failure());
        assertEquals(2, writer.pendingCount());
        assertEquals(
                ErrorCode.CLIENT_SEALED,
                assertThrows(MillraceException.class, () -> writer.flush(Duration.ofSeconds(1)))
                        .code());
        final MillraceException thrown = assertThrows(MillraceException.class, writer::close);
        assertTrue(String.valueOf(thrown.getMessage()).contains("2 events, from sequence 4 on"), thrown.getMessage());
        assertEquals(Result.CLOSED, writer.offer("key", ClientFixture.bytes("late")));
        writer.close();
    }

    @Test
    void shouldStopWhenFenced() {
        offer(1);
        poll(10);
        fixture.node.nextAppendRefusal = RefusalCode.WRITER_FENCED;
        offer(1);
        poll(10);
        assertEquals(Result.FENCED, writer.offer("key", ClientFixture.bytes("late")));
        assertEquals(
                ErrorCode.CLIENT_FENCED,
                assertThrows(MillraceException.class, () -> writer.append("key", new byte[1]))
                        .code());
    }

    @Test
    void shouldGoOnWithNumbersWhenWriterIdIsUsedAgain() {
        final EventWriter first = fixture.conductor.openWriter("test/stream", 3, 4);
        assertEquals(1, first.append("key", new byte[1]).eventNumber());
        assertEquals(
                ErrorCode.CLIENT_FENCED,
                assertThrows(MillraceException.class, () -> fixture.conductor.openWriter("test/stream", 3, 4))
                        .code());
        first.close();
        final EventWriter second = fixture.conductor.openWriter("test/stream", 3, 4);
        assertEquals(new EventPosition(0, 2, 27), second.append("key", new byte[2]));
        assertEquals(2, fixture.node.segments[0].payloads().size());
    }

    @Test
    void shouldRefuseToGoOnWhenAcknowledgedEventsAreLost() {
        offer(3);
        poll(10);
        fixture.node.forget();
        offer(1);
        poll(20);
        assertEquals(-ErrorCode.WRITER_UNKNOWN.number(), writer.failure());
    }

    @ParameterizedTest
    @EnumSource(
            value = ErrorCode.class,
            names = {"JOURNAL_FULL", "REPLICAS_TOO_FEW"})
    void shouldWaitAndSurfaceTheReasonWhenTimeMendsIt(final ErrorCode code) {
        offer(1);
        poll(10);
        fixture.node.everyAppendRefusal = RefusalCode.valueOf(code.name());
        offer(2);
        poll(50);
        assertEquals(code, writer.lastRefusal());
        assertEquals(0, writer.failure());
        fixture.clock.stepNs(10_000_000);
        final MillraceException thrown =
                assertThrows(MillraceException.class, () -> writer.append("key", ClientFixture.bytes("more")));
        assertEquals(code, thrown.code());
        assertTrue(fixture.node.appendFrames < 40, "does not back off: " + fixture.node.appendFrames);
        fixture.node.everyAppendRefusal = null;
        poll(2_000);
        assertEquals(4, writer.acknowledgedSequence());
        assertNull(writer.lastRefusal());
    }

    @Test
    void shouldEchoAtMostEveryTwentyMilliseconds() {
        for (int i = 0; i < 1000; i++) {
            offer(1);
            poll(1);
        }
        // 1000 turns of 0.1 ms, and the fake repeats un-echoed acknowledgements in every turn: each repeat is echoed.
        assertTrue(fixture.node.echoFrames > 3, "echoes " + fixture.node.echoFrames);
        poll(300);
        final int echoes = fixture.node.echoFrames;
        poll(300);
        assertEquals(echoes, fixture.node.echoFrames);
    }

    @Test
    void shouldSendClaimedEventOnlyWhenCommitted() {
        final EventClaim claim = new EventClaim();
        assertEquals(1, writer.tryClaim(5, 4, claim));
        claim.buffer().putInt(0, 1);
        assertThrows(IllegalStateException.class, () -> writer.offer("key", new byte[1]));
        claim.abort();
        assertThrows(IllegalStateException.class, claim::commit);
        assertEquals(1, writer.tryClaim(5, 4, claim));
        claim.buffer().putStringWithoutLengthAscii(0, "good");
        claim.commit();
        writer.flush(Duration.ofSeconds(1));
        assertEquals(1, fixture.node.segments[0].payloads().size());
        assertEquals(
                "good", ClientFixture.text(fixture.node.segments[0].payloads().get(0)));
    }

    @Test
    void shouldTimeOutByNameWhenNodeIsAway() {
        offer(1);
        poll(10);
        fixture.node.isUp = false;
        fixture.node.restart();
        fixture.clock.stepNs(100_000_000);
        assertEquals(
                ErrorCode.UNREACHABLE,
                assertThrows(MillraceException.class, () -> writer.append("key", new byte[1]))
                        .code());
        assertEquals(
                ErrorCode.UNREACHABLE,
                assertThrows(MillraceException.class, writer::close).code());
    }

    @Test
    void shouldFailAllWhenSessionIsRefusedForGood() {
        offer(1);
        poll(10);
        fixture.node.sessionRefusal = ErrorCode.UNAUTHORIZED;
        fixture.network.cutAll();
        fixture.turns(3);
        assertEquals(-ErrorCode.UNAUTHORIZED.number(), writer.offer("key", new byte[1]));
        assertFalse(Result.isRetryable(writer.failure()));
        assertEquals(
                ErrorCode.UNAUTHORIZED,
                assertThrows(MillraceException.class, writer::doWork).code());
    }
}
