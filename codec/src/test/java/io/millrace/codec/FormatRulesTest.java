package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rules above the schemas: CRC, hash chain, names, ids, versions, and that docs/formats.md names everything. */
@Timeout(10)
final class FormatRulesTest {
    @Test
    void shouldGiveKnownCrcWhenBytesAreOfTheStandard() {
        final ByteBuffer bytes = ByteBuffer.allocateDirect(32);
        bytes.put(7, "123456789".getBytes(StandardCharsets.US_ASCII));
        bytes.position(3).limit(5);
        final Crc32c crc = new Crc32c(bytes);
        assertEquals(0xE306_9283, crc.compute(7, 9));
        assertEquals(0, crc.compute(32, 0));
        assertEquals(0xE306_9283, crc.compute(7, 9));
        assertEquals(3, bytes.position());
        assertThrows(IllegalArgumentException.class, () -> crc.compute(30, 3));
        assertThrows(IllegalArgumentException.class, () -> crc.compute(3, -1));
    }

    @Test
    void shouldChainHashesWhenRecordsFollow() {
        final long first = RecordHash.next(RecordHash.START, 0xE306_9283, 136);
        assertEquals(0x27A803F52E13A4D9L, first);
        assertEquals(0x1CDFC9CAB4BB5FF7L, RecordHash.next(first, 1, 64));
        assertNotEquals(first, RecordHash.next(RecordHash.START, 0xE306_9283, 144));
    }

    @Test
    void shouldFollowTheRuleWhenNamesAreGiven() {
        for (final String good : new String[] {"a", "sensors", "a.b_c-D9", "_system", "x".repeat(255)}) {
            assertTrue(Names.isValid(good), good);
            final byte[] bytes = good.getBytes(StandardCharsets.UTF_8);
            assertTrue(Names.isValid(new UnsafeBuffer(bytes), 0, bytes.length), good);
        }
        for (final String bad : new String[] {"", "a b", "a/b", "ä", "a\n", "a\u0000", "x".repeat(256)}) {
            assertFalse(Names.isValid(bad), bad);
            final byte[] bytes = bad.getBytes(StandardCharsets.UTF_8);
            assertFalse(Names.isValid(new UnsafeBuffer(bytes), 0, bytes.length), bad);
        }
        assertTrue(Names.isReserved("_x"));
        assertFalse(Names.isReserved("x_"));
        assertEquals(5, Names.slashIndex("plant/sensors"));
        for (final String bad : new String[] {"", "/", "a/", "/a", "a", "a/b/c", "a /b"}) {
            assertEquals(-1, Names.slashIndex(bad), bad);
        }
    }

    @Test
    void shouldKeepPartsWhenIdsAndVersionsAreMade() {
        final long segmentId = Ids.segmentId(3, -2);
        assertEquals(0x0000_0003_FFFF_FFFEL, segmentId);
        assertEquals(3, Ids.creationEpoch(segmentId));
        assertEquals(-2, Ids.segmentNumber(segmentId));
        assertEquals("1.0", ProtocolVersion.toText(ProtocolVersion.CURRENT));
        assertTrue(ProtocolVersion.isCompatible(ProtocolVersion.of(1, 9)));
        assertFalse(ProtocolVersion.isCompatible(ProtocolVersion.of(2, 0)));
        assertEquals(9, ProtocolVersion.minor(ProtocolVersion.of(1, 9)));
    }

    @Test
    void shouldJudgeEventsWhenBytesAreUntrusted() {
        final byte[] bytes = new byte[64];
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final int first = EventFrame.put(buffer, 0, -7, new UnsafeBuffer(new byte[] {1, 2, 3}), 0, 3);
        final int second = EventFrame.put(buffer, first, 9, new UnsafeBuffer(new byte[0]), 0, 0);
        final int end = first + second;
        assertEquals(15, EventFrame.validate(buffer, 0, end));
        assertEquals(12, EventFrame.validate(buffer, first, end));
        assertEquals(-7, EventFrame.keyHash(buffer, 0));
        assertEquals(0, EventFrame.validateAll(buffer, 0, end, 2));
        assertEquals(EventFrame.BAD_COUNT, EventFrame.validateAll(buffer, 0, end, 3));
        assertEquals(EventFrame.BAD_COUNT, EventFrame.validateAll(buffer, 0, end, 1));
        for (int limit = first + 1; limit < end; limit++) {
            final UnsafeBuffer cut = new UnsafeBuffer(bytes, 0, limit);
            assertEquals(EventFrame.INCOMPLETE, EventFrame.validateAll(cut, 0, limit, 2));
        }
        EventFrame.putHeader(buffer, 0, 0, -1);
        assertEquals(EventFrame.BAD_LENGTH, EventFrame.validate(buffer, 0, end));
        EventFrame.putHeader(buffer, 0, 0, EventFrame.MAX_PAYLOAD + 1);
        assertEquals(EventFrame.BAD_LENGTH, EventFrame.validate(buffer, 0, end));
        EventFrame.putHeader(buffer, 0, 0, EventFrame.MAX_PAYLOAD);
        assertEquals(EventFrame.INCOMPLETE, EventFrame.validate(buffer, 0, end));
    }

    @Test
    void shouldJudgeKeyHashesUnsignedWhenARangeIsGiven() {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[64]);
        final UnsafeBuffer none = new UnsafeBuffer(new byte[0]);
        final int end = EventFrame.put(buffer, 0, Long.MAX_VALUE, none, 0, 0)
                + EventFrame.put(buffer, 12, Long.MIN_VALUE, none, 0, 0);
        assertEquals(0, EventFrame.validateAll(buffer, 0, end, 2, 0, -1));
        assertEquals(0, EventFrame.validateAll(buffer, 0, end, 2, Long.MAX_VALUE, Long.MIN_VALUE));
        assertEquals(EventFrame.BAD_KEY_HASH, EventFrame.validateAll(buffer, 0, end, 2, 0, Long.MAX_VALUE));
        assertEquals(EventFrame.BAD_KEY_HASH, EventFrame.validateAll(buffer, 0, end, 2, Long.MIN_VALUE, -1));
        assertEquals(EventFrame.BAD_COUNT, EventFrame.validateAll(buffer, 0, end, 1, Long.MIN_VALUE, -1));
        assertEquals(EventFrame.INCOMPLETE, EventFrame.validateAll(buffer, 0, end - 1, 2, Long.MIN_VALUE, -1));
    }

    @Test
    void shouldLeaveRoomForRepairWhenRecordIsLongest() {
        final int longest = LogFormat.maxRecordLength();
        assertEquals(0, longest % LogFormat.RECORD_ALIGNMENT);
        assertTrue(
                LogFormat.BATCH_HEADER_LENGTH + LogFormat.FILL_PREFIX_LENGTH + longest <= LogFormat.MAX_BATCH_LENGTH);
        assertEquals(8, LogFormat.align(1));
        assertEquals(64, LogFormat.align(64));
    }

    @Test
    void shouldDrawEveryMessageWhenFormatsAreDocumented() throws IOException {
        final String text = Files.readString(Path.of(System.getProperty("millrace.root"), "docs/formats.md"));
        for (final Schema.Message message : Schema.allMessages()) {
            assertTrue(text.contains(message.name), message + " is missing in docs/formats.md");
            for (final Schema.Field field : message.fields) {
                assertTrue(text.contains(field.name()), message + "." + field.name() + " is missing");
            }
            for (final Schema.Data data : message.data) {
                assertTrue(text.contains(data.name()), message + "." + data.name() + " is missing");
            }
        }
        for (final KeyHashTest.Vector vector : KeyHashTest.VECTORS) {
            final String hash = String.format("%016x", vector.hash());
            assertTrue(text.contains("| `" + vector.key() + "` | `" + hash + "` |"), vector.key());
        }
    }
}
