package io.millrace.store;

import static io.millrace.store.StateImage.HEADER_LENGTH;
import static io.millrace.store.StateImage.INDEXED_COUNT_OFFSET;
import static io.millrace.store.StateImage.SEGMENT_LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Streams the entries of a chain's segment indexes, as of the moment the fixed part of the image was captured
 * ({@link ChainState#encode}), in bounded pieces while later records are applied to the state.
 *
 * <p>An entry never changes, and new ones come behind the captured count, so only truncation and deletion can
 * interfere: what they took away since the capture is left out. The record that took it away lies behind the captured
 * position, so a restored state that has applied all records up to {@link ChainState#lastPosition()} at the
 * <em>last</em> piece equals the live one; before that it may lack entries below a start offset it does not know yet.
 *
 * <p><b>Threading:</b> the chain's thread. One object is used for one image of a chain after the other; nothing is
 * allocated.
 *
 * <p><b>Invariants:</b> every segment of the fixed part that had entries gets at least one run, in the order of the
 * fixed part, and its last run ends at the captured count. So a piece that is missing is noticed.
 *
 * <p><b>Layout:</b> a piece is one or more runs, little-endian:
 *
 * <pre>
 *  run (32)    0 stream id i64   8 segment id i64
 *             16 live first i32: what lies below is gone
 *             20 first index i32: the greater of live first and the end of the segment's run before
 *             24 entries i32; 0 only when first index is the captured count
 *             28 zero i32
 *  entry (16)  0 offset in the segment i64   8 position i64, the sign bit set for a fragment
 * </pre>
 */
public final class IndexImage {
    static final int RUN_STREAM_OFFSET = 0;
    static final int RUN_SEGMENT_OFFSET = 8;
    static final int RUN_LIVE_FIRST_OFFSET = 16;
    static final int RUN_FIRST_INDEX_OFFSET = 20;
    static final int RUN_COUNT_OFFSET = 24;
    static final int RUN_ZERO_OFFSET = 28;
    static final int RUN_LENGTH = 32;
    static final int ENTRY_POSITION_OFFSET = 8;
    static final int ENTRY_LENGTH = 16;

    /** Entries of one piece at most; each run of it counts as {@value #RUN_COST} more. */
    public static final int MAX_PIECE_ENTRIES = 512;

    /** Bytes that are enough to go on: a run of one entry. */
    public static final int MIN_PIECE_LENGTH = RUN_LENGTH + ENTRY_LENGTH;

    /** Bytes that no piece exceeds. */
    public static final int MAX_PIECE_LENGTH = RUN_LENGTH + MAX_PIECE_ENTRIES * ENTRY_LENGTH;

    /** What a run costs in entries: looking its segment up misses the cache, some 0.4 µs among 65,536 segments. */
    private static final int RUN_COST = 8;

    private @Nullable ChainState live;
    private @Nullable DirectBuffer fixedPart;
    private int fixedOffset;
    private int fixedLength;
    private long capturedPosition;
    private int indexedCount;
    private int cursor;
    private int nextIndex;

    /** Creates it with nothing to stream. */
    public IndexImage() {}

    /**
     * Begins with the first segment.
     *
     * @param liveState the state that was captured; records may have been applied since
     * @param fixed holds the fixed part; its bytes stay as they are until the last piece
     * @param offset where the fixed part begins
     * @param length bytes of the fixed part, as {@link ChainState#encode} returned them
     */
    public void begin(final ChainState liveState, final DirectBuffer fixed, final int offset, final int length) {
        fixed.boundsCheck(offset, length);
        if (length < HEADER_LENGTH
                || fixed.getInt(offset + StateImage.LENGTH_OFFSET, LITTLE_ENDIAN) != length
                || fixed.getInt(offset + StateImage.CHAIN_OFFSET, LITTLE_ENDIAN) != liveState.chain()) {
            throw new IllegalArgumentException("not the fixed part of chain " + liveState.chain());
        }
        live = liveState;
        fixedPart = fixed;
        fixedOffset = offset;
        fixedLength = length;
        capturedPosition = fixed.getLong(offset + StateImage.LAST_POSITION_OFFSET, LITTLE_ENDIAN);
        indexedCount = fixed.getInt(offset + INDEXED_COUNT_OFFSET, LITTLE_ENDIAN);
        cursor = 0;
        nextIndex = 0;
    }

    /**
     * Visits the positions of the fragments of the events that were open at the capture. They have no index entry, not
     * even when the event was completed since, but the restored state will need them to complete it again.
     *
     * @param visitor is told each position
     */
    public void visitOpenEvents(final PositionRangeVisitor visitor) {
        final DirectBuffer fixed = fixedPart;
        if (fixed == null) {
            throw new IllegalStateException("no image was begun");
        }
        final long segments = (long) fixed.getInt(fixedOffset + StateImage.LIVE_COUNT_OFFSET, LITTLE_ENDIAN)
                + fixed.getInt(fixedOffset + StateImage.TOMBSTONE_COUNT_OFFSET, LITTLE_ENDIAN);
        final long writers = fixed.getInt(fixedOffset + StateImage.WRITER_COUNT_OFFSET, LITTLE_ENDIAN);
        int at = (int) (fixedOffset + HEADER_LENGTH + segments * SEGMENT_LENGTH + writers * StateImage.WRITER_LENGTH);
        while (at < fixedOffset + fixedLength) {
            final int count = fixed.getInt(at + StateImage.EVENT_FRAGMENT_COUNT_OFFSET, LITTLE_ENDIAN);
            final long bytes = fixed.getInt(at + StateImage.EVENT_RECEIVED_OFFSET, LITTLE_ENDIAN);
            at += StateImage.EVENT_LENGTH;
            for (int i = 0; i < count; i++) {
                final long position = fixed.getLong(at, LITTLE_ENDIAN);
                visitor.onRange(position, position, bytes / count);
                at += StateImage.FRAGMENT_LENGTH;
            }
        }
    }

    /**
     * Writes the next piece, of at most {@link #MAX_PIECE_ENTRIES} entries. For each entry it tells the visitor which
     * records may hold bytes that are found by way of the entry.
     *
     * @param buffer takes the piece
     * @param offset where the piece begins
     * @param capacity bytes it may take, at least {@link #MIN_PIECE_LENGTH}
     * @param visitor is told the range of each entry: {@link SegmentIndex#SPACING_POSITIONS} positions of an append,
     *     one of a fragment; not beyond the last position of the live state
     * @return bytes of the piece, 0 when there is none left
     */
    public int next(
            final MutableDirectBuffer buffer,
            final int offset,
            final int capacity,
            final PositionRangeVisitor visitor) {
        if (capacity < MIN_PIECE_LENGTH) {
            throw new IllegalArgumentException(capacity + " bytes hold no run; at least " + MIN_PIECE_LENGTH);
        }
        final ChainState state = live;
        final DirectBuffer fixed = fixedPart;
        if (state == null || fixed == null) {
            return 0;
        }
        int written = 0;
        int budget = MAX_PIECE_ENTRIES;
        while (cursor < indexedCount && budget > RUN_COST && capacity - written >= MIN_PIECE_LENGTH) {
            final int room = Math.min(budget - RUN_COST, (capacity - written - RUN_LENGTH) / ENTRY_LENGTH);
            final int entries = putRun(state, fixed, buffer, offset + written, room, visitor);
            written += RUN_LENGTH + entries * ENTRY_LENGTH;
            budget -= RUN_COST + entries;
        }
        if (written == 0) {
            live = null;
            fixedPart = null;
        }
        return written;
    }

    private int putRun(
            final ChainState state,
            final DirectBuffer fixed,
            final MutableDirectBuffer buffer,
            final int at,
            final int room,
            final PositionRangeVisitor visitor) {
        final int captured = fixedOffset + HEADER_LENGTH + cursor * SEGMENT_LENGTH;
        final long streamId = fixed.getLong(captured + StateImage.SEGMENT_STREAM_OFFSET, LITTLE_ENDIAN);
        final long segmentId = fixed.getLong(captured + StateImage.SEGMENT_ID_OFFSET, LITTLE_ENDIAN);
        final int capturedCount = fixed.getInt(captured + StateImage.SEGMENT_COUNT_OFFSET, LITTLE_ENDIAN);
        final Segment segment = state.segment(streamId, segmentId);
        final int liveFirst = liveFirst(segment, capturedCount);
        final int firstIndex = Math.max(nextIndex, liveFirst);
        final int entries = Math.min(room, capturedCount - firstIndex);
        buffer.putLong(at + RUN_STREAM_OFFSET, streamId, LITTLE_ENDIAN);
        buffer.putLong(at + RUN_SEGMENT_OFFSET, segmentId, LITTLE_ENDIAN);
        buffer.putInt(at + RUN_LIVE_FIRST_OFFSET, liveFirst, LITTLE_ENDIAN);
        buffer.putInt(at + RUN_FIRST_INDEX_OFFSET, firstIndex, LITTLE_ENDIAN);
        buffer.putInt(at + RUN_COUNT_OFFSET, entries, LITTLE_ENDIAN);
        buffer.putInt(at + RUN_ZERO_OFFSET, 0, LITTLE_ENDIAN);
        if (segment != null && entries > 0) {
            putEntries(segment, firstIndex, entries, buffer, at + RUN_LENGTH, state.lastPosition(), visitor);
        }
        nextIndex = firstIndex + entries;
        if (nextIndex == capturedCount) {
            cursor++;
            nextIndex = 0;
        }
        return entries;
    }

    /** Gives the first of the captured entries that is still there, or the captured count when none is. */
    private int liveFirst(final @Nullable Segment segment, final int capturedCount) {
        if (segment == null || segment.isDeleted()) {
            return capturedCount;
        }
        final SegmentIndex index = segment.index();
        if (index.count() < capturedCount || index.first() >= capturedCount) {
            return capturedCount;
        }
        // A tombstone is forgotten in the end; then the id might have been given to another segment.
        return index.position(index.first()) > capturedPosition ? capturedCount : index.first();
    }

    private static void putEntries(
            final Segment segment,
            final int firstIndex,
            final int entries,
            final MutableDirectBuffer buffer,
            final int start,
            final long lastPosition,
            final PositionRangeVisitor visitor) {
        final SegmentIndex index = segment.index();
        int at = start;
        long offset = index.offset(firstIndex);
        for (int i = firstIndex; i < firstIndex + entries; i++) {
            final long positionAndFlag = index.positionAndFlag(i);
            final long position = SegmentIndex.positionOf(positionAndFlag);
            final long end = i + 1 < index.count() ? index.offset(i + 1) : segment.length();
            final long bytes = end - Math.min(end, Math.max(offset, segment.startOffset()));
            buffer.putLong(at, offset, LITTLE_ENDIAN);
            buffer.putLong(at + ENTRY_POSITION_OFFSET, positionAndFlag, LITTLE_ENDIAN);
            final long last = SegmentIndex.isFragmentOf(positionAndFlag)
                    ? position
                    : Math.min(lastPosition, position + SegmentIndex.SPACING_POSITIONS - 1);
            visitor.onRange(position, last, bytes);
            offset = end;
            at += ENTRY_LENGTH;
        }
    }
}
