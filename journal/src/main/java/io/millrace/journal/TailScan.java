package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.LogFormat;
import io.millrace.codec.log.BatchHeaderDecoder;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Looks behind the first invalid batch for proof that it once was durable (P4): a valid header of this device, written
 * in the same or a later recovery epoch, that names its sequence or a higher one durable. Looked at: every granule of
 * the rest of the zone and of the zone that comes next, the first granule of every other zone, because zones are filled
 * exactly, and all of a zone whose first granule is neither a batch header nor zeros.
 *
 * <p>The zone that comes next was chosen among those that were free when the log came there. A checkpoint may have
 * freed others since, and the next zone's own beginning may be lost, so that an old batch stands there. So where the
 * invalid batch can be the last of its zone, the beginning of every zone that may be the next is looked through as far
 * as its second batch can lie.
 *
 * <p><b>Threading</b>: one thread. Reads through a window in the arena.
 */
final class TailScan {
    /** Behind an invalid batch that is further from the end of its zone, its zone holds later ones. */
    private static final long NEAR_END = 2L * LogFormat.MAX_BATCH_LENGTH;

    private final BlockingIo io;
    private final UnsafeBuffer arena;
    private final Crc32c crc;
    private final int windowIndex;
    private final int windowLength;
    private final Superblock superblock;
    private final ZoneMap zones;
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
     * @param zones where the zones of the log lie
     */
    TailScan(
            final BlockingIo io,
            final UnsafeBuffer arena,
            final Crc32c crc,
            final int windowIndex,
            final int windowLength,
            final Superblock superblock,
            final ZoneMap zones) {
        this.io = io;
        this.arena = arena;
        this.crc = crc;
        this.windowIndex = windowIndex;
        this.windowLength = windowLength;
        this.superblock = superblock;
        this.zones = zones;
    }

    /**
     * Classifies what a walk ended at.
     *
     * @param walker at its end
     * @return state
     */
    TailState classify(final LogWalker walker) {
        if (superblock.endBatchSequence() >= walker.sequence()) {
            proofSequence = superblock.endBatchSequence();
            return TailState.CORRUPT;
        }
        if (walker.tail() == TailState.FULL) {
            // nowhere for the next zone: the end of the log, or a zone that a checkpoint freed whose superblock is lost
            for (int place = 0; place < zones.count(); place++) {
                if (findsProofAt(place, superblock.granule(), walker.sequence(), walker.recoveryEpoch())) {
                    return TailState.CORRUPT;
                }
            }
            return TailState.FULL;
        }
        if (findsProof(walker.address(), walker.sequence(), walker.recoveryEpoch())) {
            return TailState.CORRUPT;
        }
        final boolean ended = walker.sequence() > 1 && superblock.endBatchSequence() == walker.sequence() - 1;
        return ended ? TailState.CLEAN : walker.tail();
    }

    /**
     * Describes what {@link #classify} found.
     *
     * @param walker at its end
     * @param name of the device
     * @return one line
     */
    String describeCorruption(final LogWalker walker, final String name) {
        final String proof = proofAddress < 0
                ? "the superblock says that the log ended in order with batch " + proofSequence
                : "batch " + proofSequence + " at address " + proofAddress
                        + ", written later, says that it was durable";
        return name + ": batch " + walker.sequence() + " at address " + walker.address() + " is damaged ("
                + walker.invalidReason() + "), and " + proof + ". Nothing was cut off.";
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
        // its own header may be whole and name more than fits here
        final long at = zones.deviceAddress(invalidAddress);
        final int current = zones.placeOf(zones.zoneOf(invalidAddress));
        final long currentEnd = placeAddress(current + 1);
        if (findsProofIn(at, currentEnd, invalidSequence, lastEpoch)) {
            return true;
        }
        final long nextZone = zones.zoneOf(invalidAddress) + 1;
        final boolean hasNext = zones.assign(nextZone);
        final int next = zones.placeOf(nextZone);
        final boolean nearEnd = zones.zoneEnd(invalidAddress) - invalidAddress <= NEAR_END;
        for (int place = 0; place < zones.count(); place++) {
            final long length = hasNext && place == next
                    ? superblock.zoneLength()
                    : nearEnd && mayBeNext(place, nextZone)
                            ? Math.min(superblock.zoneLength(), LogFormat.MAX_BATCH_LENGTH + superblock.granule())
                            : superblock.granule();
            if (place != current && findsProofAt(place, length, invalidSequence, lastEpoch)) {
                return true;
            }
        }
        return false;
    }

    /** A zone that is live for sure holds what it seems to hold. */
    private boolean mayBeNext(final int place, final long nextZone) {
        final long zone = zones.zoneAt(place);
        return zone == ZoneMap.ABSENT
                || zone >= nextZone
                || (superblock.checkpointAddress() != 0
                        && zone < zones.zoneOf(superblock.checkpointAddress())
                        && !zones.isMarked(zones.addressOf(zone), superblock.checkpointBatchSequence()));
    }

    private boolean findsProofAt(final int place, final long length, final long invalidSequence, final long lastEpoch) {
        final long at = placeAddress(place);
        io.read(windowIndex, superblock.granule(), at);
        scannedBytes += superblock.granule();
        if (isProof(windowIndex, at, invalidSequence, lastEpoch)) {
            return true;
        }
        final boolean dense = !LogWalker.isWholeHeader(header, windowIndex, crc)
                && !LogWalker.isZero(arena, windowIndex, superblock.granule());
        final long end = dense ? placeAddress(place + 1) : at + length;
        return findsProofIn(at + superblock.granule(), end, invalidSequence, lastEpoch);
    }

    private boolean findsProofIn(final long from, final long end, final long invalidSequence, final long lastEpoch) {
        long at = from;
        while (at < end) {
            final int length = (int) Math.min(windowLength, end - at);
            io.read(windowIndex, length, at);
            scannedBytes += length;
            for (int i = 0; i < length; i += superblock.granule()) {
                if (isProof(windowIndex + i, at + i, invalidSequence, lastEpoch)) {
                    return true;
                }
            }
            at += length;
        }
        return false;
    }

    private long placeAddress(final int place) {
        return superblock.dataAddress() + place * superblock.zoneLength();
    }

    /** A header counts where it is; which zone of the log the device zone holds is not known for sure. */
    private boolean isProof(
            final int index, final long deviceAddress, final long invalidSequence, final long lastEpoch) {
        header.wrap(arena, index, BatchHeaderDecoder.BLOCK_LENGTH, BatchHeaderDecoder.SCHEMA_VERSION);
        final boolean proof = LogWalker.isWholeHeader(header, index, crc)
                && LogWalker.isOfDevice(header, superblock)
                && (header.address() - deviceAddress) % superblock.zoneLength() == 0
                && header.recoveryEpoch() >= lastEpoch
                && header.durableBatchSequence() >= invalidSequence;
        if (proof) {
            proofAddress = header.address();
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
