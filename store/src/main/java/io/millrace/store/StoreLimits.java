package io.millrace.store;

import io.millrace.codec.EventFrame;

/**
 * Limits of one chain's state. The head refuses what would exceed them before a record is sequenced
 * ({@link PendingOverlay}); a committed record always applies, so that a changed limit never changes what a log means.
 *
 * @param maxSegments segments that are not deleted; as many as the control plane allows in the cluster, for all of them
 *     may lie on one chain, and an effect that the chain refused would be ordered for ever
 * @param maxWriters writer entries of the chain; an entry is one writer on one segment, about 90 bytes, held twice
 * @param maxWritersPerSegment writer entries of one segment
 * @param maxOpenFragmentedEvents events of which some but not all fragments were sequenced
 * @param maxFragmentsPerEvent fragments of one event
 * @param maxFragmentedLength bytes of a fragmented event with its 12-byte frame
 * @param maxIndexEntries entries of all segment indexes of the chain, {@value #INDEX_ENTRY_BYTES} bytes each
 */
public record StoreLimits(
        int maxSegments,
        int maxWriters,
        int maxWritersPerSegment,
        int maxOpenFragmentedEvents,
        int maxFragmentsPerEvent,
        int maxFragmentedLength,
        int maxIndexEntries) {

    /** Heap an entry of a segment index takes. */
    public static final int INDEX_ENTRY_BYTES = 16;

    /** Refuses limits below one. */
    public StoreLimits {
        if (maxSegments < 1
                || maxWriters < 1
                || maxWritersPerSegment < 1
                || maxOpenFragmentedEvents < 1
                || maxFragmentsPerEvent < 1
                || maxFragmentedLength < 1
                || maxIndexEntries < 1) {
            throw new IllegalArgumentException("every limit of a chain's state must be at least 1");
        }
    }

    /**
     * Gives the limits a node uses unless configured otherwise.
     *
     * @return 65,536 segments, 65,536 writers (16,384 per segment), 64 open events of 10,240 fragments (enough for the
     *     smallest MTU) and 8 MiB + 12 bytes, 2,097,152 index entries (32 MiB)
     */
    public static StoreLimits defaults() {
        return new StoreLimits(65_536, 65_536, 16_384, 64, 10_240, EventFrame.MAX_LENGTH, 1 << 21);
    }

    /**
     * Gives the same limits with another room for segment indexes.
     *
     * @param bytes heap for the indexes of the chain
     * @return limits with {@code bytes / 16} entries, one at least, and at most as many as these
     */
    public StoreLimits withIndexBytes(final long bytes) {
        final long entries = Math.max(1, Math.min(maxIndexEntries, bytes / INDEX_ENTRY_BYTES));
        return new StoreLimits(
                maxSegments,
                maxWriters,
                maxWritersPerSegment,
                maxOpenFragmentedEvents,
                maxFragmentsPerEvent,
                maxFragmentedLength,
                (int) entries);
    }
}
