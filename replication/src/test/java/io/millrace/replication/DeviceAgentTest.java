package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.EventFrame;
import io.millrace.codec.LogFormat;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StartAt;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
final class DeviceAgentTest {
    private static final long WRITER = 42;
    private static final long LOW = 0x4000_0000_0000_0000L;
    private static final long HIGH = 0xBFFF_FFFF_FFFF_FFFFL;

    private Bed bed = new Bed();

    @BeforeEach
    void createSegment() {
        bed.effect(1, EffectAction.CREATE_SEGMENT);
    }

    @AfterEach
    void close() {
        bed.close();
    }

    @Test
    void shouldAcknowledgeOnlyWhenDurable() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        bed.device.hold(true);
        client.append(WRITER, 1, "one", "two");
        bed.until("the write to be held", () -> bed.agent.journal().inFlightCount() > 0);
        bed.turns(2_000);
        assertEquals(0, client.acked, "acknowledged before the device had it");
        bed.device.hold(false);
        bed.until("acknowledgement", () -> client.acked == 2);
        assertEquals(2 * (12 + 3), client.ackedOffset);
    }

    @Test
    void shouldShowOnlyCommittedBytesToReaders() {
        final Bed.Client writer = bed.connect("a").writer(WRITER);
        final Bed.Client reader = bed.connect("b");
        reader.subscribe(1, StartAt.TAIL, 0, 1 << 20);
        bed.until("reader", () -> reader.readStarted == 0);
        bed.device.hold(true);
        writer.append(WRITER, 1, "not yet");
        bed.until("the write to be held", () -> bed.agent.journal().inFlightCount() > 0);
        bed.turns(2_000);
        assertEquals(0, reader.read.size());
        bed.device.hold(false);
        bed.until("event", () -> reader.events().equals(List.of("not yet")));
    }

    @Test
    void shouldAppendOnceWhenAFrameIsResent() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        client.append(WRITER, 1, "one", "two");
        client.append(WRITER, 1, "one", "two");
        client.append(WRITER, 2, "two", "three");
        bed.until("acknowledgement", () -> client.acked == 3);
        client.append(WRITER, 1, "one", "two");
        final int before = client.ackCount;
        bed.until("acknowledgement again", () -> client.ackCount > before);
        client.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("events", () -> client.events().equals(List.of("one", "two", "three")));
        assertTrue(client.refusals.isEmpty());
    }

    @Test
    void shouldRefuseAGapOnlyWhenWhatItWasJudgedOnIsCommitted() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        bed.device.hold(true);
        client.append(WRITER, 1, "one");
        client.append(WRITER, 5, "five");
        bed.until("the write to be held", () -> bed.agent.journal().inFlightCount() > 0);
        bed.turns(2_000);
        assertTrue(client.refusals.isEmpty(), "answered from state that is not committed (P2)");
        bed.device.hold(false);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.EVENT_NUMBER_GAP)));
        assertEquals(2, client.refusalDetail);
        assertEquals(1, client.acked);
    }

    @Test
    void shouldFenceTheFirstSessionWhenASecondSetsUpTheSameWriter() {
        final Bed.Client first = bed.connect("a").writer(WRITER);
        first.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> first.acked == 1);
        final Bed.Client second = bed.connect("b").writer(WRITER);
        assertEquals(1, second.readyLast);
        first.append(WRITER, 2, "zombie");
        bed.until("refusal", () -> first.refusals.equals(List.of(RefusalCode.WRITER_FENCED)));
        second.append(WRITER, 2, "two");
        bed.until("acknowledgement", () -> second.acked == 2);
        second.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("events", () -> second.events().equals(List.of("one", "two")));
    }

    @Test
    void shouldNotAcknowledgeToASessionWithTheWrongSecret() {
        final Bed.Client writer = bed.connect("a").writer(WRITER);
        final Bed.Client thief = bed.connect("b");
        thief.bind(WRITER, writer.bindSecret + 1);
        bed.until("refusal", () -> thief.refusals.equals(List.of(RefusalCode.BIND_SECRET)));
        writer.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> writer.acked == 1);
        assertEquals(0, thief.ackCount);
    }

    @Test
    void shouldRefuseAResumingWriterThatTheChainDoesNotKnow() {
        final Bed.Client client = bed.connect("a");
        client.setup(WRITER, 0, true);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.WRITER_UNKNOWN)));
    }

    @Test
    void shouldRefuseAppendsThatTheChainCannotTake() {
        final Bed.Client client = bed.connect("a");
        client.append(WRITER, 1, "never set up");
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.WRITER_UNKNOWN)));
        client.refusals.clear();
        client.writer(WRITER);
        client.chainEpoch = 9;
        client.append(WRITER, 1, "old epoch");
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.CHAIN_EPOCH)));
        assertEquals(1, client.refusalDetail);
        client.refusals.clear();
        client.chainEpoch = 1;
        final UnsafeBuffer lies = new UnsafeBuffer(new byte[24]);
        lies.putInt(0, 1_000_000);
        client.send(WRITER, 1, 1, lies, 0, 24, false, 0, 0, false);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.MALFORMED)));
        assertEquals(0, bed.segmentLength());
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0x3FFF_FFFF_FFFF_FFFFL, 0xC000_0000_0000_0000L, -1})
    void shouldRefuseAnEventWhenItsKeyHashLiesOutsideTheSegment(final long outside) {
        final Bed.Client client = writerOfTheMiddle();
        final UnsafeBuffer events = events(LOW, outside, HIGH);
        client.send(WRITER, 1, 3, events, 0, events.capacity(), false, 0, 0, false);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.KEY_RANGE)));
        assertEquals(outside, client.refusalDetail, "the key hash at fault");
        assertEquals(0, bed.segmentLength());

        client.refusals.clear();
        client.send(WRITER, 1, 1, events(outside), 0, 13, true, 0, 26, false);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.MALFORMED)));
        client.refusals.clear();
        client.send(WRITER, 1, 1, events(outside), 0, 12, true, 0, 13, false);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.KEY_RANGE)));
        assertEquals(outside, client.refusalDetail, "the key hash of a fragmented event");
        assertEquals(0, bed.agent.state(Bed.CHAIN).openFragmentedEventCount());
    }

    @Test
    void shouldTakeEventsWhenTheirKeyHashesLieOnTheBoundsOfTheSegment() {
        final Bed.Client client = writerOfTheMiddle();
        final UnsafeBuffer events = events(LOW, Long.MAX_VALUE, Long.MIN_VALUE, HIGH);
        client.send(WRITER, 1, 4, events, 0, events.capacity(), false, 0, 0, false);
        bed.until("acknowledgement", () -> client.acked == 4);
        client.send(WRITER, 5, 1, events(HIGH), 0, 12, true, 0, 13, false);
        client.send(WRITER, 5, 1, events(HIGH), 12, 1, true, 12, 13, true);
        bed.until("acknowledgement", () -> client.acked == 5);
        assertEquals(List.of(), client.refusals);
    }

    /** A writer of a segment that takes the two middle quarters of the key space. */
    private Bed.Client writerOfTheMiddle() {
        bed.close();
        bed = new Bed();
        bed.effect(1, EffectAction.CREATE_SEGMENT, Bed.SEGMENT, LOW, HIGH);
        return bed.connect("a").writer(WRITER);
    }

    private static UnsafeBuffer events(final long... keyHashes) {
        final int length = EventFrame.frameLength(1);
        final UnsafeBuffer events = new UnsafeBuffer(new byte[keyHashes.length * length]);
        for (int i = 0; i < keyHashes.length; i++) {
            EventFrame.putHeader(events, i * length, keyHashes[i], 1);
        }
        return events;
    }

    @Test
    void shouldRepeatAnAcknowledgementUntilItIsEchoed() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        client.append(WRITER, 1, "one");
        bed.until("two repeats", () -> client.ackCount >= 4);
        client.echo(WRITER, 1);
        bed.turns(20_000);
        final int settled = client.ackCount;
        final long untilNs = System.nanoTime() + 500_000_000L;
        bed.until("half a second", () -> System.nanoTime() > untilNs);
        assertEquals(settled, client.ackCount);
    }

    @Test
    void shouldTakeAnEventInFragmentsAndShowItWhole() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        final Bed.Client other = bed.connect("b").writer(WRITER + 1);
        final int payload = 40_000;
        final UnsafeBuffer event = new UnsafeBuffer(new byte[12 + payload]);
        event.putInt(0, payload);
        for (int i = 0; i < payload; i++) {
            event.putByte(12 + i, (byte) ('a' + i % 26));
        }
        int sent = 0;
        while (sent < event.capacity()) {
            final int bytes = Math.min(7_000, event.capacity() - sent);
            final boolean last = sent + bytes == event.capacity();
            if (last) {
                assertEquals(0, client.acked);
                assertEquals(5 * (12 + 5), bed.segmentLength(), "visible before the last fragment");
            }
            client.send(WRITER, 1, 1, event, sent, bytes, true, sent, event.capacity(), last);
            if (!last) {
                final int number = sent / 7_000 + 1;
                other.append(WRITER + 1, number, "small");
                bed.until("small event", () -> other.acked == number);
            }
            sent += bytes;
        }
        bed.until("acknowledgement", () -> client.acked == 1);
        client.append(WRITER, 2, "after");
        client.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("events", () -> client.read.size() == 5 * 17 + event.capacity() + 17);
        final List<String> events = client.events();
        assertEquals(7, events.size());
        assertEquals(event.getStringWithoutLengthAscii(12, payload), events.get(5));
        assertEquals("after", events.get(6));
    }

    @Test
    void shouldRebuildTheSameStateWhenRestarted() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        for (int i = 1; i <= 300; i++) {
            client.append(WRITER, i, "event " + i);
        }
        bed.until("acknowledgement", () -> client.acked == 300);
        final long hash = bed.agent.state(Bed.CHAIN).stateHash();
        bed.crashAndRestart();
        assertEquals(hash, bed.agent.state(Bed.CHAIN).stateHash());
        final Bed.Client again = bed.connect("a").writer(WRITER);
        assertEquals(300, again.readyLast);
        again.append(WRITER, 300, "event 300", "event 301");
        bed.until("acknowledgement", () -> again.acked == 301);
        again.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("all", () -> again.events().size() == 301);
        for (int i = 1; i <= 301; i++) {
            assertEquals("event " + i, again.events().get(i - 1));
        }
    }

    @Test
    void shouldLoseNothingAcknowledgedWhenItCrashesWithWritesInFlight() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        client.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> client.acked == 1);
        bed.device.hold(true);
        client.append(WRITER, 2, "two");
        bed.until("the write to be held", () -> bed.agent.journal().inFlightCount() > 0);
        bed.turns(100);
        bed.crashAndRestart();
        final Bed.Client again = bed.connect("a").writer(WRITER);
        assertTrue(again.readyLast == 1 || again.readyLast == 2);
        final long next = again.readyLast + 1;
        again.append(WRITER, next, "next");
        bed.until("acknowledgement", () -> again.acked == next);
    }

    @Test
    void shouldCatchUpFromTheDeviceWhenTheRingHasMovedOn() {
        bed.close();
        bed = new Bed(64 << 20, 2 << 20);
        bed.effect(1, EffectAction.CREATE_SEGMENT);
        final Bed.Client client = bed.connect("a").writer(WRITER);
        final String payload = "x".repeat(5_000);
        for (int i = 1; i <= 2_000; i++) {
            client.append(WRITER, i, payload);
        }
        bed.until("acknowledgement", () -> client.acked == 2_000);
        final Bed.Client reader = bed.connect("b");
        reader.subscribe(1, StartAt.HEAD, 0, 100_000);
        long credit = 100_000;
        final long total = 2_000L * 5_012;
        while (reader.read.size() < total) {
            final long wanted = Math.min(total, credit);
            bed.until("bytes up to " + wanted, () -> reader.read.size() >= wanted);
            assertEquals(wanted, reader.read.size(), "beyond its credit");
            credit += 1 << 20;
            reader.credit(1, credit);
        }
        assertTrue(bed.agent.journal().counters().deviceReadCount() > 0);
        assertEquals(2_000, reader.events().size());
    }

    /** A reader passes every batch on its way, also those that hold nothing for it. */
    @Test
    void shouldReadOnWhenABatchOfAnotherChainIsRotten() {
        final Bed.Client writer = bed.connect("w").writer(WRITER);
        writer.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> writer.acked == 1);
        bed.effect(2, 1, EffectAction.CREATE_SEGMENT, 9, 0, -1);
        writer.append(WRITER, 2, "two");
        bed.until("acknowledgement", () -> writer.acked == 2);
        bed.crashAndRestart();
        final int address =
                (int) bed.agent.journal().addressOf(2, bed.agent.state(2).lastPosition());
        assertEquals(LogFormat.BATCH_MAGIC, new UnsafeBuffer(bed.medium).getLong(address));
        bed.medium[address + LogFormat.BATCH_HEADER_LENGTH] ^= 1;
        final Bed.Client reader = bed.connect("r");
        reader.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("both events", () -> !reader.refusals.isEmpty() || reader.read.size() == 2 * (12 + 3));
        assertEquals(List.of(), reader.refusals);
        assertEquals(List.of("one", "two"), reader.events());
    }

    @Test
    void shouldServeMoreReadersBehindTheTailThanBatchesItReadsAtATime() {
        final Bed.Client writer = bed.connect("w").writer(WRITER);
        final String payload = "y".repeat(1_000);
        for (int i = 1; i <= 500; i++) {
            writer.append(WRITER, i, payload);
        }
        bed.until("acknowledgement", () -> writer.acked == 500);
        final List<Bed.Client> readers = new ArrayList<>();
        for (int i = 0; i < 9; i++) {
            final Bed.Client reader = bed.connect("r" + i);
            reader.subscribe(1, StartAt.HEAD, 0, 16 << 20);
            readers.add(reader);
        }
        bed.until("all readers", () -> readers.stream().allMatch(r -> r.read.size() == 500 * 1_012));
    }

    @Test
    void shouldEndReadersWhenTheSegmentIsSealedAndRefuseWriters() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        client.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> client.acked == 1);
        client.subscribe(1, StartAt.HEAD, 0, 1 << 20);
        bed.until("event", () -> client.events().equals(List.of("one")));
        bed.effect(2, EffectAction.SEAL_SEGMENT);
        bed.until("end", () -> client.readEnd == 15);
        client.append(WRITER, 2, "late");
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.SEGMENT_SEALED)));
        assertEquals(1, client.refusalDetail, "the writer's final number");
        bed.effect(3, EffectAction.DELETE_SEGMENT);
        client.refusals.clear();
        client.subscribe(2, StartAt.HEAD, 0, 1 << 20);
        bed.until("refusal", () -> client.refusals.equals(List.of(RefusalCode.SEGMENT_DELETED)));
    }

    @Test
    void shouldRefuseReadersBelowTheStartWhenTheSegmentIsTruncated() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        for (int i = 1; i <= 100; i++) {
            client.append(WRITER, i, "e" + (100 + i));
        }
        bed.until("acknowledgement", () -> client.acked == 100);
        final Bed.Client slow = bed.connect("slow");
        slow.subscribe(1, StartAt.HEAD, 0, 32);
        bed.until("credit is used up", () -> slow.read.size() == 32);
        bed.truncate(2, 60 * 16);
        bed.until("refusal", () -> slow.refusals.equals(List.of(RefusalCode.SEGMENT_TRUNCATED)));
        assertEquals(60 * 16, slow.refusalDetail);
        for (int run = 0; run < 2; run++) {
            final Bed.Client reader = bed.connect("r" + run);
            reader.subscribe(1, StartAt.OFFSET, 60 * 16 - 1, 1 << 20);
            bed.until("refusal", () -> reader.refusals.equals(List.of(RefusalCode.SEGMENT_TRUNCATED)));
            assertEquals(60 * 16, reader.refusalDetail, "where the segment begins now");
            reader.subscribe(2, StartAt.HEAD, 0, 1 << 20);
            bed.until("the rest", () -> reader.read.size() == 40 * 16);
            assertEquals("e161", reader.events().get(0));
            if (run == 0) {
                bed.crashAndRestart();
            }
        }
    }

    @Test
    void shouldRefuseReadersThatBeginInsideAnEvent() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        final UnsafeBuffer three = new UnsafeBuffer(new byte[3 * 16]);
        for (int i = 0; i < 3; i++) {
            EventFrame.putHeader(three, i * 16, 7, 4);
            three.putStringWithoutLengthAscii(i * 16 + EventFrame.HEADER_LENGTH, "abc" + i);
        }
        client.send(WRITER, 1, 3, three, 0, three.capacity(), false, 0, 0, false);
        final UnsafeBuffer large = new UnsafeBuffer(new byte[112]);
        EventFrame.putHeader(large, 0, 7, 100);
        client.send(WRITER, 4, 1, large, 0, 60, true, 0, 112, false);
        client.send(WRITER, 4, 1, large, 60, 52, true, 60, 112, true);
        client.append(WRITER, 5, "last");
        bed.until("acknowledgement", () -> client.acked == 5);
        for (final long inside : new long[] {1, 12, 15, 17, 47, 49, 60, 107, 108, 109, 159, 161, 175}) {
            final Bed.Client reader = bed.connect("r" + inside);
            reader.subscribe(1, StartAt.OFFSET, inside, 1 << 20);
            bed.until("refusal", () -> reader.refusals.equals(List.of(RefusalCode.OFFSET_OUT_OF_RANGE)));
            assertEquals(inside, reader.refusalDetail);
            assertEquals(0, reader.read.size(), "bytes that are no event");
            reader.subscribe(2, StartAt.OFFSET, 16, 1 << 20);
            bed.until("events", () -> reader.read.size() == 160);
            assertEquals("abc1", reader.events().get(0));
            bed.disconnect(reader);
        }
        for (final long event : new long[] {0, 16, 32, 48, 160, 176}) {
            final Bed.Client reader = bed.connect("e" + event);
            reader.subscribe(1, StartAt.OFFSET, event, 1 << 20);
            bed.until("events", () -> reader.read.size() == 176 - event && reader.readStarted == event);
            assertEquals(List.of(), reader.refusals);
            bed.disconnect(reader);
        }
    }

    @Test
    void shouldIgnoreAnEffectThatComesTwiceOrTooEarly() {
        bed.effect(1, EffectAction.CREATE_SEGMENT);
        final long position = bed.agent.state(Bed.CHAIN).lastPosition();
        bed.effect(1, EffectAction.CREATE_SEGMENT);
        assertEquals(position, bed.agent.state(Bed.CHAIN).lastPosition());
    }

    @Test
    void shouldAcknowledgeNothingAfterAFailedWrite() {
        final Bed.Client client = bed.connect("a").writer(WRITER);
        client.append(WRITER, 1, "one");
        bed.until("acknowledgement", () -> client.acked == 1);
        bed.device.failWrite(bed.device.writeCount() + 1, -io.millrace.journal.faulty.FaultyDevice.EIO, false);
        client.append(WRITER, 2, "two");
        bed.until("fence", () -> bed.agent.fencedReason() != null);
        assertNotNull(bed.agent.fencedReason());
        client.append(WRITER, 2, "two");
        bed.until("refusal", () -> client.refusals.contains(RefusalCode.DEVICE_FENCED));
        assertEquals(1, client.acked);
    }

    @Test
    void shouldRefuseByNameAndLoseNothingWhenTheJournalIsFull() {
        bed.close();
        bed = new Bed(8 << 20, 2 << 20);
        bed.effect(1, EffectAction.CREATE_SEGMENT);
        final Bed.Client client = bed.connect("a").writer(WRITER);
        final String payload = "z".repeat(6_000);
        long number = 0;
        while (client.refusals.isEmpty() && number < 5_000) {
            client.append(WRITER, ++number, payload);
            bed.turns(5);
        }
        bed.turns(5_000);
        assertTrue(client.refusals.contains(RefusalCode.JOURNAL_FULL), client.refusals::toString);
        final long acked = client.acked;
        assertNotEquals(0, acked);
        assertFalse(acked > number);
        final Bed.Client reader = bed.connect("b");
        reader.subscribe(1, StartAt.HEAD, 0, 16 << 20);
        bed.until("all acknowledged", () -> reader.read.size() >= acked * 6_012);
        bed.crashAndRestart();
        assertEquals(acked * 6_012, bed.segmentLength());
    }

    @Test
    void shouldHoldBackASlowReaderWithoutHoldingBackTheWriter() {
        final Bed.Client writer = bed.connect("w").writer(WRITER);
        final Bed.Client reader = bed.connect("r");
        reader.subscribe(1, StartAt.TAIL, 0, 16 << 20);
        bed.until("reader", () -> reader.readStarted == 0);
        reader.accept = false;
        final String payload = "s".repeat(6_000);
        for (int i = 1; i <= 1_000; i++) {
            writer.append(WRITER, i, payload);
        }
        bed.until("acknowledgement", () -> writer.acked == 1_000);
        reader.accept = true;
        bed.until("all", () -> reader.read.size() == 1_000 * 6_012);
    }

    @Test
    void shouldSendLittleInATurnWhileSomebodyWrites() {
        final Bed.Client writer = bed.connect("w").writer(WRITER);
        final String payload = "b".repeat(1_000);
        for (int i = 1; i <= 400; i++) {
            writer.append(WRITER, i, payload);
        }
        bed.until("acknowledgement", () -> writer.acked == 400);
        bed.pass(5_000_000);
        final Bed.Client calm = bed.connect("calm");
        calm.subscribe(1, StartAt.HEAD, 0, 16 << 20);
        assertTrue(mostReadInATurn(calm, 400 * 1_012) > 32 << 10, "nobody writes: a turn is long");
        bed.device.hold(true);
        writer.append(WRITER, 401, payload);
        bed.until("the write to be held", () -> bed.agent.journal().inFlightCount() > 0);
        final Bed.Client beside = bed.connect("beside");
        beside.subscribe(1, StartAt.HEAD, 0, 16 << 20);
        final long most = mostReadInATurn(beside, 400 * 1_012);
        bed.device.hold(false);
        assertTrue(most <= 32 << 10, "a turn beside a writer sent " + most);
        bed.until("acknowledgement", () -> writer.acked == 401);
        bed.until("all", () -> beside.read.size() == 401 * 1_012);
    }

    private long mostReadInATurn(final Bed.Client reader, final long length) {
        final long[] most = new long[2];
        most[1] = bed.agent.sentReadBytes();
        bed.until("reader", () -> {
            most[0] = Math.max(most[0], bed.agent.sentReadBytes() - most[1]);
            most[1] = bed.agent.sentReadBytes();
            return reader.read.size() == length;
        });
        return most[0];
    }
}
