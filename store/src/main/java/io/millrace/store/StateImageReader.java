package io.millrace.store;

import static io.millrace.store.StateImage.EVENT_LENGTH;
import static io.millrace.store.StateImage.FRAGMENT_LENGTH;
import static io.millrace.store.StateImage.HEADER_LENGTH;
import static io.millrace.store.StateImage.SEGMENT_LENGTH;
import static io.millrace.store.StateImage.WRITER_LENGTH;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.DirectBuffer;

/**
 * Restores an image ({@link StateImage}, {@link IndexImage}) into a new {@link ChainState}. The bytes come from a disk:
 * each number is checked before it is used, and what is allocated is bounded by the bytes that are there.
 *
 * <p><b>Threading:</b> the chain's thread; one object for one image. It allocates the tables of the state.
 *
 * <p><b>Invariants:</b> pieces are taken in the order of the fixed part; {@code cursor} names the segment whose entries
 * are incomplete, {@code expectedIndex} the entry that follows.
 */
final class StateImageReader {
    private static final Segment.State[] STATES = Segment.State.values();

    private final ChainState state;
    private Segment[] indexed = new Segment[0];
    private int[] capturedFirst = new int[0];
    private int[] capturedCount = new int[0];
    private int cursor;
    private int expectedIndex;
    private long lastPosition;
    private long lastTimestampNs;
    private int writerTotal;

    /** Begins to restore into a new state. */
    StateImageReader(final ChainState state) {
        this.state = state;
    }

    /** Takes over the fixed part. */
    void restore(final DirectBuffer buffer, final int offset, final int length) {
        checkBounds(buffer, offset, length, HEADER_LENGTH);
        check("version", StateImage.VERSION, buffer.getInt(offset + StateImage.VERSION_OFFSET, LITTLE_ENDIAN));
        check("chain", state.chain(), buffer.getInt(offset + StateImage.CHAIN_OFFSET, LITTLE_ENDIAN));
        check("length", length, buffer.getInt(offset + StateImage.LENGTH_OFFSET, LITTLE_ENDIAN));
        check("zero of the header", 0, buffer.getLong(offset + StateImage.HEADER_ZERO_OFFSET, LITTLE_ENDIAN));
        restoreProgress(buffer, offset);

        final int live = buffer.getInt(offset + StateImage.LIVE_COUNT_OFFSET, LITTLE_ENDIAN);
        final int withEntries = buffer.getInt(offset + StateImage.INDEXED_COUNT_OFFSET, LITTLE_ENDIAN);
        final int tombstones = buffer.getInt(offset + StateImage.TOMBSTONE_COUNT_OFFSET, LITTLE_ENDIAN);
        writerTotal = buffer.getInt(offset + StateImage.WRITER_COUNT_OFFSET, LITTLE_ENDIAN);
        final int openEvents = buffer.getInt(offset + StateImage.OPEN_EVENT_COUNT_OFFSET, LITTLE_ENDIAN);
        final int room = length - HEADER_LENGTH;
        checkRange("live segments", 0, room / SEGMENT_LENGTH, live);
        checkRange("segments with index entries", 0, live, withEntries);
        checkRange("tombstones", 0, SegmentTable.MAX_TOMBSTONES, tombstones);
        checkRange("writer entries", 0, room / WRITER_LENGTH, writerTotal);
        checkRange("open events", 0, writerTotal, openEvents);
        final long segmentBytes = ((long) live + tombstones) * SEGMENT_LENGTH;
        final long writerBytes = (long) writerTotal * WRITER_LENGTH;
        checkRange("bytes of the tables", 0, room, segmentBytes + writerBytes + (long) openEvents * EVENT_LENGTH);

        indexed = new Segment[withEntries];
        capturedFirst = new int[withEntries];
        capturedCount = new int[withEntries];
        int at = offset + HEADER_LENGTH;
        for (int i = 0; i < live + tombstones; i++) {
            restoreSegment(buffer, at, i, i >= live);
            at += SEGMENT_LENGTH;
        }
        for (int i = 0; i < writerTotal; i++) {
            restoreWriter(buffer, at);
            at += WRITER_LENGTH;
        }
        final int end = offset + length;
        for (int i = 0; i < openEvents; i++) {
            at = restoreOpenEvent(buffer, at, end);
        }
        check("end of the open events", end, at);
    }

    private void restoreProgress(final DirectBuffer buffer, final int offset) {
        final long position = buffer.getLong(offset + StateImage.LAST_POSITION_OFFSET, LITTLE_ENDIAN);
        final long epoch = buffer.getLong(offset + StateImage.CHAIN_EPOCH_OFFSET, LITTLE_ENDIAN);
        final long effectNumber = buffer.getLong(offset + StateImage.LAST_EFFECT_OFFSET, LITTLE_ENDIAN);
        final long promised = buffer.getLong(offset + StateImage.PROMISED_EPOCH_OFFSET, LITTLE_ENDIAN);
        checkRange("last position", 0, Long.MAX_VALUE, position);
        checkRange("chain epoch", 0, Long.MAX_VALUE, epoch);
        checkRange("last effect number", 0, position, effectNumber);
        checkRange("promised epoch", 0, Long.MAX_VALUE, promised);
        lastPosition = position;
        lastTimestampNs = buffer.getLong(offset + StateImage.LAST_TIMESTAMP_OFFSET, LITTLE_ENDIAN);
        state.restoreProgress(
                position,
                buffer.getLong(offset + StateImage.LAST_HASH_OFFSET, LITTLE_ENDIAN),
                epoch,
                lastTimestampNs,
                effectNumber,
                buffer.getLong(offset + StateImage.MEMBER_SINCE_OFFSET, LITTLE_ENDIAN),
                promised);
    }

    private void restoreSegment(final DirectBuffer buffer, final int at, final int number, final boolean tombstone) {
        final long streamId = buffer.getLong(at + StateImage.SEGMENT_STREAM_OFFSET, LITTLE_ENDIAN);
        final long segmentId = buffer.getLong(at + StateImage.SEGMENT_ID_OFFSET, LITTLE_ENDIAN);
        if (state.segment(streamId, segmentId) != null) {
            throw failed("segment " + streamId + "/" + segmentId + " is there twice");
        }
        final long startOffset = buffer.getLong(at + StateImage.SEGMENT_START_OFFSET, LITTLE_ENDIAN);
        final long length = buffer.getLong(at + StateImage.SEGMENT_LENGTH_OFFSET, LITTLE_ENDIAN);
        final long changePosition = buffer.getLong(at + StateImage.SEGMENT_CHANGE_POSITION_OFFSET, LITTLE_ENDIAN);
        final int writerCount = buffer.getInt(at + StateImage.SEGMENT_WRITER_COUNT_OFFSET, LITTLE_ENDIAN);
        final int stateNumber = buffer.getByte(at + StateImage.SEGMENT_STATE_OFFSET);
        checkRange("segment length", 0, Long.MAX_VALUE, length);
        checkRange("segment start offset", 0, length, startOffset);
        checkRange("segment change position", 1, lastPosition, changePosition);
        // Below 0 only when a tombstone was forgotten and its id used again; then a writer's expiry meets the new one.
        checkRange("writer count of a segment", -lastPosition, writerTotal, writerCount);
        checkRange("segment state", tombstone ? 2 : 0, tombstone ? 2 : 1, stateNumber);
        check("zero of a segment", 0, buffer.getShort(at + StateImage.SEGMENT_ZERO_OFFSET, LITTLE_ENDIAN));
        final Segment segment = new Segment(
                streamId,
                segmentId,
                buffer.getLong(at + StateImage.SEGMENT_KEY_LOW_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + StateImage.SEGMENT_KEY_HIGH_OFFSET, LITTLE_ENDIAN),
                changePosition,
                state.arena());
        segment.restore(STATES[stateNumber], startOffset, length, writerCount);
        restoreCounts(buffer, at, number, segment);
        state.segments().add(segment);
        if (tombstone) {
            state.segments().onDeleted(segment);
        }
    }

    private void restoreCounts(final DirectBuffer buffer, final int at, final int number, final Segment segment) {
        final int first = buffer.getInt(at + StateImage.SEGMENT_FIRST_OFFSET, LITTLE_ENDIAN);
        final int count = buffer.getInt(at + StateImage.SEGMENT_COUNT_OFFSET, LITTLE_ENDIAN);
        final long newest = buffer.getLong(at + StateImage.SEGMENT_NEWEST_POSITION_OFFSET, LITTLE_ENDIAN);
        final int flags = buffer.getByte(at + StateImage.SEGMENT_FLAGS_OFFSET);
        checkRange("flags of a segment", 0, StateImage.FLAG_FORCE_NEXT | StateImage.FLAG_FRAGMENTS, flags);
        // Every entry is a record of its own, and there are entries when, and only when, there ever were bytes.
        checkRange(
                "index entries of a segment",
                segment.length() == 0 || segment.isDeleted() ? 0 : 1,
                segment.length() == 0 || segment.isDeleted() ? 0 : Math.min(lastPosition, Integer.MAX_VALUE),
                count);
        if (count == 0) {
            check("flags of an empty index", StateImage.FLAG_FORCE_NEXT, flags);
        }
        checkRange("newest position of an index", count == 0 ? 0 : 1, count == 0 ? 0 : lastPosition, newest);
        // Entries stand first in the image; there are none when every byte was truncated.
        final boolean withEntries = number < indexed.length;
        checkRange("first index entry of a segment", withEntries ? 0 : count, withEntries ? count - 1L : count, first);
        if (withEntries) {
            if (segment.startOffset() == segment.length()) {
                throw failed("segment " + name(segment) + " has index entries but no bytes");
            }
            indexed[number] = segment;
            capturedFirst[number] = first;
            capturedCount[number] = count;
        }
        segment.index()
                .restoreCounts(
                        count,
                        newest,
                        (flags & StateImage.FLAG_FORCE_NEXT) != 0,
                        (flags & StateImage.FLAG_FRAGMENTS) != 0);
    }

    private void restoreWriter(final DirectBuffer buffer, final int at) {
        final WriterTable writers = state.writers();
        final long idHigh = buffer.getLong(at + StateImage.WRITER_ID_HIGH_OFFSET, LITTLE_ENDIAN);
        final long idLow = buffer.getLong(at + StateImage.WRITER_ID_LOW_OFFSET, LITTLE_ENDIAN);
        final long streamId = buffer.getLong(at + StateImage.WRITER_STREAM_OFFSET, LITTLE_ENDIAN);
        final long segmentId = buffer.getLong(at + StateImage.WRITER_SEGMENT_OFFSET, LITTLE_ENDIAN);
        final long lastEvent = buffer.getLong(at + StateImage.WRITER_LAST_EVENT_OFFSET, LITTLE_ENDIAN);
        final long endOffset = buffer.getLong(at + StateImage.WRITER_END_OFFSET, LITTLE_ENDIAN);
        final long position = buffer.getLong(at + StateImage.WRITER_CHANGE_POSITION_OFFSET, LITTLE_ENDIAN);
        final long timestampNs = buffer.getLong(at + StateImage.WRITER_CHANGE_TIMESTAMP_OFFSET, LITTLE_ENDIAN);
        // The segment need not be there: entries outlive it, and its tombstone too.
        if (writers.find(idHigh, idLow, streamId, segmentId) != WriterTable.ABSENT) {
            throw failed("a writer has two entries for segment " + streamId + "/" + segmentId);
        }
        checkRange("last event number of a writer", 0, Long.MAX_VALUE, lastEvent);
        checkRange("end offset of a writer", 0, Long.MAX_VALUE, endOffset);
        checkRange("change position of a writer", 1, lastPosition, position);
        checkRange("change timestamp of a writer", Long.MIN_VALUE, lastTimestampNs, timestampNs);
        check("zero of a writer", 0, buffer.getInt(at + StateImage.WRITER_ZERO_OFFSET, LITTLE_ENDIAN));
        final int slot = writers.add(idHigh, idLow, streamId, segmentId, position, timestampNs);
        writers.appended(slot, lastEvent, endOffset);
        writers.setUp(
                slot,
                buffer.getInt(at + StateImage.WRITER_EPOCH_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(at + StateImage.WRITER_SECRET_OFFSET, LITTLE_ENDIAN));
    }

    private int restoreOpenEvent(final DirectBuffer buffer, final int start, final int end) {
        checkRange("bytes left for an open event", EVENT_LENGTH, Integer.MAX_VALUE, (long) end - start);
        final WriterTable writers = state.writers();
        final long streamId = buffer.getLong(start + StateImage.WRITER_STREAM_OFFSET, LITTLE_ENDIAN);
        final long segmentId = buffer.getLong(start + StateImage.WRITER_SEGMENT_OFFSET, LITTLE_ENDIAN);
        final int slot = writers.find(
                buffer.getLong(start + StateImage.WRITER_ID_HIGH_OFFSET, LITTLE_ENDIAN),
                buffer.getLong(start + StateImage.WRITER_ID_LOW_OFFSET, LITTLE_ENDIAN),
                streamId,
                segmentId);
        final Segment segment = state.segment(streamId, segmentId);
        if (slot == WriterTable.ABSENT || writers.openEvent(slot) != OpenEvents.NONE) {
            throw failed("an open event of a writer that has " + (slot < 0 ? "no entry" : "another"));
        }
        if (segment == null || segment.isSealed()) {
            throw failed("an open event in segment " + streamId + "/" + segmentId + ", which is not open");
        }
        final long number = buffer.getLong(start + StateImage.EVENT_NUMBER_OFFSET, LITTLE_ENDIAN);
        final int total = buffer.getInt(start + StateImage.EVENT_TOTAL_OFFSET, LITTLE_ENDIAN);
        final int received = buffer.getInt(start + StateImage.EVENT_RECEIVED_OFFSET, LITTLE_ENDIAN);
        final int fragments = buffer.getInt(start + StateImage.EVENT_FRAGMENT_COUNT_OFFSET, LITTLE_ENDIAN);
        check("number of an open event", writers.lastEventNumber(slot) + 1, number);
        checkRange("fragments of an open event", 1, (end - start - EVENT_LENGTH) / FRAGMENT_LENGTH, fragments);
        checkRange("bytes of an open event", fragments, total - 1L, received);
        final int session = buffer.getInt(start + StateImage.EVENT_SESSION_OFFSET, LITTLE_ENDIAN);
        final int handle = state.openEvents().open(slot, number, total, session);
        writers.openEvent(slot, handle);
        final OpenEvent event = state.openEvents().get(handle);
        int at = start + EVENT_LENGTH;
        long position = 0;
        for (int i = 0; i < fragments; i++) {
            final long next = buffer.getLong(at, LITTLE_ENDIAN);
            checkRange("position of a fragment", position + 1, lastPosition, next);
            position = next;
            check(
                    "offset of a fragment",
                    event.receivedLength(),
                    buffer.getInt(at + StateImage.FRAGMENT_OFFSET_OFFSET, LITTLE_ENDIAN));
            at += FRAGMENT_LENGTH;
            final int behind =
                    i + 1 < fragments ? buffer.getInt(at + StateImage.FRAGMENT_OFFSET_OFFSET, LITTLE_ENDIAN) : received;
            checkRange("end of a fragment", event.receivedLength() + 1L, received, behind);
            event.add(position, behind - event.receivedLength());
        }
        return at;
    }

    /** Takes over a piece of the index entries. */
    void restoreIndex(final DirectBuffer buffer, final int offset, final int length) {
        checkBounds(buffer, offset, length, 0);
        final int end = offset + length;
        int at = offset;
        while (at < end) {
            checkRange("bytes left for a run", IndexImage.RUN_LENGTH, Integer.MAX_VALUE, (long) end - at);
            if (cursor == indexed.length) {
                throw failed("index entries behind those of the last segment");
            }
            at = restoreRun(buffer, at, end);
        }
    }

    private int restoreRun(final DirectBuffer buffer, final int start, final int end) {
        final Segment segment = indexed[cursor];
        final int count = capturedCount[cursor];
        check(
                "stream of a run",
                segment.streamId(),
                buffer.getLong(start + IndexImage.RUN_STREAM_OFFSET, LITTLE_ENDIAN));
        check(
                "segment of a run",
                segment.segmentId(),
                buffer.getLong(start + IndexImage.RUN_SEGMENT_OFFSET, LITTLE_ENDIAN));
        final int liveFirst = buffer.getInt(start + IndexImage.RUN_LIVE_FIRST_OFFSET, LITTLE_ENDIAN);
        final int firstIndex = buffer.getInt(start + IndexImage.RUN_FIRST_INDEX_OFFSET, LITTLE_ENDIAN);
        final int entries = buffer.getInt(start + IndexImage.RUN_COUNT_OFFSET, LITTLE_ENDIAN);
        checkRange("live first entry of a run", capturedFirst[cursor], count, liveFirst);
        check("first entry of a run", Math.max(expectedIndex, liveFirst), firstIndex);
        checkRange("entries of a run", firstIndex == count ? 0 : 1, count - firstIndex, entries);
        checkRange(
                "bytes left for the entries of a run",
                (long) entries * IndexImage.ENTRY_LENGTH,
                Integer.MAX_VALUE,
                (long) end - start - IndexImage.RUN_LENGTH);
        check("zero of a run", 0, buffer.getInt(start + IndexImage.RUN_ZERO_OFFSET, LITTLE_ENDIAN));
        if (expectedIndex == 0 || firstIndex > expectedIndex) {
            segment.index().restoreFrom(firstIndex);
        }
        int at = start + IndexImage.RUN_LENGTH;
        for (int i = 0; i < entries; i++) {
            restoreEntry(
                    segment,
                    buffer.getLong(at, LITTLE_ENDIAN),
                    buffer.getLong(at + IndexImage.ENTRY_POSITION_OFFSET, LITTLE_ENDIAN));
            at += IndexImage.ENTRY_LENGTH;
        }
        expectedIndex = firstIndex + entries;
        if (expectedIndex == count) {
            if (entries > 0) {
                check(
                        "position of the newest entry",
                        segment.index().newestPosition(),
                        segment.index().position(count - 1));
            }
            cursor++;
            expectedIndex = 0;
        }
        return at;
    }

    private void restoreEntry(final Segment segment, final long offset, final long positionAndFlag) {
        final SegmentIndex index = segment.index();
        final boolean fragment = SegmentIndex.isFragmentOf(positionAndFlag);
        final long lowest = index.first() < index.count() ? index.offset(index.count() - 1) + 1 : 0;
        checkRange("offset of an entry", lowest, segment.length() - 1, offset);
        checkRange("position of an entry", 1, lastPosition, SegmentIndex.positionOf(positionAndFlag));
        if (fragment && !index.hasFragments()) {
            throw failed("a fragment in the index of segment " + name(segment) + ", which has none");
        }
        index.restoreEntry(offset, positionAndFlag);
    }

    /** Checks that no piece is missing. */
    void complete() {
        check("segments with all their index entries", indexed.length, cursor);
    }

    private void checkBounds(final DirectBuffer buffer, final int offset, final int length, final int atLeast) {
        if (offset < 0 || length < atLeast || length > buffer.capacity() - offset) {
            throw new ChainCheckException(
                    state.chain(),
                    lastPosition,
                    "image outside its buffer: length",
                    buffer.capacity() - offset,
                    length);
        }
    }

    private void check(final String what, final long expected, final long seen) {
        if (expected != seen) {
            throw new ChainCheckException(state.chain(), lastPosition, "image: " + what, expected, seen);
        }
    }

    private void checkRange(final String what, final long lowest, final long greatest, final long seen) {
        if (seen < lowest || seen > greatest) {
            throw failed(what + ": expected " + lowest + " to " + greatest + ", seen " + seen);
        }
    }

    private ChainCheckException failed(final String what) {
        return new ChainCheckException(state.chain(), lastPosition, "image: " + what);
    }

    private static String name(final Segment segment) {
        return segment.streamId() + "/" + segment.segmentId();
    }
}
