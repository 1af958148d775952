package io.millrace.codec;

import io.millrace.codec.log.AppendBodyDecoder;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.FillBodyDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import io.millrace.codec.log.SuperblockDecoder;

/**
 * Magic numbers, versions and sizes of what lies on a device; the layouts are drawn in {@code docs/formats.md}.
 *
 * <p><b>Threading</b>: constants and pure functions.
 */
public final class LogFormat {
    /** First 8 bytes of a superblock: the ASCII text {@code MILLRACE}, read as a little-endian number. */
    public static final long SUPERBLOCK_MAGIC = 0x454341524C4C494DL;

    /** First 8 bytes of a batch: the ASCII text {@code MRBATCH1}, read as a little-endian number. */
    public static final long BATCH_MAGIC = 0x314843544142524DL;

    /** Format version of superblocks and batches. */
    public static final int FORMAT_VERSION = 1;

    /** Body version of every record kind. */
    public static final int BODY_VERSION = 0;

    /** Bytes of a superblock that carry meaning; the rest of its granule is zero. */
    public static final int SUPERBLOCK_LENGTH = SuperblockDecoder.BLOCK_LENGTH;

    /** Bytes of a superblock under its CRC: from its start. */
    public static final int SUPERBLOCK_CRC_COVERAGE = SuperblockDecoder.crc32cEncodingOffset();

    /** Bytes of a batch header; the payload follows at once. */
    public static final int BATCH_HEADER_LENGTH = BatchHeaderDecoder.BLOCK_LENGTH;

    /** Bytes of a batch header under its CRC: from its start. */
    public static final int BATCH_HEADER_CRC_COVERAGE = BatchHeaderDecoder.headerCrc32cEncodingOffset();

    /** Bytes of a record header; the body follows at once. */
    public static final int RECORD_HEADER_LENGTH = RecordHeaderDecoder.BLOCK_LENGTH;

    /** Where the bytes under a record's CRC begin, from the record's start; they end with the record. */
    public static final int RECORD_CRC_START = RecordHeaderDecoder.kindEncodingOffset();

    /** Bytes of an append record before its events. */
    public static final int APPEND_PREFIX_LENGTH = RECORD_HEADER_LENGTH + AppendBodyDecoder.BLOCK_LENGTH;

    /** Bytes of a fill record before the record it repairs. */
    public static final int FILL_PREFIX_LENGTH = RECORD_HEADER_LENGTH + FillBodyDecoder.BLOCK_LENGTH;

    /** Records begin at multiples of this many bytes in the payload of a batch; the bytes between are zero. */
    public static final int RECORD_ALIGNMENT = 8;

    /** Largest batch in bytes, header and padding included. */
    public static final int MAX_BATCH_LENGTH = 1024 * 1024;

    /** Smallest granule in bytes, and the default: batches and addresses are multiples of the device's granule. */
    public static final int MIN_GRANULE = 4096;

    /** Default length of a zone in bytes. */
    public static final long DEFAULT_ZONE_LENGTH = 64L * 1024 * 1024;

    /** Default address of zone 0 in bytes; superblock A lies at 0, B one granule behind. */
    public static final long DEFAULT_DATA_ADDRESS = 64 * 1024;

    private LogFormat() {}

    /**
     * Rounds a record's length up to where the next record begins.
     *
     * @param length bytes, header and body; at most {@link #MAX_BATCH_LENGTH}
     * @return bytes, a multiple of {@link #RECORD_ALIGNMENT}
     */
    public static int align(final int length) {
        return (length + (RECORD_ALIGNMENT - 1)) & -RECORD_ALIGNMENT;
    }

    /**
     * Returns the longest record there may be: it fits into a batch even when a FILL record wraps it, to repair a hole.
     *
     * @return bytes, header and body, a multiple of {@link #RECORD_ALIGNMENT}
     */
    public static int maxRecordLength() {
        return (MAX_BATCH_LENGTH - BATCH_HEADER_LENGTH - FILL_PREFIX_LENGTH) & -RECORD_ALIGNMENT;
    }
}
