package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Looks behind the first invalid batch for proof that it once was durable (P4): a valid header of this device, written
 * in the same or a later recovery epoch, that names its sequence or a higher one durable. Looked at: every granule of
 * the rest of the zone and of the next zone, and the first granule of every later zone, because zones are filled
 * exactly.
 *
 * <p><b>Threading</b>: one thread. Reads through a window in the arena.
 */
final class TailScan {
    private final BlockingIo io;
    private final UnsafeBuffer arena;
    private final Crc32c crc;
    private final int windowIndex;
    private final int windowLength;
    private final Superblock superblock;
    private final BatchHeaderDecoder header = new BatchHeaderDecoder();

    private long proofAddress = -1;
    private long proofSequence;
    private long scannedBytes;

    /**
     * Makes a scan.
     *
     * @param io of the device
     * @param arena registered buffer
     * @param crc over the arena
     * @param windowIndex where the window is in the arena
     * @param windowLength bytes, a multiple of the granule
     * @param superblock geometry
     */
    TailScan(
            final BlockingIo io,
            final UnsafeBuffer arena,
            final Crc32c crc,
            final int windowIndex,
            final int windowLength,
            final Superblock superblock) {
        this.io = io;
        this.arena = arena;
        this.crc = crc;
        this.windowIndex = windowIndex;
        this.windowLength = windowLength;
        this.superblock = superblock;
    }

    /**
     * Classifies what a walk ended at.
     *
     * @param walker at its end
     * @return state
     */
    TailState classify(final LogWalker walker) {
        if (walker.tail() == TailState.FULL) {
            return TailState.FULL;
        }
        return findsProof(walker.address(), walker.sequence(), walker.recoveryEpoch())
                ? TailState.CORRUPT
                : walker.tail();
    }

    /**
     * Describes what {@link #classify} found.
     *
     * @param walker at its end
     * @param name of the device
     * @return one line
     */
    String describeCorruption(final LogWalker walker, final String name) {
        return name + ": batch " + walker.sequence() + " at address " + walker.address() + " is damaged ("
                + walker.invalidReason() + "), and batch " + proofSequence + " at address " + proofAddress
                + ", written later, says that it was durable. Nothing was cut off.";
    }

    /**
     * Looks for proof.
     *
     * @param invalidAddress where the first invalid batch should be
     * @param invalidSequence its sequence
     * @param lastEpoch recovery epoch of the last valid batch
     * @return true when a later batch proves that it was durable
     */
    private boolean findsProof(final long invalidAddress, final long invalidSequence, final long lastEpoch) {
        final long end = superblock.deviceLength();
        final long denseEnd = Math.min(end, superblock.zoneEnd(invalidAddress) + superblock.zoneLength());
        long at = invalidAddress; // its own header may be whole and name more than fits here
        while (at < denseEnd) {
            final int length = (int) Math.min(windowLength, denseEnd - at);
            io.read(windowIndex, length, at);
            scannedBytes += length;
            for (int i = 0; i < length; i += superblock.granule()) {
                if (isProof(windowIndex + i, at + i, invalidSequence, lastEpoch)) {
                    return true;
                }
            }
            at += length;
        }
        for (long zone = denseEnd; zone < end; zone += superblock.zoneLength()) {
            io.read(windowIndex, superblock.granule(), zone);
            scannedBytes += superblock.granule();
            if (isProof(windowIndex, zone, invalidSequence, lastEpoch)) {
                return true;
            }
        }
        return false;
    }

    private boolean isProof(final int index, final long address, final long invalidSequence, final long lastEpoch) {
        header.wrap(arena, index, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        final boolean proof = header.magic() == LogFormat.BATCH_MAGIC
                && header.headerCrc32c()
                        == Integer.toUnsignedLong(crc.compute(index, LogFormat.BATCH_HEADER_CRC_COVERAGE))
                && LogWalker.isOfDevice(header, superblock)
                && header.address() == address
                && header.recoveryEpoch() >= lastEpoch
                && header.durableBatchSequence() >= invalidSequence;
        if (proof) {
            proofAddress = address;
            proofSequence = header.batchSequence();
        }
        return proof;
    }

    /**
     * Returns where the proof lies.
     *
     * @return address, -1 when there is none
     */
    long proofAddress() {
        return proofAddress;
    }

    /**
     * Returns the sequence of the batch that is the proof.
     *
     * @return sequence
     */
    long proofSequence() {
        return proofSequence;
    }

    /**
     * Returns how much was looked through.
     *
     * @return bytes
     */
    long scannedBytes() {
        return scannedBytes;
    }
}
