package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.RecordHeaderDecoder;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * The batch that takes records, in place in the write ring: claims, commits, and the sealing that ends it. Zones are
 * filled exactly: a batch never crosses a zone, and the last one of a zone takes its rest.
 *
 * <p><b>Threading</b>: device thread. Allocates nothing.
 *
 * <p><b>Invariants</b>: a batch that is open but without records costs nothing; it is opened again for the same place.
 */
final class OpenBatch {
    private static final int LENGTH_OFFSET = RecordHeaderDecoder.lengthEncodingOffset();
    private static final int CRC_OFFSET = RecordHeaderDecoder.crc32cEncodingOffset();

    private final UnsafeBuffer buffer;
    private final Crc32c crc;
    private final PositionIndex positions;
    private final ZoneMap zones;
    private final BatchWriter batches;
    private final JournalCounters counters;
    private final int granule;
    private final int maxBatchLength;
    private final int maxRecordLength;

    private WriteRing ring;
    private long recoveryEpoch;
    private long nextAddress;
    private boolean isOpen;
    private int openIndex;
    private int openUsed;
    private int openCapacity;
    private int openRecords;
    private int claimedLength = -1;

    /**
     * Makes a batch that is not open.
     *
     * @param buffer that holds the ring
     * @param crc over the buffer
     * @param positions index that notes the records
     * @param zones where batches may go
     * @param batches writes the headers
     * @param counters to count in
     * @param granule bytes
     * @param maxBatchLength bytes
     * @param ring without any room
     */
    OpenBatch(
            final UnsafeBuffer buffer,
            final Crc32c crc,
            final PositionIndex positions,
            final ZoneMap zones,
            final BatchWriter batches,
            final JournalCounters counters,
            final int granule,
            final int maxBatchLength,
            final WriteRing ring) {
        this.buffer = buffer;
        this.crc = crc;
        this.positions = positions;
        this.zones = zones;
        this.batches = batches;
        this.counters = counters;
        this.granule = granule;
        this.maxBatchLength = maxBatchLength;
        this.ring = ring;
        maxRecordLength = (maxBatchLength - LogFormat.BATCH_HEADER_LENGTH) & -LogFormat.RECORD_ALIGNMENT;
    }

    /**
     * Goes on behind what was recovered.
     *
     * @param recoveredRing of this run
     * @param address where the first batch goes
     * @param epoch recovery epoch of this run
     */
    void follow(final WriteRing recoveredRing, final long address, final long epoch) {
        ring = recoveredRing;
        nextAddress = address;
        recoveryEpoch = epoch;
    }

    /**
     * Claims room for a record; see {@link Journal#tryClaim}.
     *
     * @param recordLength header and body in bytes, without alignment
     * @return index in the buffer, or a negative status
     */
    int tryClaim(final int recordLength) {
        if (recordLength < LogFormat.RECORD_HEADER_LENGTH || recordLength > maxRecordLength) {
            return JournalStatus.TOO_LARGE;
        }
        final int needed = LogFormat.align(recordLength);
        if (isOpen && openUsed + needed > openCapacity) {
            seal(needed);
        }
        if (!isOpen) {
            final int status = open(needed);
            if (status < 0) {
                return status;
            }
        }
        claimedLength = recordLength;
        return openIndex + openUsed;
    }

    /**
     * Adds the claimed record; see {@link Journal#commit}.
     *
     * @param index as returned by {@link #tryClaim}
     * @param recordLength bytes, at most as claimed
     */
    void commit(final int index, final int recordLength) {
        if (!isOpen || index != openIndex + openUsed || recordLength > claimedLength) {
            throw new IllegalStateException("commit of " + recordLength + " bytes at " + index + " was not claimed");
        }
        final int aligned = LogFormat.align(recordLength);
        for (int i = recordLength; i < aligned; i++) {
            buffer.putByte(index + i, (byte) 0);
        }
        buffer.putInt(index + LENGTH_OFFSET, recordLength, ByteOrder.LITTLE_ENDIAN);
        final int computed = crc.compute(index + LogFormat.RECORD_CRC_START, recordLength - LogFormat.RECORD_CRC_START);
        buffer.putInt(index + CRC_OFFSET, computed, ByteOrder.LITTLE_ENDIAN);
        positions.note(buffer, index, nextAddress);
        openUsed += aligned;
        openRecords++;
        claimedLength = -1;
    }

    /**
     * Adds the claimed record, whose header is whole, if its length and CRC are right; see
     * {@link Journal#commitCopied}.
     *
     * @param index as returned by {@link #tryClaim}
     * @param recordLength bytes, as claimed
     * @return false when the CRC is not that of the record: nothing was added
     */
    boolean commitCopied(final int index, final int recordLength) {
        if (!isWhole(index, recordLength)) {
            return false;
        }
        commit(index, recordLength);
        return true;
    }

    /**
     * Tells whether a record in the buffer has the length and the CRC that its header says.
     *
     * @param index of its header
     * @param recordLength bytes
     * @return true when it has
     */
    boolean isWhole(final int index, final int recordLength) {
        final int computed = crc.compute(index + LogFormat.RECORD_CRC_START, recordLength - LogFormat.RECORD_CRC_START);
        return computed == buffer.getInt(index + CRC_OFFSET, ByteOrder.LITTLE_ENDIAN)
                && recordLength == buffer.getInt(index + LENGTH_OFFSET, ByteOrder.LITTLE_ENDIAN);
    }

    private int open(final int needed) {
        final int withHeader = LogFormat.BATCH_HEADER_LENGTH + needed;
        if (zones.holds(nextAddress)) {
            final long room = zones.zoneEnd(nextAddress) - nextAddress;
            if (room < withHeader) {
                if (zones.freeCount() == 0) {
                    return JournalStatus.FULL;
                }
                if (!ring.tryOpen()) {
                    counters.backPressureCount++;
                    return JournalStatus.BACK_PRESSURED;
                }
                openIndex = ring.openIndex();
                sealAs((int) room, LogFormat.BATCH_HEADER_LENGTH, 0); // fills the zone
            }
        }
        if (!zones.assign(zones.zoneOf(nextAddress))) {
            return JournalStatus.FULL;
        }
        if (!ring.tryOpen()) {
            counters.backPressureCount++;
            return JournalStatus.BACK_PRESSURED;
        }
        openIndex = ring.openIndex();
        openUsed = LogFormat.BATCH_HEADER_LENGTH;
        openRecords = 0;
        openCapacity = (int) Math.min(maxBatchLength, zones.zoneEnd(nextAddress) - nextAddress);
        isOpen = true;
        return 0;
    }

    /**
     * Seals the open batch; when the next record does not fit into the rest of the zone, the batch takes that rest too,
     * so that zones are filled exactly.
     *
     * @param nextNeeded bytes of the record that comes next, 0 when there is none
     */
    void seal(final int nextNeeded) {
        if (openRecords == 0) {
            isOpen = false; // claimed and never committed: opened again, for the same place
            return;
        }
        int batchLength = (openUsed + granule - 1) & -granule;
        final long rest = zones.zoneEnd(nextAddress) - nextAddress - batchLength;
        if (rest > 0
                && nextNeeded > 0
                && rest < LogFormat.BATCH_HEADER_LENGTH + nextNeeded
                && batchLength + rest <= maxBatchLength) {
            batchLength += (int) rest;
        }
        sealAs(batchLength, openUsed, openRecords);
        isOpen = false;
        openRecords = 0;
    }

    /**
     * Seals a batch without records, one granule long.
     *
     * @return false when there is no room for it now
     */
    boolean sealEmpty() {
        if (open(0) < 0) {
            return false;
        }
        isOpen = false;
        sealAs(granule, LogFormat.BATCH_HEADER_LENGTH, 0);
        return true;
    }

    /** Gives up a claim that was not committed. */
    void dropClaim() {
        isOpen = isOpen && openRecords > 0;
    }

    private void sealAs(final int batchLength, final int used, final int recordCount) {
        final int writeLength =
                batches.seal(openIndex, used, recordCount, recoveryEpoch, ring.sealed() + 1, nextAddress, batchLength);
        ring.seal(nextAddress, batchLength, writeLength, used - LogFormat.BATCH_HEADER_LENGTH, recordCount);
        nextAddress += batchLength;
    }

    /** Returns the records that wait for a seal. */
    int recordCount() {
        return openRecords;
    }

    /** Returns what the records that wait for a seal take, with the header, in bytes; 0 when there is none. */
    int usedBytes() {
        return openRecords > 0 ? openUsed : 0;
    }

    /** Returns where the next batch goes. */
    long nextAddress() {
        return nextAddress;
    }

    /** Returns the longest record that can be claimed, in bytes. */
    int maxRecordLength() {
        return maxRecordLength;
    }
}
