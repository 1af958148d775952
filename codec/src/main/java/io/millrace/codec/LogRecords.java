package io.millrace.codec;

import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.ChainMembershipBodyDecoder;
import io.millrace.codec.log.CheckpointBodyDecoder;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyDecoder;
import io.millrace.codec.log.WriterExpiryBodyDecoder;
import io.millrace.codec.log.WriterSetupBodyDecoder;
import java.nio.ByteOrder;
import org.agrona.DirectBuffer;

/**
 * Checks the extent of journal records before anything is read from them: length, kind, body. After a positive answer
 * the decoders of header and body may be wrapped and read without further checks of bounds. The CRC is checked before
 * by {@link Crc32c}; positions, hashes and epochs are for the chain to judge.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class LogRecords {
    /** Bytes of one entry of the epoch history behind a TruncateBody: epoch and start, int64 each. */
    public static final int HISTORY_ENTRY_LENGTH = 2 * Long.BYTES;

    private static final int HEADER = LogFormat.RECORD_HEADER_LENGTH;
    private static final int LENGTH_OFFSET = RecordHeaderDecoder.lengthEncodingOffset();
    private static final int KIND_OFFSET = RecordHeaderDecoder.kindEncodingOffset();
    private static final int VERSION_OFFSET = RecordHeaderDecoder.bodyVersionEncodingOffset();
    private static final int EVENT_COUNT_OFFSET = AppendBodyDecoder.eventCountEncodingOffset();
    private static final int FRAGMENT_OFFSET_OFFSET = AppendBodyDecoder.fragmentOffsetEncodingOffset();
    private static final int FRAGMENTED_LENGTH_OFFSET = AppendBodyDecoder.fragmentedLengthEncodingOffset();
    private static final int HISTORY_COUNT_OFFSET = TruncateBodyDecoder.historyCountEncodingOffset();

    // The kinds as constants of the compiler, so that one switch decides.
    private static final int APPEND = 1;
    private static final int APPEND_FRAGMENT = 2;
    private static final int TRUNCATE = 3;
    private static final int FILL = 4;
    private static final int WRITER_SETUP = 5;
    private static final int WRITER_EXPIRY = 6;
    private static final int CONTROL_COMMAND = 7;
    private static final int SEGMENT_EFFECT = 8;
    private static final int CHAIN_MEMBERSHIP = 9;
    private static final int CHECKPOINT = 10;
    private static final int REMNANT = 11;

    private LogRecords() {}

    /**
     * Checks one record, header and body.
     *
     * @param buffer to read from
     * @param index of the record header
     * @param limit index behind the last byte that may be read: the end of the batch's payload
     * @return length of the record in bytes, header and body, without alignment; or a negative {@link FrameStatus}
     */
    public static int check(final DirectBuffer buffer, final int index, final int limit) {
        return check(buffer, index, limit, true);
    }

    /**
     * Reads the kind of a record.
     *
     * @param buffer to read from
     * @param index of the record header
     * @return value of {@link RecordKind}, unsigned
     */
    public static int kindOf(final DirectBuffer buffer, final int index) {
        return buffer.getByte(index + KIND_OFFSET) & 0xFF;
    }

    private static int check(final DirectBuffer buffer, final int index, final int limit, final boolean wrapIsAllowed) {
        if (index < 0 || limit > buffer.capacity() || limit - index < HEADER) {
            return FrameStatus.TRUNCATED;
        }
        final int length = buffer.getInt(index + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
        final int kind = kindOf(buffer, index);
        final int wrapped = kind == FILL ? LogFormat.FILL_PREFIX_LENGTH : kind == REMNANT ? HEADER : 0;
        if (length < HEADER || length - wrapped > LogFormat.maxRecordLength()) {
            return FrameStatus.LENGTH;
        }
        if (length > limit - index) {
            return FrameStatus.TRUNCATED;
        }
        final int version = buffer.getShort(index + VERSION_OFFSET, ByteOrder.LITTLE_ENDIAN) & 0xFFFF;
        if (version != LogFormat.BODY_VERSION) {
            return FrameStatus.BLOCK_LENGTH;
        }
        final int body = index + HEADER;
        final int bodyLength = length - HEADER;
        final int status =
                switch (kind) {
                    case APPEND -> checkAppend(buffer, body, bodyLength);
                    case APPEND_FRAGMENT -> checkFragment(buffer, body, bodyLength);
                    case TRUNCATE -> checkTruncate(buffer, body, bodyLength);
                    case FILL -> wrapIsAllowed ? checkFill(buffer, body, bodyLength) : FrameStatus.TEMPLATE;
                    case WRITER_SETUP -> checkExact(bodyLength, WriterSetupBodyDecoder.BLOCK_LENGTH);
                    case WRITER_EXPIRY -> checkExact(bodyLength, WriterExpiryBodyDecoder.BLOCK_LENGTH);
                    case CONTROL_COMMAND -> checkControl(buffer, body, bodyLength, false);
                    case SEGMENT_EFFECT -> checkControl(buffer, body, bodyLength, true);
                    case CHAIN_MEMBERSHIP -> checkExact(bodyLength, ChainMembershipBodyDecoder.BLOCK_LENGTH);
                    case CHECKPOINT -> bodyLength < CheckpointBodyDecoder.BLOCK_LENGTH ? FrameStatus.TRUNCATED : 0;
                    case REMNANT -> wrapIsAllowed ? checkRemnant(buffer, body, bodyLength) : FrameStatus.TEMPLATE;
                    default -> FrameStatus.TEMPLATE;
                };
        return status < 0 ? status : length;
    }

    private static int checkExact(final int bodyLength, final int blockLength) {
        if (bodyLength < blockLength) {
            return FrameStatus.TRUNCATED;
        }
        return bodyLength > blockLength ? FrameStatus.TRAILING : 0;
    }

    private static int checkAppend(final DirectBuffer buffer, final int body, final int bodyLength) {
        if (bodyLength < AppendBodyDecoder.BLOCK_LENGTH) {
            return FrameStatus.TRUNCATED;
        }
        return buffer.getInt(body + EVENT_COUNT_OFFSET, ByteOrder.LITTLE_ENDIAN) < 1 ? FrameStatus.VALUE : 0;
    }

    private static int checkFragment(final DirectBuffer buffer, final int body, final int bodyLength) {
        final int status = checkAppend(buffer, body, bodyLength);
        if (status < 0) {
            return status;
        }
        final int bytes = bodyLength - AppendBodyDecoder.BLOCK_LENGTH;
        final int offset = buffer.getInt(body + FRAGMENT_OFFSET_OFFSET, ByteOrder.LITTLE_ENDIAN);
        final int whole = buffer.getInt(body + FRAGMENTED_LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
        if (whole < 1 || whole > EventFrame.MAX_LENGTH) {
            return FrameStatus.VALUE;
        }
        return offset < 0 || offset > whole - bytes ? FrameStatus.VALUE : 0;
    }

    private static int checkTruncate(final DirectBuffer buffer, final int body, final int bodyLength) {
        final int available = bodyLength - TruncateBodyDecoder.BLOCK_LENGTH;
        if (available < 0) {
            return FrameStatus.TRUNCATED;
        }
        final int count = buffer.getInt(body + HISTORY_COUNT_OFFSET, ByteOrder.LITTLE_ENDIAN);
        if (count < 0 || count > LogFormat.MAX_BATCH_LENGTH / HISTORY_ENTRY_LENGTH) {
            return FrameStatus.LENGTH;
        }
        return checkExact(available, count * HISTORY_ENTRY_LENGTH);
    }

    private static int checkFill(final DirectBuffer buffer, final int body, final int bodyLength) {
        final int available = bodyLength - FillBodyDecoder.BLOCK_LENGTH;
        if (available < 0) {
            return FrameStatus.TRUNCATED;
        }
        final int filled = body + FillBodyDecoder.BLOCK_LENGTH;
        final int length = check(buffer, filled, filled + available, false);
        return length < 0 ? length : checkExact(available, length);
    }

    private static int checkRemnant(final DirectBuffer buffer, final int body, final int bodyLength) {
        final int length = check(buffer, body, body + bodyLength, false);
        if (length < 0) {
            return length;
        }
        final int kind = kindOf(buffer, body);
        return kind == APPEND || kind == APPEND_FRAGMENT ? checkExact(bodyLength, length) : FrameStatus.TEMPLATE;
    }

    private static int checkControl(
            final DirectBuffer buffer, final int body, final int bodyLength, final boolean effect) {
        final int templateId = ControlFrames.check(buffer, body, bodyLength);
        if (templateId < 0) {
            return templateId;
        }
        return effect == (templateId == SegmentEffectDecoder.TEMPLATE_ID) ? 0 : FrameStatus.TEMPLATE;
    }
}
