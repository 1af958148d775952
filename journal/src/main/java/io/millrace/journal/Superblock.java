package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import io.millrace.codec.log.SuperblockDecoder;
import io.millrace.codec.log.SuperblockEncoder;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Identity and geometry of a device, kept twice: A at address 0, B one granule behind. The valid one with the higher
 * sequence counts; a new one overwrites the other. The layout is drawn in {@code docs/formats.md}.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param granule bytes
 * @param deviceUuid made at format
 * @param nodeId that owns the device
 * @param sequence of this superblock, higher is newer
 * @param recoveryEpoch of the last run
 * @param incarnation of the last run
 * @param deviceLength bytes in use, the superblocks included
 * @param dataAddress where zone 0 begins
 * @param zoneLength bytes
 * @param createdNs nanoseconds since 1970
 * @param calibration of the device
 * @param checkpointAddress of the batch from which recovery folds, 0: from the first one
 * @param checkpointBatchSequence of that batch, which is the number of the checkpoint as well
 * @param endBatchSequence last batch of a run that was stopped in order, 0: runs, or was cut off
 */
public record Superblock(
        int granule,
        UUID deviceUuid,
        UUID nodeId,
        long sequence,
        long recoveryEpoch,
        long incarnation,
        long deviceLength,
        long dataAddress,
        long zoneLength,
        long createdNs,
        Calibration calibration,
        long checkpointAddress,
        long checkpointBatchSequence,
        long endBatchSequence) {
    /** Largest granule: B must lie before the data. */
    static final int MAX_GRANULE = 32 * 1024;

    /** Version that a superblock with a valid CRC must have, 0 when it was not valid. */
    private static final int UNKNOWN_VERSION = 0;

    /**
     * Makes the superblock of the next run.
     *
     * @param newSequence of the superblock
     * @param newEpoch recovery epoch
     * @param newIncarnation incarnation
     * @return copy
     */
    Superblock next(final long newSequence, final long newEpoch, final long newIncarnation) {
        return new Superblock(
                granule,
                deviceUuid,
                nodeId,
                newSequence,
                newEpoch,
                newIncarnation,
                deviceLength,
                dataAddress,
                zoneLength,
                createdNs,
                calibration,
                checkpointAddress,
                checkpointBatchSequence,
                0);
    }

    /**
     * Makes the same superblock for a calibrated device.
     *
     * @param found by the calibration
     * @return copy
     */
    Superblock with(final Calibration found) {
        return new Superblock(
                granule,
                deviceUuid,
                nodeId,
                sequence,
                recoveryEpoch,
                incarnation,
                deviceLength,
                dataAddress,
                zoneLength,
                createdNs,
                found,
                checkpointAddress,
                checkpointBatchSequence,
                endBatchSequence);
    }

    /**
     * Makes the next superblock of the same run, which names a newer checkpoint.
     *
     * @param address of the batch from which recovery folds
     * @param batchSequence of that batch
     * @return copy
     */
    Superblock withCheckpoint(final long address, final long batchSequence) {
        return new Superblock(
                granule,
                deviceUuid,
                nodeId,
                sequence + 1,
                recoveryEpoch,
                incarnation,
                deviceLength,
                dataAddress,
                zoneLength,
                createdNs,
                calibration,
                address,
                batchSequence,
                0);
    }

    /**
     * Makes the last superblock of a run that is stopped in order.
     *
     * @param batchSequence of the last batch
     * @return copy
     */
    Superblock withEnd(final long batchSequence) {
        return new Superblock(
                granule,
                deviceUuid,
                nodeId,
                sequence + 1,
                recoveryEpoch,
                incarnation,
                deviceLength,
                dataAddress,
                zoneLength,
                createdNs,
                calibration,
                checkpointAddress,
                checkpointBatchSequence,
                batchSequence);
    }

    /**
     * Writes it into a granule, the rest of which becomes zero.
     *
     * @param buffer to write to
     * @param index of the granule
     * @param crc over the buffer
     */
    void encode(final MutableDirectBuffer buffer, final int index, final Crc32c crc) {
        buffer.setMemory(index, granule, (byte) 0);
        final SuperblockEncoder encoder = new SuperblockEncoder().wrap(buffer, index);
        encoder.magic(LogFormat.SUPERBLOCK_MAGIC)
                .formatVersion(LogFormat.FORMAT_VERSION)
                .granule(granule)
                .deviceUuidHigh(deviceUuid.getMostSignificantBits())
                .deviceUuidLow(deviceUuid.getLeastSignificantBits())
                .nodeIdHigh(nodeId.getMostSignificantBits())
                .nodeIdLow(nodeId.getLeastSignificantBits())
                .superblockSequence(sequence)
                .recoveryEpoch(recoveryEpoch)
                .incarnation(incarnation)
                .deviceLength(deviceLength)
                .dataAddress(dataAddress)
                .zoneLength(zoneLength)
                .checkpointAddress(checkpointAddress)
                .checkpointBatchSequence(checkpointBatchSequence)
                .endBatchSequence(endBatchSequence)
                .createdNs(createdNs)
                .durabilityMode((short)
                        (calibration.method() == null ? 0 : calibration.method().code()))
                .writesInFlight((short) calibration.writesInFlight())
                .calibratedNs(calibration.calibratedNs())
                .calibrationP50Ns(calibration.p50Ns())
                .calibrationP99Ns(calibration.p99Ns());
        encoder.crc32c(Integer.toUnsignedLong(crc.compute(index, LogFormat.SUPERBLOCK_CRC_COVERAGE)));
    }

    /**
     * Tells the format version of a superblock whose magic and CRC are valid.
     *
     * @param buffer to read from
     * @param index of the granule
     * @param crc over the buffer
     * @return version, 0 when magic or CRC are not valid
     */
    static long version(final DirectBuffer buffer, final int index, final Crc32c crc) {
        final SuperblockDecoder decoder = new SuperblockDecoder()
                .wrap(buffer, index, SuperblockDecoder.BLOCK_LENGTH, SuperblockDecoder.SCHEMA_VERSION);
        final boolean valid = decoder.magic() == LogFormat.SUPERBLOCK_MAGIC
                && decoder.crc32c() == Integer.toUnsignedLong(crc.compute(index, LogFormat.SUPERBLOCK_CRC_COVERAGE));
        return valid ? decoder.formatVersion() : UNKNOWN_VERSION;
    }

    /**
     * Reads a superblock whose version is known; see {@link #isSane()}.
     *
     * @param buffer to read from
     * @param index of the granule
     * @return superblock
     */
    static Superblock decode(final DirectBuffer buffer, final int index) {
        final SuperblockDecoder decoder = new SuperblockDecoder()
                .wrap(buffer, index, SuperblockDecoder.BLOCK_LENGTH, SuperblockDecoder.SCHEMA_VERSION);
        return new Superblock(
                decoder.granule(),
                new UUID(decoder.deviceUuidHigh(), decoder.deviceUuidLow()),
                new UUID(decoder.nodeIdHigh(), decoder.nodeIdLow()),
                decoder.superblockSequence(),
                decoder.recoveryEpoch(),
                decoder.incarnation(),
                decoder.deviceLength(),
                decoder.dataAddress(),
                decoder.zoneLength(),
                decoder.createdNs(),
                calibration(decoder),
                decoder.checkpointAddress(),
                decoder.checkpointBatchSequence(),
                decoder.endBatchSequence());
    }

    /** A method of a later version, or a K that nothing here writes, is no calibration. */
    private static Calibration calibration(final SuperblockDecoder decoder) {
        final SyncMethod method = SyncMethod.of(decoder.durabilityMode());
        final int writesInFlight = decoder.writesInFlight();
        return method == null || writesInFlight < 1 || writesInFlight > JournalContext.MAX_WRITES_IN_FLIGHT
                ? Calibration.NONE
                : new Calibration(
                        method,
                        writesInFlight,
                        decoder.calibrationP50Ns(),
                        decoder.calibrationP99Ns(),
                        decoder.calibratedNs());
    }

    /**
     * Checks the geometry, which everything else relies on.
     *
     * @return true when addresses computed from it are sound
     */
    boolean isSane() {
        return granule >= LogFormat.MIN_GRANULE
                && granule <= MAX_GRANULE
                && Integer.bitCount(granule) == 1
                && dataAddress == LogFormat.DEFAULT_DATA_ADDRESS
                && zoneLength > 0
                && zoneLength % granule == 0
                && deviceLength > dataAddress
                && (deviceLength - dataAddress) % zoneLength == 0
                && isCheckpointSane();
    }

    private boolean isCheckpointSane() {
        return checkpointAddress == 0
                ? checkpointBatchSequence == 0
                : checkpointAddress >= dataAddress && checkpointAddress % granule == 0 && checkpointBatchSequence > 0;
    }

    /**
     * Refuses a device that is not the one that was formatted, or not this node's (P5).
     *
     * @param wantedNode node id; null: any
     * @param length of the device in bytes
     * @param name of the device
     * @throws MillraceException MR-6002, MR-6003
     */
    void requireFits(final @Nullable UUID wantedNode, final long length, final String name) {
        if (length < deviceLength) {
            throw new MillraceException(
                    ErrorCode.DEVICE_TOO_SMALL,
                    name + " has " + length + " bytes, it was formatted with " + deviceLength);
        }
        if (wantedNode != null && !wantedNode.equals(nodeId)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_OTHER_NODE,
                    name + " belongs to node " + nodeId + ", this is node " + wantedNode + ". "
                            + ErrorCode.DEVICE_OTHER_NODE.remedy());
        }
    }
}
