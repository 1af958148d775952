package io.millrace.codec;

import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.NodeStartedEncoder;
import io.millrace.codec.control.SegmentEffectEncoder;
import io.millrace.codec.log.AppendBodyEncoder;
import io.millrace.codec.log.BatchHeaderEncoder;
import io.millrace.codec.log.ChainMembershipBodyEncoder;
import io.millrace.codec.log.CheckpointBodyEncoder;
import io.millrace.codec.log.FillBodyEncoder;
import io.millrace.codec.log.RecordHeaderEncoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.SuperblockEncoder;
import io.millrace.codec.log.TruncateBodyEncoder;
import io.millrace.codec.log.WriterExpiryBodyEncoder;
import io.millrace.codec.log.WriterSetupBodyEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.agrona.concurrent.UnsafeBuffer;

/** One whole record of every kind, a batch and a superblock, as a node would write them, CRCs included. */
final class LogSamples {
    static final int HEADER = LogFormat.RECORD_HEADER_LENGTH;
    static final long TIMESTAMP_NS = 1_790_000_000_000_000_000L;

    private LogSamples() {}

    static byte[] record(final RecordKind kind) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[4096]);
        final int body = HEADER;
        final int bodyLength =
                switch (kind) {
                    case APPEND -> append(buffer, body, false);
                    case APPEND_FRAGMENT -> append(buffer, body, true);
                    case TRUNCATE -> truncate(buffer, body);
                    case FILL -> fill(buffer, body);
                    case WRITER_SETUP -> writerSetup(buffer, body);
                    case WRITER_EXPIRY -> writerExpiry(buffer, body);
                    case CONTROL_COMMAND -> nodeStarted(buffer, body);
                    case SEGMENT_EFFECT -> segmentEffect(buffer, body);
                    case CHAIN_MEMBERSHIP -> chainMembership(buffer, body);
                    case CHECKPOINT -> checkpoint(buffer, body);
                    case REMNANT -> remnant(buffer, body);
                    case NULL_VAL -> throw new IllegalArgumentException("no record");
                };
        final int length = HEADER + bodyLength;
        new RecordHeaderEncoder()
                .wrap(buffer, 0)
                .length(length)
                .kind(kind)
                .chain(kind == RecordKind.CONTROL_COMMAND ? 0 : 3)
                .chainEpoch(kind == RecordKind.REMNANT ? 0 : 1)
                .position(kind == RecordKind.APPEND ? 1 : kind == RecordKind.REMNANT ? 0 : 42)
                .previousHash(
                        kind == RecordKind.APPEND || kind == RecordKind.REMNANT
                                ? RecordHash.START
                                : RecordHash.next(RecordHash.START, 1, 2))
                .commitMark(kind == RecordKind.APPEND ? 0 : 40)
                .timestampNs(TIMESTAMP_NS)
                .effectNumber(kind == RecordKind.SEGMENT_EFFECT ? 7 : 0);
        return seal(Arrays.copyOf(buffer.byteArray(), length));
    }

    /** A batch of one granule with two records. */
    static byte[] batch() {
        final byte[] first = record(RecordKind.APPEND);
        final byte[] second = record(RecordKind.WRITER_EXPIRY);
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[LogFormat.MIN_GRANULE]);
        final int start = LogFormat.BATCH_HEADER_LENGTH;
        buffer.putBytes(start, first);
        final int next = start + LogFormat.align(first.length);
        buffer.putBytes(next, second);
        final int payloadLength = next + LogFormat.align(second.length) - start;
        final ByteBuffer bytes = ByteBuffer.wrap(buffer.byteArray());
        new BatchHeaderEncoder()
                .wrap(buffer, 0)
                .magic(LogFormat.BATCH_MAGIC)
                .formatVersion(LogFormat.FORMAT_VERSION)
                .recordCount(2)
                .deviceUuidHigh(0x1111_2222_3333_4444L)
                .deviceUuidLow(0x5555_6666_7777_8888L)
                .recoveryEpoch(2)
                .batchSequence(9)
                .address(LogFormat.DEFAULT_DATA_ADDRESS + 8 * LogFormat.MIN_GRANULE)
                .durableBatchSequence(8)
                .timestampNs(TIMESTAMP_NS)
                .batchLength(LogFormat.MIN_GRANULE)
                .payloadLength(payloadLength)
                .previousBatchCrc(0xCAFE_F00DL)
                .payloadCrc32c(Crc32c.of(bytes, start, payloadLength) & 0xFFFF_FFFFL)
                .headerCrc32c(0);
        new BatchHeaderEncoder()
                .wrap(buffer, 0)
                .headerCrc32c(Crc32c.of(bytes, 0, LogFormat.BATCH_HEADER_CRC_COVERAGE) & 0xFFFF_FFFFL);
        return buffer.byteArray();
    }

    static byte[] superblock() {
        final byte[] bytes = new byte[LogFormat.SUPERBLOCK_LENGTH];
        final SuperblockEncoder superblock = new SuperblockEncoder()
                .wrap(new UnsafeBuffer(bytes), 0)
                .magic(LogFormat.SUPERBLOCK_MAGIC)
                .formatVersion(LogFormat.FORMAT_VERSION)
                .granule(LogFormat.MIN_GRANULE)
                .deviceUuidHigh(0x1111_2222_3333_4444L)
                .deviceUuidLow(0x5555_6666_7777_8888L)
                .nodeIdHigh(0x0A0B_0C0D_0E0F_1011L)
                .nodeIdLow(0x1213_1415_1617_1819L)
                .superblockSequence(5)
                .recoveryEpoch(2)
                .incarnation(2)
                .deviceLength(4L << 30)
                .dataAddress(LogFormat.DEFAULT_DATA_ADDRESS)
                .zoneLength(LogFormat.DEFAULT_ZONE_LENGTH)
                .createdNs(TIMESTAMP_NS);
        superblock.crc32c(Crc32c.of(ByteBuffer.wrap(bytes), 0, LogFormat.SUPERBLOCK_CRC_COVERAGE) & 0xFFFF_FFFFL);
        return bytes;
    }

    /** Puts the CRC into a record. */
    static byte[] seal(final byte[] record) {
        final int start = LogFormat.RECORD_CRC_START;
        final int crc = Crc32c.of(ByteBuffer.wrap(record), start, record.length - start);
        ByteBuffer.wrap(record).order(ByteOrder.LITTLE_ENDIAN).putInt(4, crc);
        return record;
    }

    private static int append(final UnsafeBuffer buffer, final int body, final boolean fragment) {
        final int events = body + AppendBodyEncoder.BLOCK_LENGTH;
        final UnsafeBuffer payload = new UnsafeBuffer(new byte[] {'o', 'n', 'e', 'I', 'I'});
        int length;
        if (fragment) {
            EventFrame.putHeader(buffer, events, KeyHash.of("a"), 2000);
            buffer.setMemory(events + EventFrame.HEADER_LENGTH, 100, (byte) 'x');
            length = EventFrame.HEADER_LENGTH + 100;
        } else {
            length = EventFrame.put(buffer, events, KeyHash.of("a"), payload, 0, 3);
            length += EventFrame.put(buffer, events + length, KeyHash.of("b"), payload, 3, 2);
        }
        new AppendBodyEncoder()
                .wrap(buffer, body)
                .streamId(17)
                .segmentId(Ids.segmentId(0, 2))
                .segmentOffset(fragment ? -1 : 0)
                .writerIdHigh(0x0102_0304_0506_0708L)
                .writerIdLow(0x090A_0B0C_0D0E_0F10L)
                .firstEventNumber(1)
                .writerEpoch(0)
                .eventCount(fragment ? 1 : 2)
                .flags((short) (fragment ? 1 : 0))
                .fragmentedLength(fragment ? EventFrame.frameLength(2000) : 0)
                .fragmentSession(fragment ? 77 : 0);
        return AppendBodyEncoder.BLOCK_LENGTH + length;
    }

    private static int truncate(final UnsafeBuffer buffer, final int body) {
        new TruncateBodyEncoder().wrap(buffer, body).newEpoch(2).toPosition(41).historyCount(2);
        final int history = body + TruncateBodyEncoder.BLOCK_LENGTH;
        buffer.putLong(history, 1, ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(history + 8, 1, ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(history + 16, 2, ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(history + 24, 42, ByteOrder.LITTLE_ENDIAN);
        return TruncateBodyEncoder.BLOCK_LENGTH + 2 * LogRecords.HISTORY_ENTRY_LENGTH;
    }

    private static int fill(final UnsafeBuffer buffer, final int body) {
        final byte[] filled = record(RecordKind.APPEND);
        final int crc = ByteBuffer.wrap(filled).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
        new FillBodyEncoder()
                .wrap(buffer, body)
                .filledPosition(1)
                .filledHash(RecordHash.next(RecordHash.START, crc, filled.length));
        buffer.putBytes(body + FillBodyEncoder.BLOCK_LENGTH, filled);
        return FillBodyEncoder.BLOCK_LENGTH + filled.length;
    }

    private static int writerSetup(final UnsafeBuffer buffer, final int body) {
        new WriterSetupBodyEncoder()
                .wrap(buffer, body)
                .streamId(17)
                .segmentId(Ids.segmentId(0, 2))
                .writerIdHigh(0x0102_0304_0506_0708L)
                .writerIdLow(0x090A_0B0C_0D0E_0F10L)
                .bindSecret(0x7E57_7E57_7E57_7E57L)
                .writerEpoch(0);
        return WriterSetupBodyEncoder.BLOCK_LENGTH;
    }

    private static int writerExpiry(final UnsafeBuffer buffer, final int body) {
        new WriterExpiryBodyEncoder()
                .wrap(buffer, body)
                .streamId(17)
                .segmentId(Ids.segmentId(0, 2))
                .writerIdHigh(0x0102_0304_0506_0708L)
                .writerIdLow(0x090A_0B0C_0D0E_0F10L);
        return WriterExpiryBodyEncoder.BLOCK_LENGTH;
    }

    private static int nodeStarted(final UnsafeBuffer buffer, final int body) {
        final NodeStartedEncoder command = new NodeStartedEncoder()
                .wrapAndApplyHeader(buffer, body, new MessageHeaderEncoder())
                .nodeIdHigh(0x0A0B_0C0D_0E0F_1011L)
                .nodeIdLow(0x1213_1415_1617_1819L)
                .deviceUuidHigh(0x1111_2222_3333_4444L)
                .deviceUuidLow(0x5555_6666_7777_8888L)
                .incarnation(2)
                .chainCount(8)
                .endpoint("node-a:7700");
        return MessageHeaderEncoder.ENCODED_LENGTH + command.encodedLength();
    }

    private static int segmentEffect(final UnsafeBuffer buffer, final int body) {
        final SegmentEffectEncoder effect = new SegmentEffectEncoder()
                .wrapAndApplyHeader(buffer, body, new MessageHeaderEncoder())
                .streamId(17)
                .segmentId(Ids.segmentId(0, 2))
                .keyLow(KeyRange.low(2, 4))
                .keyHigh(KeyRange.high(2, 4))
                .action(EffectAction.CREATE_SEGMENT)
                .startOffset(0);
        return MessageHeaderEncoder.ENCODED_LENGTH + effect.encodedLength();
    }

    private static int chainMembership(final UnsafeBuffer buffer, final int body) {
        new ChainMembershipBodyEncoder()
                .wrap(buffer, body)
                .sinceEpoch(1)
                .deviceUuidHigh(0x1111_2222_3333_4444L)
                .deviceUuidLow(0x5555_6666_7777_8888L)
                .incarnation(2)
                .promisedEpoch(1);
        return ChainMembershipBodyEncoder.BLOCK_LENGTH;
    }

    private static int remnant(final UnsafeBuffer buffer, final int body) {
        final byte[] copied = record(RecordKind.APPEND);
        buffer.putBytes(body, copied);
        return copied.length;
    }

    private static int checkpoint(final UnsafeBuffer buffer, final int body) {
        new CheckpointBodyEncoder()
                .wrap(buffer, body)
                .checkpoint(8)
                .piece(2)
                .part((short) 5)
                .last((short) 1);
        buffer.putLong(body + CheckpointBodyEncoder.BLOCK_LENGTH, 3, ByteOrder.LITTLE_ENDIAN);
        buffer.putLong(body + CheckpointBodyEncoder.BLOCK_LENGTH + Long.BYTES, 1, ByteOrder.LITTLE_ENDIAN);
        return CheckpointBodyEncoder.BLOCK_LENGTH + 2 * Long.BYTES;
    }
}
