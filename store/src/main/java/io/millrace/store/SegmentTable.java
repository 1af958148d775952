package io.millrace.store;

import org.jspecify.annotations.Nullable;

/**
 * Segments and tombstones of one chain by (streamId, segmentId): open addressing, linear probing.
 *
 * <p><b>Threading:</b> the chain's thread. Allocates only when it grows.
 */
final class SegmentTable {
    /** Tombstones kept; the oldest goes first. Part of the state's meaning, not a setting. */
    static final int MAX_TOMBSTONES = 65_536;

    private @Nullable Segment[] buckets = new @Nullable Segment[64];
    private int entryCount;
    private int tombstoneCount;
    private @Nullable Segment oldestTombstone;
    private @Nullable Segment newestTombstone;

    /** Creates an empty table. */
    SegmentTable() {}

    /** Gives the number of segments that are not deleted. */
    int liveCount() {
        return entryCount - tombstoneCount;
    }

    /** Gives the number of tombstones. */
    int tombstoneCount() {
        return tombstoneCount;
    }

    /** Gives the oldest tombstone; the others follow by {@link Segment#nextTombstone}. */
    @Nullable
    Segment oldestTombstone() {
        return oldestTombstone;
    }

    /** Gives the number of buckets, for a walk with {@link #at}. */
    int bucketCount() {
        return buckets.length;
    }

    /** Gives a bucket's segment or null. */
    @Nullable
    Segment at(final int bucket) {
        return buckets[bucket];
    }

    /** Finds a segment or tombstone. */
    @Nullable
    Segment find(final long streamId, final long segmentId) {
        final int mask = buckets.length - 1;
        int i = hash(streamId, segmentId) & mask;
        Segment segment = buckets[i];
        while (segment != null && (segment.segmentId() != segmentId || segment.streamId() != streamId)) {
            i = (i + 1) & mask;
            segment = buckets[i];
        }
        return segment;
    }

    /** Adds a segment that the table does not hold. */
    void add(final Segment segment) {
        if ((entryCount + 1) * 2 > buckets.length) {
            grow();
        }
        insert(segment);
        entryCount++;
    }

    /** Takes note that a segment of this table became a tombstone; forgets the oldest one beyond the bound. */
    void onDeleted(final Segment segment) {
        if (newestTombstone == null) {
            oldestTombstone = segment;
        } else {
            newestTombstone.nextTombstone = segment;
        }
        newestTombstone = segment;
        tombstoneCount++;
        final Segment oldest = oldestTombstone;
        if (tombstoneCount > MAX_TOMBSTONES && oldest != null) {
            oldestTombstone = oldest.nextTombstone;
            remove(oldest);
            tombstoneCount--;
        }
    }

    /** Takes over copies of all segments and tombstones. */
    void copyFrom(final SegmentTable other, final IndexArena arena) {
        buckets = new @Nullable Segment[other.buckets.length];
        entryCount = 0;
        tombstoneCount = 0;
        oldestTombstone = null;
        newestTombstone = null;
        for (final Segment segment : other.buckets) {
            if (segment != null && !segment.isDeleted()) {
                add(segment.copyFor(arena));
            }
        }
        for (Segment tombstone = other.oldestTombstone; tombstone != null; tombstone = tombstone.nextTombstone) {
            final Segment copy = tombstone.copyFor(arena);
            add(copy);
            onDeleted(copy);
        }
    }

    /** Hashes all segments, whatever their buckets, and the order of the tombstones. */
    long stateHash(final boolean withEntries) {
        long sum = 0;
        for (final Segment segment : buckets) {
            if (segment != null) {
                sum += segment.stateHash(withEntries);
            }
        }
        long order = 0;
        for (Segment tombstone = oldestTombstone; tombstone != null; tombstone = tombstone.nextTombstone) {
            order = StateHash.mix(order, tombstone.streamId(), tombstone.segmentId(), 0);
        }
        return StateHash.mix(sum, order);
    }

    private void insert(final Segment segment) {
        final int mask = buckets.length - 1;
        int i = hash(segment.streamId(), segment.segmentId()) & mask;
        while (buckets[i] != null) {
            i = (i + 1) & mask;
        }
        buckets[i] = segment;
    }

    private void remove(final Segment segment) {
        final int mask = buckets.length - 1;
        int hole = hash(segment.streamId(), segment.segmentId()) & mask;
        while (buckets[hole] != segment) {
            hole = (hole + 1) & mask;
        }
        int i = hole;
        while (true) {
            i = (i + 1) & mask;
            final Segment next = buckets[i];
            if (next == null) {
                break;
            }
            final int home = hash(next.streamId(), next.segmentId()) & mask;
            if (((i - home) & mask) >= ((i - hole) & mask)) {
                buckets[hole] = next;
                hole = i;
            }
        }
        buckets[hole] = null;
        entryCount--;
    }

    private void grow() {
        final @Nullable Segment[] old = buckets;
        buckets = new @Nullable Segment[old.length * 2];
        for (final Segment segment : old) {
            if (segment != null) {
                insert(segment);
            }
        }
    }

    private static int hash(final long streamId, final long segmentId) {
        return (int) StateHash.mix(streamId, segmentId);
    }
}
