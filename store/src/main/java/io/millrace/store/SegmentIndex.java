package io.millrace.store;

/**
 * Sparse map of one segment: byte offset → position in the chain log. An entry says "the record at this position holds
 * the segment's bytes from this offset on".
 *
 * <p><b>Threading:</b> the chain's thread.
 *
 * <p><b>Invariants:</b> offsets strictly increase with the entry index. The first record of the segment has an entry;
 * so has every {@code APPEND} that lies {@value #SPACING_POSITIONS} or more positions behind the newest entry, every
 * fragment of a fragmented event, the record after such an event, and the first record behind a truncation of all.
 * Positions do not always increase: the fragments of an event get offsets when the last one commits, and older
 * positions than appends that were committed between them.
 *
 * <h2>From an offset to its bytes</h2>
 *
 * A reader that wants the bytes from offset {@code t} on ({@code startOffset ≤ t < length}, both of {@link Segment}):
 *
 * <ol>
 *   <li>{@code i = find(t)}; it is never negative then.
 *   <li><b>Fragment</b> ({@link #isFragment isFragment(i)}): the record at {@code position(i)} is an
 *       {@code APPEND_FRAGMENT} whose {@code n = record length − 64 (header) − 72 (body)} bytes are the segment's bytes
 *       {@code [offset(i), offset(i) + n)}; its own {@code segmentOffset} is −1. {@code t} lies inside. The next offset
 *       is {@code offset(i) + n}: it is {@code offset(i + 1)}, or the segment's length when there is no further entry.
 *       Go to 1 with it: what follows a fragment has an entry always.
 *   <li><b>Otherwise</b> the record at {@code position(i)} is an {@code APPEND} at {@code offset(i)}. Walk the chain
 *       log forwards from that position, at most to the chain's last position. Skip every record that is not an
 *       {@code APPEND} of this (streamId, segmentId), fragments of this segment too. Skip an {@code APPEND} with
 *       {@code segmentOffset + n ≤ t}. The next one holds {@code t}: {@code segmentOffset ≤ t < segmentOffset + n};
 *       anything else is damage. It lies fewer than {@value #SPACING_POSITIONS} positions behind {@code position(i)}.
 *   <li>To go on from a record at position {@code p} that ended at offset {@code e < length}: {@code j = find(e)}. When
 *       {@code offset(j) == e} and entry {@code j} is a fragment, go to 2 with {@code j} (its position may be smaller
 *       than {@code p}). Otherwise, and when the record at {@code p} was an {@code APPEND}, walk on from {@code p + 1}
 *       as in 3; after a fragment from {@code position(j)}. While {@link #hasFragments()} is false the look-up may be
 *       left out.
 * </ol>
 *
 * A truncation forgets the entries before the one that leads to the start offset; indexes of entries stay as they are,
 * {@link #first()} … {@link #count()} − 1.
 *
 * <p>Memory: 16 bytes an entry in blocks of 32 entries, a tree of fan-out 64 above them. Blocks of which every entry is
 * forgotten, or was never restored, are not there.
 */
public final class SegmentIndex {
    /** Positions after which an append gets an entry of its own. Part of the state's meaning, not a setting. */
    public static final int SPACING_POSITIONS = 32;

    private static final int LEAF_ENTRIES = IndexArena.BLOCK_LONGS / 2;
    private static final int FAN_OUT_BITS = 6;
    private static final int LEAF_BITS = 5;
    private static final long FRAGMENT_BIT = Long.MIN_VALUE;

    private final IndexArena arena;
    private int root;
    private int height;
    private int tailLeaf;
    private int first;
    private int count;
    private long newestPosition;
    private boolean forceNext = true;
    private boolean fragments;

    /** Creates an empty index over the chain's arena. */
    SegmentIndex(final IndexArena arena) {
        this.arena = arena;
    }

    /**
     * Finds the greatest entry at or below an offset.
     *
     * @param offset byte offset in the segment
     * @return the entry's index, or −1 when the offset lies before every entry
     */
    public int find(final long offset) {
        int low = first;
        int high = count - 1;
        while (low <= high) {
            final int middle = (low + high) >>> 1;
            if (offset(middle) <= offset) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high < first ? -1 : high;
    }

    /**
     * Gives an entry's offset.
     *
     * @param index of the entry, {@link #first()} ≤ index &lt; {@link #count()}
     * @return byte offset in the segment
     */
    public long offset(final int index) {
        return arena.get(leafOf(index), (index & (LEAF_ENTRIES - 1)) << 1);
    }

    /**
     * Gives an entry's position.
     *
     * @param index of the entry, {@link #first()} ≤ index &lt; {@link #count()}
     * @return record number in the chain log
     */
    public long position(final int index) {
        return positionOf(positionAndFlag(index));
    }

    /**
     * Tells whether an entry is one fragment of an event.
     *
     * @param index of the entry, {@link #first()} ≤ index &lt; {@link #count()}
     * @return true for a fragment, false for an append
     */
    public boolean isFragment(final int index) {
        return isFragmentOf(positionAndFlag(index));
    }

    /**
     * Gives the oldest entry.
     *
     * @return its index, from 0; as {@link #count()} when there is none
     */
    public int first() {
        return first;
    }

    /**
     * Gives the index behind the newest entry.
     *
     * @return entries there ever were
     */
    public int count() {
        return count;
    }

    /**
     * Tells whether any entry is a fragment.
     *
     * @return true when one is
     */
    public boolean hasFragments() {
        return fragments;
    }

    /** Gives the position of the newest entry there ever was, 0 when there was none. */
    long newestPosition() {
        return newestPosition;
    }

    /** Tells whether the next append gets an entry wherever it lies. */
    boolean forceNext() {
        return forceNext;
    }

    /**
     * Gives an entry's position with the mark of a fragment; {@link #positionOf} and {@link #isFragmentOf} part them.
     */
    long positionAndFlag(final int index) {
        return arena.get(leafOf(index), ((index & (LEAF_ENTRIES - 1)) << 1) + 1);
    }

    /** Gives the position of what {@link #positionAndFlag} gave. */
    static long positionOf(final long positionAndFlag) {
        return positionAndFlag & ~FRAGMENT_BIT;
    }

    /** Tells whether what {@link #positionAndFlag} gave is of a fragment. */
    static boolean isFragmentOf(final long positionAndFlag) {
        return (positionAndFlag & FRAGMENT_BIT) != 0;
    }

    /** Takes note of a committed append; adds an entry when one is due. */
    void onAppend(final long offset, final long position) {
        if (forceNext || position - newestPosition >= SPACING_POSITIONS) {
            add(offset, position);
            forceNext = false;
        }
    }

    /** Adds the entry of one fragment; the next append gets an entry as well. */
    void onFragment(final long offset, final long position) {
        add(offset, position | FRAGMENT_BIT);
        fragments = true;
        forceNext = true;
    }

    /**
     * Forgets what leads only to bytes below an offset. A counting index cannot know which entries these are: it keeps
     * them until {@link #truncateTo}.
     *
     * @param startOffset first byte that stays
     * @param all true when no byte stays: the next append gets an entry
     */
    void truncate(final long startOffset, final boolean all) {
        if (all) {
            forceNext = true;
        }
        if (!arena.isCounting()) {
            truncateTo(all ? count : Math.max(first, find(startOffset)));
        }
    }

    /** Forgets the entries before one. */
    void truncateTo(final int newFirst) {
        if (newFirst <= first) {
            return;
        }
        arena.addEntries(first - newFirst);
        first = newFirst;
        if (root != 0) {
            releaseBefore(root, height, 0);
        }
    }

    /** Gives back the blocks whose entries are all forgotten. */
    private void releaseBefore(final int block, final int level, final long base) {
        if (level == 0) {
            return;
        }
        final long span = 1L << (LEAF_BITS + FAN_OUT_BITS * (level - 1));
        for (int i = 0; i < IndexArena.BLOCK_LONGS && base + i * span < first; i++) {
            final int child = (int) arena.get(block, i);
            if (child == 0) {
                continue;
            }
            if (base + (i + 1) * span <= first) {
                releaseTree(child, level - 1);
                arena.set(block, i, 0);
            } else {
                releaseBefore(child, level - 1, base + i * span);
            }
        }
    }

    /** Gives every block back; the index is empty afterwards. */
    void release() {
        restart(0);
        newestPosition = 0;
        forceNext = true;
        fragments = false;
    }

    /** Forgets every entry and goes on at an index, with a hole before it. */
    private void restart(final int index) {
        arena.addEntries(first - count);
        if (root != 0) {
            releaseTree(root, height);
        }
        root = 0;
        height = 0;
        tailLeaf = 0;
        first = index;
        count = index;
    }

    /** Takes over what an image says of an empty index; all of its entries are missing. */
    void restoreCounts(final int entryCount, final long newest, final boolean force, final boolean hasFragments) {
        restart(entryCount);
        newestPosition = newest;
        forceNext = force;
        fragments = hasFragments;
    }

    /** Begins to restore entries at an index; those before are missing. */
    void restoreFrom(final int index) {
        restart(index);
    }

    /** Takes the next entry of an image; it decides nothing about later ones. */
    void restoreEntry(final long offset, final long positionAndFlag) {
        put(offset, positionAndFlag);
    }

    /** Takes over the counts, not the entries, of another index. */
    void copyCountsFrom(final SegmentIndex other) {
        first = other.first;
        count = other.count;
        newestPosition = other.newestPosition;
        forceNext = other.forceNext;
        fragments = other.fragments;
    }

    /** Gives a hash of everything that decides later entries and, when they are held, of the entries. */
    long stateHash(final boolean withEntries) {
        long hash = StateHash.mix(count, newestPosition, forceNext ? 1 : 0, fragments ? 1 : 0);
        for (int i = first; withEntries && i < count; i++) {
            hash = StateHash.mix(hash, offset(i), position(i), isFragment(i) ? 1 : 0);
        }
        return hash;
    }

    private void add(final long offset, final long positionAndFlag) {
        put(offset, positionAndFlag);
        newestPosition = positionOf(positionAndFlag);
    }

    private void put(final long offset, final long positionAndFlag) {
        if (!arena.isCounting()) {
            if (tailLeaf == 0 || (count & (LEAF_ENTRIES - 1)) == 0) {
                tailLeaf = addLeaf();
            }
            final int at = (count & (LEAF_ENTRIES - 1)) << 1;
            arena.set(tailLeaf, at, offset);
            arena.set(tailLeaf, at + 1, positionAndFlag);
        }
        count++;
        arena.addEntries(1);
    }

    /** Makes the leaf of the next entry; of an index with a hole before it, at the height that the count asks for. */
    private int addLeaf() {
        if (root == 0) {
            root = arena.take();
            while (isBeyondTree(count)) {
                height++;
            }
        } else if (isBeyondTree(count)) {
            final int newRoot = arena.take();
            arena.set(newRoot, 0, root);
            root = newRoot;
            height++;
        }
        int block = root;
        for (int level = height; level > 0; level--) {
            final int child = childIndex(count, level);
            int next = (int) arena.get(block, child);
            if (next == 0) {
                next = arena.take();
                arena.set(block, child, next);
            }
            block = next;
        }
        return block;
    }

    private boolean isBeyondTree(final int index) {
        return (long) index >>> (LEAF_BITS + FAN_OUT_BITS * height) != 0;
    }

    private int leafOf(final int index) {
        if (index < first || index >= count) {
            throw new IndexOutOfBoundsException("index entry " + index + " of " + count);
        }
        int block = root;
        for (int level = height; level > 0; level--) {
            block = (int) arena.get(block, childIndex(index, level));
        }
        return block;
    }

    private void releaseTree(final int block, final int level) {
        if (level > 0) {
            for (int i = 0; i < IndexArena.BLOCK_LONGS; i++) {
                final int child = (int) arena.get(block, i);
                if (child != 0) {
                    releaseTree(child, level - 1);
                }
            }
        }
        arena.release(block);
    }

    private static int childIndex(final int index, final int level) {
        return (index >>> (LEAF_BITS + FAN_OUT_BITS * (level - 1))) & (IndexArena.BLOCK_LONGS - 1);
    }
}
