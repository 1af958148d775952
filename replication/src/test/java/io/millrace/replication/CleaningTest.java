package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.EventFrame;
import io.millrace.codec.control.CreateScopeCommandEncoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.SealStreamCommandEncoder;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.codec.wire.StartAt;
import io.millrace.journal.JournalCounters;
import io.millrace.journal.JournalStatus;
import java.util.ArrayList;
import java.util.List;
import org.agrona.ExpandableArrayBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Idle streams whose few events lie in as many zones, with the real state of the chains, over real loopback. */
@Timeout(180)
final class CleaningTest {
    private static final long WRITER = 5;
    private static final int ZONES = 16;
    private static final int ZONE_LENGTH = 1 << 20;
    private static final int IDLE_COUNT = 12;
    private static final String PAYLOAD = "z".repeat(6_000);
    private static final int FRAME = EventFrame.frameLength(PAYLOAD.length());
    private static final int KEPT = 200;
    private static final long FRAGMENTED = 50;

    private final Bed bed = new Bed((ZONES * ZONE_LENGTH) + (64 << 10), 4 << 20, ZONE_LENGTH);
    private final List<String> idle = new ArrayList<>();
    private Bed.Client busy;
    private long effects;
    private long number;
    private long truncated;

    CleaningTest() {
        bed.effect(++effects, EffectAction.CREATE_SEGMENT);
        busy = bed.connect("busy").writer(WRITER);
    }

    private long capacity() {
        return bed.agent.journal().capacityBytes();
    }

    private JournalCounters counters() {
        return bed.agent.journal().counters();
    }

    /** Writes events of the busy stream and truncates what is older than the last few. */
    private void write(final long bytes) {
        final long end = number + bytes / FRAME;
        while (number < end) {
            busy.append(WRITER, ++number, PAYLOAD);
            if (number % 16 == 0) {
                final long wanted = number - 16;
                bed.until("acknowledgement", () -> busy.acked >= wanted || !busy.refusals.isEmpty());
                assertTrue(busy.refusals.isEmpty(), () -> busy.refusals + " after " + number + ", " + describe());
            }
            if (number - truncated >= 2 * KEPT) {
                truncated = number - KEPT;
                bed.truncate(++effects, truncated * (long) FRAME);
            }
        }
    }

    /** Fills the journal with batches that have no padding: there is nothing to gain. */
    private void fill() {
        final String filling = "f".repeat(8192 - 96 - 64 - 72 - 12);
        while (busy.refusals.isEmpty()) {
            busy.append(WRITER, ++number, filling);
            bed.turns(2);
        }
    }

    private String describe() {
        return "free " + bed.agent.journal().freeBytes() + ", checkpoints "
                + counters().checkpointCount() + ", freed "
                + counters().freedZoneCount() + ", cleaned " + counters().cleanedZoneCount() + ", copied "
                + counters().copiedBytes() + ", damaged " + counters().damagedZoneCount();
    }

    private void addIdle() {
        final long segment = idle.size() + 1L;
        bed.effect(++effects, EffectAction.CREATE_SEGMENT, segment);
        final Bed.Client client = bed.connect("idle" + segment);
        client.segmentId = segment;
        client.writer(WRITER + segment);
        idle.add("idle " + segment);
        client.append(WRITER + segment, 1, "idle " + segment);
        bed.until("idle event", () -> client.acked == 1);
        bed.disconnect(client);
    }

    private void assertIdleEvents() {
        for (int segment = 1; segment <= idle.size(); segment++) {
            final Bed.Client client = bed.connect("reader" + segment);
            client.segmentId = segment;
            client.subscribe(1, StartAt.HEAD, 0, 1 << 20);
            bed.until("idle event", () -> client.read.size() > 0 || !client.refusals.isEmpty());
            assertEquals(List.of(idle.get(segment - 1)), client.events(), client.refusals::toString);
            bed.disconnect(client);
        }
    }

    @Test
    void shouldNotHaltWhenIdleStreamsPinMostZones() {
        try (bed) {
            for (int i = 0; i < IDLE_COUNT; i++) {
                addIdle();
                write(ZONE_LENGTH);
            }
            write(20 * capacity());
            assertTrue(
                    counters().cleanedZoneCount() >= IDLE_COUNT,
                    () -> "cleaned " + counters().cleanedZoneCount());
            assertTrue(
                    counters().copiedBytes() < capacity(),
                    () -> "copied " + counters().copiedBytes());
            assertIdleEvents();
            bed.crashAndRestart();
            assertIdleEvents();
        }
    }

    @Test
    void shouldReadLongSegmentsWhosePartsWereCopied() {
        try (bed) {
            // a slow stream between the busy one's events: a hundred events in each zone
            bed.effect(++effects, EffectAction.CREATE_SEGMENT, 1);
            final Bed.Client slow = bed.connect("slow");
            slow.segmentId = 1;
            slow.writer(WRITER + 1);
            final List<String> expected = new ArrayList<>();
            for (int i = 1; i <= 800; i++) {
                expected.add("slow " + i + "s".repeat(i % 300));
                slow.append(WRITER + 1, i, expected.get(i - 1));
                write(2L * FRAME);
            }
            bed.until("acknowledgement", () -> slow.acked == 800);
            write(4 * capacity());
            assertTrue(counters().cleanedZoneCount() > 0, this::describe);
            assertRead(1, expected, 0);
            long offset = 0;
            for (int i = 0; i < 333; i++) {
                offset += EventFrame.frameLength(expected.get(i).length());
            }
            bed.truncate(++effects, 1, offset);
            write(4 * capacity());
            assertRead(1, expected.subList(333, 800), offset);
            bed.crashAndRestart();
            assertRead(1, expected.subList(333, 800), offset);
        }
    }

    private void assertRead(final long segment, final List<String> expected, final long offset) {
        final Bed.Client client = bed.connect("reader");
        client.segmentId = segment;
        client.subscribe(1, StartAt.HEAD, 0, 4 << 20);
        long length = 0;
        for (final String text : expected) {
            length += EventFrame.frameLength(text.length());
        }
        final long wanted = length;
        bed.until("all bytes", () -> client.read.size() >= wanted || !client.refusals.isEmpty());
        assertEquals(List.of(), client.refusals);
        assertEquals(expected, client.events());
        assertEquals(offset, client.readStarted);
        bed.disconnect(client);
    }

    @Test
    void shouldCopyFragmentsOfWholeAndOfOpenEvents() {
        try (bed) {
            bed.effect(++effects, EffectAction.CREATE_SEGMENT, FRAGMENTED);
            final Bed.Client client = bed.connect("fragments");
            client.segmentId = FRAGMENTED;
            client.writer(WRITER + 1);
            for (int i = 0; i < 8; i++) {
                write(ZONE_LENGTH);
                addIdle();
            }
            final String first = "a".repeat(30_000);
            final String second = "b".repeat(30_000);
            sendFragments(client, 1, first, 0, 6);
            bed.until("whole event", () -> client.acked == 1);
            sendFragments(client, 2, second, 0, 3);
            write(6 * capacity());
            assertTrue(counters().cleanedZoneCount() > 0, this::describe);
            sendFragments(client, 2, second, 3, 6);
            bed.until("second event", () -> client.acked == 2);
            write(6 * capacity());
            assertRead(FRAGMENTED, List.of(first, second), 0);
            bed.crashAndRestart();
            assertRead(FRAGMENTED, List.of(first, second), 0);
        }
    }

    /** Sends some of the six parts of an event, each with busy events behind it. */
    private void sendFragments(
            final Bed.Client client, final long event, final String payload, final int from, final int to) {
        final int length = EventFrame.frameLength(payload.length());
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(length);
        buffer.putInt(0, payload.length());
        buffer.putLong(4, payload.hashCode());
        buffer.putStringWithoutLengthAscii(12, payload);
        final int part = length / 6 + 1;
        for (int i = from; i < to; i++) {
            final int offset = i * part;
            final int bytes = Math.min(part, length - offset);
            client.send(WRITER + 1, event, 1, buffer, offset, bytes, true, offset, length, i == 5);
            write(ZONE_LENGTH / 4);
        }
    }

    @Test
    void shouldRefuseAndCopyNothingWhenEverythingIsLive() {
        try (bed) {
            fill();
            assertTrue(busy.refusals.contains(RefusalCode.JOURNAL_FULL), busy.refusals::toString);
            bed.turns(3_000);
            bed.pass(1_000_000_000L);
            bed.turns(3_000);
            assertTrue(bed.agent.isJournalFull(), this::describe);
            assertEquals(0, counters().copiedBytes(), "there is nothing to gain");
        }
    }

    @Test
    void shouldMakeRoomWhenAThirdOfEachZoneIsDead() {
        try (bed) {
            bed.effect(++effects, EffectAction.CREATE_SEGMENT, 1);
            final Bed.Client kept = bed.connect("kept");
            kept.segmentId = 1;
            kept.writer(WRITER + 1);
            long keptNumber = 0;
            while (busy.refusals.isEmpty() && kept.refusals.isEmpty()) {
                busy.append(WRITER, ++number, PAYLOAD);
                kept.append(WRITER + 1, ++keptNumber, PAYLOAD);
                kept.append(WRITER + 1, ++keptNumber, PAYLOAD);
                bed.turns(3);
            }
            bed.turns(1_000);
            final long lastKept = kept.acked;
            assertTrue(bed.agent.isJournalFull(), this::describe);
            bed.truncate(++effects, busy.acked * (long) FRAME);
            bed.until("room", () -> bed.agent.journal().freeBytes() > 4L * ZONE_LENGTH);
            assertFalse(bed.agent.isJournalFull());
            final Bed.Client reader = bed.connect("reader");
            reader.segmentId = 1;
            reader.subscribe(1, StartAt.HEAD, 0, 16 << 20);
            bed.until("all", () -> reader.read.size() >= lastKept * (long) FRAME || !reader.refusals.isEmpty());
            assertEquals(List.of(), reader.refusals);
            for (final String event : reader.events()) {
                assertEquals(PAYLOAD, event);
            }
        }
    }

    @Test
    void shouldKeepTheRoomOfTheRelievingCheckpointWhenCommandsComeInAFullJournal() {
        try (bed) {
            fill();
            bed.turns(2_000);
            assertEquals(JournalStatus.FULL, create(), "a command that frees nothing took from the reserve");
            int count = 0;
            while (seal() >= 0) {
                bed.turns(1);
                count++;
                assertTrue(count < 10_000, "commands used up all that was left");
            }
            assertTrue(count > 100, "only " + count + " commands got in");
            // the zones that the commands have filled become free
            bed.until("room for a command", () -> seal() >= 0);
            bed.effect(++effects, EffectAction.SEAL_SEGMENT);
            bed.effect(++effects, EffectAction.DELETE_SEGMENT);
            bed.until("room", () -> !bed.agent.isJournalFull());
            assertTrue(create() >= 0);
        }
    }

    private long create() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final CreateScopeCommandEncoder command = new CreateScopeCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(1)
                .scopeName("s");
        return bed.agent.appendControl(buffer, MessageHeaderEncoder.ENCODED_LENGTH + command.encodedLength());
    }

    private long seal() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
        final SealStreamCommandEncoder command = new SealStreamCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .requestId(1)
                .scopeName("s")
                .streamName("t");
        long status = JournalStatus.BACK_PRESSURED;
        for (int i = 0; i < 1_000 && status == JournalStatus.BACK_PRESSURED; i++) {
            status = bed.agent.appendControl(buffer, MessageHeaderEncoder.ENCODED_LENGTH + command.encodedLength());
            bed.turns(1);
        }
        return status;
    }
}
