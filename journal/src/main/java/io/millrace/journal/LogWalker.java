package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.BatchHeaderDecoder;
import io.millrace.codec.log.RecordHeaderDecoder;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Steps through the batches of a device in order and stops at the first that is not the next valid one. Used by
 * recovery and by the offline tools, so that both see the same.
 *
 * <p><b>Threading</b>: one thread. Reads through a window in the arena, ahead of what is looked at; whoever leaves a
 * walk before its end calls {@link #forgetWindow} before other I/O.
 */
final class LogWalker {
    private static final int HEADER = LogFormat.BATCH_HEADER_LENGTH;

    private final UnsafeBuffer arena;
    private final Crc32c crc;
    private final ReadAhead ahead;
    private final Superblock superblock;
    private final ZoneMap zones;
    private final String name;
    private final BatchHeaderDecoder header = new BatchHeaderDecoder();
    private final RecordHeaderDecoder record = new RecordHeaderDecoder();

    private long address;
    private long sequence;
    private long lastAddress = -1;
    private long recoveryEpoch;
    private long previousCrc;
    private boolean followsKnown;
    private int batchIndex;
    private int batchLength;
    private int payloadLength;
    private int recordCount;
    private String invalidReason = "";
    private TailState tail = TailState.FULL;

    /**
     * Makes a walker at the batch that the superblock's checkpoint begins with, or at the first one.
     *
     * @param io of the device
     * @param arena registered buffer
     * @param crc over the arena
     * @param windowIndex where the window is in the arena, a multiple of the granule
     * @param windowLength bytes, at least a longest batch
     * @param superblock geometry and checkpoint
     * @param zones where the zones of the log lie; the one behind the last is assigned on the way
     * @param name of the device, for messages
     */
    LogWalker(
            final BlockingIo io,
            final UnsafeBuffer arena,
            final Crc32c crc,
            final int windowIndex,
            final int windowLength,
            final Superblock superblock,
            final ZoneMap zones,
            final String name) {
        this.arena = arena;
        this.crc = crc;
        this.superblock = superblock;
        ahead = new ReadAhead(io, arena, windowIndex, windowLength, superblock.granule(), zones, name);
        this.zones = zones;
        this.name = name;
        followsKnown = superblock.checkpointAddress() == 0;
        address = followsKnown ? superblock.dataAddress() : superblock.checkpointAddress();
        sequence = followsKnown ? 1 : superblock.checkpointBatchSequence();
    }

    /**
     * Steps to the next batch.
     *
     * @return true: the accessors show it; false: the end, see {@link #tail()} and {@link #invalidReason()}
     * @throws MillraceException MR-6008 unknown version, MR-6011 unreadable, MR-6014 whole batch with a bad record
     */
    boolean next() {
        boolean found = false;
        try {
            found = step();
        } finally {
            if (!found) {
                ahead.stop();
            }
        }
        return found;
    }

    private boolean step() {
        if (batchLength > 0) {
            lastAddress = address;
            address += batchLength;
            sequence++;
            recoveryEpoch = header.recoveryEpoch();
            previousCrc = header.headerCrc32c();
            followsKnown = true;
            batchLength = 0;
        }
        if (!zones.assign(zones.zoneOf(address))) {
            tail = TailState.FULL;
            invalidReason = "the device is full";
            return false;
        }
        batchIndex = ahead.load(address, superblock.granule());
        header.wrap(arena, batchIndex, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        if (!isHeaderValid() || !isSuccessor() || !isPayloadValid()) {
            return false;
        }
        checkRecords();
        return true;
    }

    /**
     * Goes on behind a damaged range (P4): at the next whole batch header that lies where it says and comes later. Call
     * it at the end only.
     *
     * @param lastAddress the last place to look at: a header that proves the damage lies there
     * @return true: {@link #next} steps to that batch; false: nothing was found, the walk stays at its end
     */
    boolean skipDamage(final long lastAddress) {
        long at = address + superblock.granule();
        boolean found = false;
        while (!found && at <= lastAddress && zones.assign(zones.zoneOf(at))) {
            final int index = ahead.load(at, superblock.granule());
            header.wrap(arena, index, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
            found = isWholeHeader(header, index, crc)
                    && isOfDevice(header, superblock)
                    && header.address() == at
                    && header.batchSequence() > sequence
                    && header.recoveryEpoch() >= recoveryEpoch;
            if (found) {
                address = at;
                sequence = header.batchSequence();
                followsKnown = false;
            }
            at += superblock.granule();
        }
        ahead.stop();
        return found;
    }

    private boolean isHeaderValid() {
        if (header.magic() != LogFormat.BATCH_MAGIC) {
            final boolean zero = isZero(arena, batchIndex, superblock.granule());
            return invalid(zero ? TailState.CLEAN : TailState.UNCERTAIN, zero ? "zeros" : "no batch header");
        }
        final long found = header.headerCrc32c();
        final long computed = Integer.toUnsignedLong(crc.compute(batchIndex, LogFormat.BATCH_HEADER_CRC_COVERAGE));
        if (found != computed) {
            return invalid(
                    TailState.UNCERTAIN,
                    "header CRC is 0x" + Long.toHexString(found) + ", computed 0x" + Long.toHexString(computed));
        }
        if (header.formatVersion() != LogFormat.FORMAT_VERSION) {
            throw new MillraceException(
                    ErrorCode.FORMAT_VERSION,
                    name + ": batch at address " + address + " has format version " + header.formatVersion());
        }
        return true;
    }

    private boolean isSuccessor() {
        if (isOfDevice(header, superblock) && header.address() < address && header.batchSequence() < sequence) {
            return invalid(
                    TailState.STALE,
                    "batch " + header.batchSequence() + " for address " + header.address() + ", whose zone was freed");
        }
        if (!isOfDevice(header, superblock) || header.address() != address) {
            return invalid(TailState.UNCERTAIN, "a batch of another device or for address " + header.address());
        }
        if (header.batchSequence() != sequence
                || (followsKnown && header.previousBatchCrc() != previousCrc)
                || header.recoveryEpoch() < recoveryEpoch) {
            return invalid(
                    TailState.STALE,
                    "a batch of recovery epoch " + header.recoveryEpoch() + " with sequence " + header.batchSequence()
                            + " that does not follow batch " + (sequence - 1) + " of epoch " + recoveryEpoch);
        }
        return true;
    }

    private boolean isPayloadValid() {
        final int length = header.batchLength();
        final int payload = header.payloadLength();
        final long room = zones.zoneEnd(address) - address;
        if (length < superblock.granule()
                || length > Math.min(room, LogFormat.MAX_BATCH_LENGTH)
                || length % superblock.granule() != 0
                || payload < 0
                || payload > length - HEADER
                || payload % LogFormat.RECORD_ALIGNMENT != 0) {
            throw new MillraceException(
                    ErrorCode.RECORD_INVALID,
                    name + ": batch " + sequence + " at address " + address + " has length " + length + " and payload "
                            + payload);
        }
        final int expectedCrc = (int) header.payloadCrc32c();
        batchIndex = ahead.load(address, alignToGranule(HEADER + payload));
        header.wrap(arena, batchIndex, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        final int computed = crc.compute(batchIndex + HEADER, payload);
        if (computed != expectedCrc) {
            return invalid(
                    TailState.UNCERTAIN,
                    "payload CRC is 0x" + Integer.toHexString(expectedCrc) + ", computed 0x"
                            + Integer.toHexString(computed));
        }
        batchLength = length;
        payloadLength = payload;
        recordCount = header.recordCount();
        return true;
    }

    private void checkRecords() {
        int index = payloadIndex();
        final int end = index + payloadLength;
        int count = 0;
        while (index < end) {
            final int room = end - index;
            final int length =
                    room < LogFormat.RECORD_HEADER_LENGTH ? -1 : recordAt(index).length();
            if (length < LogFormat.RECORD_HEADER_LENGTH
                    || length > room
                    || record.crc32c()
                            != Integer.toUnsignedLong(crc.compute(
                                    index + LogFormat.RECORD_CRC_START, length - LogFormat.RECORD_CRC_START))) {
                throw badRecord("record " + count + " has length " + length + " or a bad CRC");
            }
            index += LogFormat.align(length);
            count++;
        }
        if (count != recordCount) {
            throw badRecord("the header counts " + recordCount + " records, there are " + count);
        }
    }

    private MillraceException badRecord(final String what) {
        return new MillraceException(
                ErrorCode.RECORD_INVALID, name + ": batch " + sequence + " at address " + address + ": " + what);
    }

    private boolean invalid(final TailState state, final String reason) {
        tail = state;
        invalidReason = reason;
        return false;
    }

    /** Ends what is being read ahead, and reads from the device again what was read already. */
    void forgetWindow() {
        ahead.stop();
    }

    /**
     * Wraps a record header.
     *
     * @param index in the arena
     * @return decoder, reused
     */
    RecordHeaderDecoder recordAt(final int index) {
        return record.wrap(arena, index, RecordHeaderDecoder.BLOCK_LENGTH, RecordHeaderDecoder.SCHEMA_VERSION);
    }

    /**
     * Tells whether a header names this device.
     *
     * @param header with a valid CRC
     * @param superblock of the device
     * @return true when it does
     */
    static boolean isOfDevice(final BatchHeaderDecoder header, final Superblock superblock) {
        return header.deviceUuidHigh() == superblock.deviceUuid().getMostSignificantBits()
                && header.deviceUuidLow() == superblock.deviceUuid().getLeastSignificantBits();
    }

    /**
     * Tells whether a header is one: its magic and its CRC.
     *
     * @param header wrapped at the index
     * @param index of the header
     * @param crc over the arena
     * @return true when both are right
     */
    static boolean isWholeHeader(final BatchHeaderDecoder header, final int index, final Crc32c crc) {
        return header.magic() == LogFormat.BATCH_MAGIC
                && header.headerCrc32c()
                        == Integer.toUnsignedLong(crc.compute(index, LogFormat.BATCH_HEADER_CRC_COVERAGE));
    }

    /**
     * Tells whether a range holds only zeros.
     *
     * @param buffer to look in
     * @param index of the first byte
     * @param length bytes, a multiple of 8
     * @return true when it does
     */
    static boolean isZero(final DirectBuffer buffer, final int index, final int length) {
        for (int i = 0; i < length; i += Long.BYTES) {
            if (buffer.getLong(index + i) != 0) {
                return false;
            }
        }
        return true;
    }

    private int alignToGranule(final int length) {
        return (length + superblock.granule() - 1) & -superblock.granule();
    }

    /**
     * Returns the header of the current batch.
     *
     * @return decoder, reused by the next step
     */
    BatchHeaderDecoder header() {
        return header;
    }

    /**
     * Returns the address of the current batch, or of the invalid one at the end.
     *
     * @return address
     */
    long address() {
        return address;
    }

    /** Returns where the last valid batch lies, at the end; -1 when there is none. */
    long lastAddress() {
        return lastAddress;
    }

    /**
     * Returns the sequence of the current batch, or the one expected at the end.
     *
     * @return 1, 2, 3 …
     */
    long sequence() {
        return sequence;
    }

    /**
     * Returns the recovery epoch of the last valid batch, at the end.
     *
     * @return epoch, 0 when there is no batch
     */
    long recoveryEpoch() {
        return recoveryEpoch;
    }

    /**
     * Returns the header CRC of the last valid batch, at the end.
     *
     * @return CRC, 0 when there is no batch
     */
    long previousCrc() {
        return previousCrc;
    }

    /**
     * Returns where the records of the current batch begin.
     *
     * @return index in the arena
     */
    int payloadIndex() {
        return batchIndex + HEADER;
    }

    /**
     * Returns the length of the records of the current batch.
     *
     * @return bytes
     */
    int payloadLength() {
        return payloadLength;
    }

    /**
     * Returns the records in the current batch.
     *
     * @return count
     */
    int recordCount() {
        return recordCount;
    }

    /**
     * Returns why the walk ended.
     *
     * @return reason for an operator
     */
    String invalidReason() {
        return invalidReason;
    }

    /**
     * Returns what the walk ended at, before looking further (P4).
     *
     * @return state
     */
    TailState tail() {
        return tail;
    }
}
