package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.millrace.codec.Schema.Message;
import io.millrace.codec.log.RecordKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whole records of every kind, a batch and a superblock are exactly the bytes of their golden files. */
@Timeout(60)
final class LogGoldenTest {
    private static final Schema LOG = Schema.of("log");

    @ParameterizedTest
    @EnumSource(value = RecordKind.class, mode = EnumSource.Mode.EXCLUDE, names = "NULL_VAL")
    void shouldEncodeGoldenBytesWhenRecordIsOfKind(final RecordKind kind) {
        final byte[] record = LogSamples.record(kind);
        final List<Message> blocks = bodyOf(kind).isEmpty()
                ? List.of(message("RecordHeader"))
                : List.of(message("RecordHeader"), message(bodyOf(kind)));
        final String text = Golden.describe("a whole record of kind " + kind, blocks, "the rest of the body", record);
        assertGolden("journal/" + kind, text, record);
        final UnsafeBuffer buffer = new UnsafeBuffer(record);
        assertEquals(record.length, LogRecords.check(buffer, 0, record.length));
        final int crc = ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
        assertEquals(Crc32c.of(ByteBuffer.wrap(record), 8, record.length - 8), crc);
    }

    @Test
    void shouldEncodeGoldenBytesWhenBatchHoldsTwoRecords() {
        final byte[] batch = LogSamples.batch();
        final List<Message> blocks = List.of(message("BatchHeader"), message("RecordHeader"), message("AppendBody"));
        final String rest = "the events of the first record, the second record, padding";
        assertGolden("journal/batch", Golden.describe("a batch of two records", blocks, rest, batch), batch);
        final UnsafeBuffer buffer = new UnsafeBuffer(batch);
        final int limit = 96 + buffer.getInt(76, ByteOrder.LITTLE_ENDIAN);
        final int first = LogRecords.check(buffer, 96, limit);
        final int second = LogRecords.check(buffer, 96 + LogFormat.align(first), limit);
        assertEquals(limit, 96 + LogFormat.align(first) + LogFormat.align(second));
    }

    @Test
    void shouldEncodeGoldenBytesWhenSuperblockIsWhole() {
        final byte[] superblock = LogSamples.superblock();
        final List<Message> blocks = List.of(message("Superblock"));
        assertGolden(
                "journal/superblock", Golden.describe("a superblock with its CRC", blocks, "", superblock), superblock);
    }

    private static void assertGolden(final String name, final String text, final byte[] bytes) {
        if (Golden.isUpdating()) {
            Golden.update(name, text);
        }
        assertArrayEquals(Golden.read(name), bytes);
        assertEquals(Golden.readText(name), text, "text for people");
    }

    private static Message message(final String name) {
        return java.util.Objects.requireNonNull(LOG.messages.get(name), name);
    }

    private static String bodyOf(final RecordKind kind) {
        return switch (kind) {
            case APPEND, APPEND_FRAGMENT -> "AppendBody";
            case TRUNCATE -> "TruncateBody";
            case FILL -> "FillBody";
            case WRITER_SETUP -> "WriterSetupBody";
            case WRITER_EXPIRY -> "WriterExpiryBody";
            case CHAIN_MEMBERSHIP -> "ChainMembershipBody";
            case CHECKPOINT -> "CheckpointBody";
            default -> "";
        };
    }
}
