package io.millrace.codec;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.CheckpointBodyDecoder;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyDecoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Untrusted records: buffers end with the last byte and check bounds, so that a read beyond it throws and the property
 * fails.
 */
final class LogRecordsPropertyTest {
    private static final int TRIES = 3000;
    private static final Schema LOG = Schema.of("log");

    @Property(tries = TRIES)
    void shouldStayInBoundsWhenBytesAreRandom(
            @ForAll final byte @Size(max = 300) [] bytes, @ForAll @IntRange(max = 10) final int kind) {
        if (bytes.length > 12) {
            bytes[8] = (byte) kind;
            bytes[10] = 0;
            bytes[11] = 0;
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(0, bytes.length);
        }
        checkAndDecode(bytes);
    }

    @Property(tries = TRIES)
    void shouldStayInBoundsWhenRecordIsMutated(
            @ForAll("kind") final RecordKind kind,
            @ForAll final byte @Size(min = 1, max = 4) [] values,
            @ForAll @IntRange(max = 260) final int at,
            @ForAll @IntRange(min = -16, max = 16) final int cut) {
        final byte[] record = LogSamples.record(kind);
        for (int i = 0; i < values.length; i++) {
            record[(at + 7 * i) % record.length] = values[i];
        }
        checkAndDecode(Arrays.copyOf(record, record.length + (cut > 8 ? 0 : cut)));
    }

    @Property(tries = 100)
    void shouldRefuseWhenRecordIsTruncatedAnywhere(@ForAll("kind") final RecordKind kind) {
        final byte[] record = LogSamples.record(kind);
        for (int length = 0; length < record.length; length++) {
            final byte[] cut = Arrays.copyOf(record, length);
            assertEquals(FrameStatus.TRUNCATED, LogRecords.check(new UnsafeBuffer(cut), 0, length));
        }
        // The same with a length that admits the cut: only bytes that end with the record may be missing.
        for (int length = LogFormat.RECORD_HEADER_LENGTH; length < record.length; length++) {
            final byte[] cut = Arrays.copyOf(record, length);
            ByteBuffer.wrap(cut).order(ByteOrder.LITTLE_ENDIAN).putInt(0, length);
            final int answer = LogRecords.check(new UnsafeBuffer(cut), 0, length);
            assertEquals(length >= openPrefix(kind), answer > 0, kind + " of " + length);
        }
    }

    @Property(tries = 100)
    void shouldRefuseWhenBytesFollowTheBody(
            @ForAll("kind") final RecordKind kind, @ForAll @IntRange(min = 1, max = 70) final int extra) {
        final byte[] record = LogSamples.record(kind);
        final byte[] longer = Arrays.copyOf(record, record.length + extra);
        final UnsafeBuffer buffer = new UnsafeBuffer(longer);
        assertEquals(record.length, LogRecords.check(buffer, 0, longer.length), "another record may follow");
        buffer.putInt(0, longer.length, ByteOrder.LITTLE_ENDIAN);
        final boolean open = openPrefix(kind) < Integer.MAX_VALUE;
        assertEquals(open ? longer.length : FrameStatus.TRAILING, LogRecords.check(buffer, 0, longer.length));
    }

    /** From where on a record's bytes end with it. */
    private static int openPrefix(final RecordKind kind) {
        return switch (kind) {
            case APPEND, APPEND_FRAGMENT -> LogFormat.APPEND_PREFIX_LENGTH;
            case CHECKPOINT -> LogFormat.RECORD_HEADER_LENGTH + CheckpointBodyDecoder.BLOCK_LENGTH;
            default -> Integer.MAX_VALUE;
        };
    }

    private static void checkAndDecode(final byte[] bytes) {
        final int guard = 24;
        final byte[] memory = new byte[bytes.length + 2 * guard];
        System.arraycopy(bytes, 0, memory, guard, bytes.length);
        final UnsafeBuffer buffer = new UnsafeBuffer(memory, guard, bytes.length);
        final int length = LogRecords.check(buffer, 0, bytes.length);
        if (length > 0) {
            assertTrue(length <= bytes.length);
            decode(new UnsafeBuffer(memory, guard, length), 0, length);
        }
    }

    private static void decode(final UnsafeBuffer buffer, final int index, final int length) {
        Flyweights.decodeAll(message("RecordHeader"), buffer, index);
        final RecordKind kind =
                new RecordHeaderDecoder().wrap(buffer, index, 64, 0).kind();
        final int body = index + LogFormat.RECORD_HEADER_LENGTH;
        switch (kind) {
            case APPEND, APPEND_FRAGMENT -> {
                Flyweights.decodeAll(message("AppendBody"), buffer, body);
                buffer.boundsCheck(body, length - 64);
                assertTrue(length >= LogFormat.RECORD_HEADER_LENGTH + AppendBodyDecoder.BLOCK_LENGTH);
            }
            case TRUNCATE -> {
                Flyweights.decodeAll(message("TruncateBody"), buffer, body);
                final int count =
                        new TruncateBodyDecoder().wrap(buffer, body, 24, 0).historyCount();
                for (int i = 0; i < count * 2; i++) {
                    buffer.getLong(body + 24 + 8 * i);
                }
            }
            case FILL -> {
                Flyweights.decodeAll(message("FillBody"), buffer, body);
                final int filled = body + FillBodyDecoder.BLOCK_LENGTH;
                decode(buffer, filled, buffer.getInt(filled, ByteOrder.LITTLE_ENDIAN));
            }
            case WRITER_SETUP -> Flyweights.decodeAll(message("WriterSetupBody"), buffer, body);
            case WRITER_EXPIRY -> Flyweights.decodeAll(message("WriterExpiryBody"), buffer, body);
            case CHAIN_MEMBERSHIP -> Flyweights.decodeAll(message("ChainMembershipBody"), buffer, body);
            case CHECKPOINT -> Flyweights.decodeAll(message("CheckpointBody"), buffer, body);
            case REMNANT -> decode(buffer, body, buffer.getInt(body, ByteOrder.LITTLE_ENDIAN));
            case CONTROL_COMMAND, SEGMENT_EFFECT -> {
                final int templateId = ControlFrames.check(buffer, body, length - 64);
                Schema.of("control").messages.values().stream()
                        .filter(m -> m.templateId == templateId)
                        .forEach(m -> Flyweights.decodeAll(m, buffer, body));
            }
            default -> throw new AssertionError("accepted " + kind);
        }
    }

    private static Schema.Message message(final String name) {
        return java.util.Objects.requireNonNull(LOG.messages.get(name), name);
    }

    @Provide
    Arbitrary<RecordKind> kind() {
        return Arbitraries.of(RecordKind.class).filter(k -> k != RecordKind.NULL_VAL);
    }
}
