package io.millrace.simulation;

import io.millrace.codec.LogFormat;
import io.millrace.codec.RecordHash;
import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.RecordKind;
import io.millrace.codec.log.TruncateBodyDecoder;
import io.millrace.codec.log.WriterExpiryBodyDecoder;
import io.millrace.codec.log.WriterSetupBodyDecoder;
import java.util.Arrays;
import org.agrona.DirectBuffer;

/**
 * A record as the checkers read it off a disk, by code of their own.
 *
 * <p><b>Threading</b>: immutable.
 */
final class LogRecord {
    final RecordKind kind;
    final int chain;
    final long epoch;
    final long position;
    final long previousHash;
    final long hash;
    final long timestampNs;

    /** Header and body in bytes, without alignment. */
    final int length;

    final long effectNumber;
    final long streamId;
    final long segmentId;
    final long writerIdHigh;
    final long writerIdLow;
    final long firstEventNumber;
    final int eventCount;
    final long segmentOffset;
    final int fragmentOffset;
    final int fragmentedLength;

    /** Behind which a TRUNCATE cuts. */
    final long toPosition;

    /** Event bytes of an APPEND or APPEND_FRAGMENT, the record of a FILL, else nothing. */
    final byte[] bytes;

    /** Reads the record at an index. */
    LogRecord(final DirectBuffer buffer, final int index) {
        final RecordHeaderDecoder header =
                new RecordHeaderDecoder().wrap(buffer, index, RecordHeaderDecoder.BLOCK_LENGTH, 0);
        kind = header.kind();
        chain = header.chain();
        epoch = header.chainEpoch();
        position = header.position();
        previousHash = header.previousHash();
        timestampNs = header.timestampNs();
        effectNumber = header.effectNumber();
        hash = RecordHash.next(previousHash, (int) header.crc32c(), header.length());
        final int body = index + LogFormat.RECORD_HEADER_LENGTH;
        length = header.length();
        final int end = index + length;
        final boolean isAppend = kind == RecordKind.APPEND || kind == RecordKind.APPEND_FRAGMENT;
        final AppendBodyDecoder append = new AppendBodyDecoder();
        final WriterSetupBodyDecoder setup = new WriterSetupBodyDecoder();
        final WriterExpiryBodyDecoder expiry = new WriterExpiryBodyDecoder();
        if (isAppend) {
            append.wrap(buffer, body, AppendBodyDecoder.BLOCK_LENGTH, 0);
            streamId = append.streamId();
            segmentId = append.segmentId();
            writerIdHigh = append.writerIdHigh();
            writerIdLow = append.writerIdLow();
        } else if (kind == RecordKind.WRITER_SETUP) {
            setup.wrap(buffer, body, WriterSetupBodyDecoder.BLOCK_LENGTH, 0);
            streamId = setup.streamId();
            segmentId = setup.segmentId();
            writerIdHigh = setup.writerIdHigh();
            writerIdLow = setup.writerIdLow();
        } else if (kind == RecordKind.WRITER_EXPIRY) {
            expiry.wrap(buffer, body, WriterExpiryBodyDecoder.BLOCK_LENGTH, 0);
            streamId = expiry.streamId();
            segmentId = expiry.segmentId();
            writerIdHigh = expiry.writerIdHigh();
            writerIdLow = expiry.writerIdLow();
        } else {
            streamId = 0;
            segmentId = 0;
            writerIdHigh = 0;
            writerIdLow = 0;
        }
        firstEventNumber = isAppend ? append.firstEventNumber() : 0;
        eventCount = isAppend ? append.eventCount() : 0;
        segmentOffset = isAppend ? append.segmentOffset() : 0;
        fragmentOffset = isAppend ? append.fragmentOffset() : 0;
        fragmentedLength = isAppend ? append.fragmentedLength() : 0;
        toPosition = kind == RecordKind.TRUNCATE
                ? new TruncateBodyDecoder()
                        .wrap(buffer, body, TruncateBodyDecoder.BLOCK_LENGTH, 0)
                        .toPosition()
                : 0;
        bytes = isAppend
                ? copy(buffer, body + AppendBodyDecoder.BLOCK_LENGTH, end)
                : kind == RecordKind.FILL ? copy(buffer, body + FillBodyDecoder.BLOCK_LENGTH, end) : new byte[0];
    }

    private static byte[] copy(final DirectBuffer buffer, final int from, final int to) {
        final byte[] copied = new byte[to - from];
        buffer.getBytes(from, copied);
        return copied;
    }

    /** Tells whether an event becomes visible with this record. */
    boolean isVisible() {
        return kind == RecordKind.APPEND
                || (kind == RecordKind.APPEND_FRAGMENT && fragmentOffset + bytes.length == fragmentedLength);
    }

    @Override
    public String toString() {
        return kind + " " + chain + ":" + position + " epoch " + epoch
                + (isVisible()
                        ? " writer " + Long.toHexString(writerIdLow) + " #" + firstEventNumber + "+" + eventCount
                                + " segment " + segmentId + "@" + segmentOffset
                        : "")
                + " hash " + Long.toHexString(hash) + " of " + Arrays.hashCode(bytes);
    }
}
