package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.LogFormat;
import io.millrace.codec.MillraceException;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The two superblocks as they were read.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param first superblock A, null when it is not valid
 * @param second superblock B, null when it is not valid
 */
record SuperblockPair(@Nullable Superblock first, @Nullable Superblock second) {
    /**
     * Reads both out of the first 64 KiB of a device. Where A is bad, B is looked for at every place it can have.
     *
     * @param buffer holds the bytes
     * @param index of address 0
     * @param crc over the buffer
     * @param name of the device, for the message
     * @return pair; both may be null
     * @throws MillraceException MR-6008 when a valid one has an unknown version
     */
    static SuperblockPair read(final DirectBuffer buffer, final int index, final Crc32c crc, final String name) {
        final Superblock first = readOne(buffer, index, crc, name);
        Superblock second = null;
        for (int granule = LogFormat.MIN_GRANULE; granule <= Superblock.MAX_GRANULE && second == null; granule *= 2) {
            if (first == null || first.granule() == granule) {
                final Superblock found = readOne(buffer, index + granule, crc, name);
                second = found != null && found.granule() == granule ? found : null;
            }
        }
        return new SuperblockPair(first, second);
    }

    private static @Nullable Superblock readOne(
            final DirectBuffer buffer, final int index, final Crc32c crc, final String name) {
        final long version = Superblock.version(buffer, index, crc);
        if (version == 0) {
            return null;
        }
        if (version != LogFormat.FORMAT_VERSION) {
            throw new MillraceException(
                    ErrorCode.FORMAT_VERSION,
                    name + ": format version " + version + ", this program knows " + LogFormat.FORMAT_VERSION);
        }
        final Superblock superblock = Superblock.decode(buffer, index);
        return superblock.isSane() ? superblock : null;
    }

    /**
     * Chooses the newer valid one.
     *
     * @param name of the device, for the message
     * @return superblock
     * @throws MillraceException MR-6007 when neither is valid
     */
    Superblock newest(final String name) {
        if (first == null && second == null) {
            throw new MillraceException(
                    ErrorCode.SUPERBLOCK_BAD,
                    name + ": superblock A at address 0 and superblock B behind it have a bad magic, CRC or geometry");
        }
        if (first == null || second == null) {
            return first != null ? first : java.util.Objects.requireNonNull(second);
        }
        return first.sequence() >= second.sequence() ? first : second;
    }

    /**
     * Counts the bad ones.
     *
     * @return 0 to 2
     */
    int badCount() {
        return (first == null ? 1 : 0) + (second == null ? 1 : 0);
    }

    /**
     * Tells where the next superblock goes: over the bad or the older one.
     *
     * @param granule bytes
     * @return 0 or the granule
     */
    long nextAddress(final int granule) {
        if (first == null) {
            return 0;
        }
        return second == null || second.sequence() < first.sequence() ? granule : 0;
    }
}
