package io.millrace.store;

import org.jspecify.annotations.Nullable;

/**
 * One segment of a chain.
 *
 * <p><b>Threading:</b> the chain's thread.
 *
 * <p><b>Invariants:</b> the state only moves forward; the length only grows, and not once sealed; 0 ≤ start offset ≤
 * length. A deleted segment stays behind as a tombstone with its length, without its index.
 */
public final class Segment {
    /** States in the order in which a segment passes them. */
    public enum State {
        /** Takes appends. */
        OPEN,
        /** Takes no more appends; its length is final. */
        SEALED,
        /** Its bytes are gone; its id is never used again. */
        DELETED
    }

    private final long streamId;
    private final long segmentId;
    private final long keyLow;
    private final long keyHigh;
    private final SegmentIndex index;
    private State state = State.OPEN;
    private long startOffset;
    private long length;
    private long changePosition;
    private int writerCount;

    @Nullable
    Segment nextTombstone;

    /** Creates an open, empty segment. */
    Segment(
            final long streamId,
            final long segmentId,
            final long keyLow,
            final long keyHigh,
            final long position,
            final IndexArena arena) {
        this.streamId = streamId;
        this.segmentId = segmentId;
        this.keyLow = keyLow;
        this.keyHigh = keyHigh;
        this.changePosition = position;
        this.index = new SegmentIndex(arena);
    }

    /** Copies all but the entries of the index. */
    Segment copyFor(final IndexArena arena) {
        final Segment copy = new Segment(streamId, segmentId, keyLow, keyHigh, changePosition, arena);
        copy.state = state;
        copy.startOffset = startOffset;
        copy.length = length;
        copy.writerCount = writerCount;
        copy.index.copyCountsFrom(index);
        return copy;
    }

    /**
     * Names the stream.
     *
     * @return stream id
     */
    public long streamId() {
        return streamId;
    }

    /**
     * Names the segment in its stream.
     *
     * @return segment id
     */
    public long segmentId() {
        return segmentId;
    }

    /**
     * Gives the lowest key hash it takes.
     *
     * @return unsigned, inclusive
     */
    public long keyLow() {
        return keyLow;
    }

    /**
     * Gives the highest key hash it takes.
     *
     * @return unsigned, inclusive
     */
    public long keyHigh() {
        return keyHigh;
    }

    /**
     * Gives the offset of its first byte that can be read; truncation raises it.
     *
     * @return byte offset
     */
    public long startOffset() {
        return startOffset;
    }

    /**
     * Gives the offset behind its last byte; of a committed state, bytes below it may be shown.
     *
     * @return byte offset
     */
    public long length() {
        return length;
    }

    /**
     * Gives its state.
     *
     * @return the state
     */
    public State state() {
        return state;
    }

    /**
     * Tells whether its length is final.
     *
     * @return true when sealed or deleted
     */
    public boolean isSealed() {
        return state != State.OPEN;
    }

    /**
     * Tells whether its bytes are gone.
     *
     * @return true when deleted
     */
    public boolean isDeleted() {
        return state == State.DELETED;
    }

    /**
     * Gives the position of the record that last changed its length or state.
     *
     * @return record number in the chain log
     */
    public long changePosition() {
        return changePosition;
    }

    /**
     * Gives the number of writer entries that name it.
     *
     * @return entries
     */
    public int writerCount() {
        return writerCount;
    }

    /**
     * Gives the map from its offsets to positions of the chain log; empty once deleted. {@link SegmentIndex} says how
     * to read with it.
     *
     * @return the live index
     */
    public SegmentIndex index() {
        return index;
    }

    /**
     * Finds the index entry from which a read of an offset starts.
     *
     * @param offset byte offset in the segment
     * @return an entry of {@link #index()}, or −1 when no byte lies at the offset: below the start offset, at or beyond
     *     the length, or the segment is deleted
     */
    public int find(final long offset) {
        return offset < startOffset() || offset >= length ? -1 : index.find(offset);
    }

    /** Makes it longer. */
    void grow(final long bytes, final long position) {
        length += bytes;
        changePosition = position;
    }

    /** Forgets the bytes below an offset between start offset and length. */
    void truncate(final long newStartOffset) {
        startOffset = newStartOffset;
        index.truncate(newStartOffset, newStartOffset == length);
    }

    /** Moves it to a later state. */
    void advance(final State to, final long position) {
        state = to;
        changePosition = position;
    }

    /** Changes the number of writer entries that name it. */
    void addWriters(final int delta) {
        writerCount += delta;
    }

    /** Takes over what an image says; the identity and the change position were given to the constructor. */
    void restore(final State was, final long restoredStart, final long restoredLength, final int writers) {
        state = was;
        startOffset = restoredStart;
        length = restoredLength;
        writerCount = writers;
    }

    /** Hashes all of it, with or without the entries of its index. */
    long stateHash(final boolean withEntries) {
        final long identity = StateHash.mix(streamId, segmentId, keyLow, keyHigh);
        final long progress = StateHash.mix(length, isDeleted() ? 2 : isSealed() ? 1 : 0, changePosition, writerCount);
        return StateHash.mix(identity, progress, index.stateHash(withEntries), startOffset);
    }
}
