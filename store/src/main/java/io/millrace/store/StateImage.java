package io.millrace.store;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The fixed part of a chain's image: all of {@link ChainState} but the entries of the segment indexes, which
 * {@link IndexImage} streams.
 *
 * <p><b>Threading:</b> the chain's thread. Allocates nothing; the buffer may grow, once.
 *
 * <p><b>Layout:</b> little-endian, without padding between the parts:
 *
 * <pre>
 *  header (96)      0 version=1 i32         4 chain i32              8 length of the fixed part i32
 *                  12 indexed segments i32 16 live segments i32     20 tombstones i32
 *                  24 writer entries i32   28 open events i32       32 last position i64
 *                  40 last hash i64        48 chain epoch i64       56 last timestamp ns i64
 *                  64 last effect i64      72 member since i64      80 promised epoch i64
 *                  88 zero i64
 *  segment (80)     0 stream id i64         8 segment id i64        16 key low i64
 *                  24 key high i64         32 start offset i64      40 length i64
 *                  48 change position i64  56 index: newest position i64
 *                  64 index: first i32     68 index: count i32      72 writer count i32
 *                  76 state u8             77 flags u8              78 zero i16
 *  writer (80)      0 writer id high i64    8 writer id low i64     16 stream id i64
 *                  24 segment id i64       32 last event number i64 40 end offset i64
 *                  48 bind secret i64      56 change position i64   64 change timestamp ns i64
 *                  72 writer epoch i32     76 zero i32
 *  open event (56)  0 writer id high i64    8 writer id low i64     16 stream id i64
 *                  24 segment id i64       32 event number i64      40 session i32
 *                  44 total length i32     48 received length i32   52 fragments i32
 *   fragment (12)   0 position i64          8 offset in the event i32
 * </pre>
 *
 * The header is followed by the live segments: first those whose index has entries, in the order in which
 * {@link IndexImage} walks them, then the rest; then the tombstones, oldest first; the writer entries; and the open
 * events, each with its fragments behind it. States are those of {@link Segment.State} in their order, the flags bit 0:
 * the next append gets an index entry, bit 1: the index has had fragments.
 */
final class StateImage {
    static final int VERSION = 1;

    static final int VERSION_OFFSET = 0;
    static final int CHAIN_OFFSET = 4;
    static final int LENGTH_OFFSET = 8;
    static final int INDEXED_COUNT_OFFSET = 12;
    static final int LIVE_COUNT_OFFSET = 16;
    static final int TOMBSTONE_COUNT_OFFSET = 20;
    static final int WRITER_COUNT_OFFSET = 24;
    static final int OPEN_EVENT_COUNT_OFFSET = 28;
    static final int LAST_POSITION_OFFSET = 32;
    static final int LAST_HASH_OFFSET = 40;
    static final int CHAIN_EPOCH_OFFSET = 48;
    static final int LAST_TIMESTAMP_OFFSET = 56;
    static final int LAST_EFFECT_OFFSET = 64;
    static final int MEMBER_SINCE_OFFSET = 72;
    static final int PROMISED_EPOCH_OFFSET = 80;
    static final int HEADER_ZERO_OFFSET = 88;
    static final int HEADER_LENGTH = 96;

    static final int SEGMENT_STREAM_OFFSET = 0;
    static final int SEGMENT_ID_OFFSET = 8;
    static final int SEGMENT_KEY_LOW_OFFSET = 16;
    static final int SEGMENT_KEY_HIGH_OFFSET = 24;
    static final int SEGMENT_START_OFFSET = 32;
    static final int SEGMENT_LENGTH_OFFSET = 40;
    static final int SEGMENT_CHANGE_POSITION_OFFSET = 48;
    static final int SEGMENT_NEWEST_POSITION_OFFSET = 56;
    static final int SEGMENT_FIRST_OFFSET = 64;
    static final int SEGMENT_COUNT_OFFSET = 68;
    static final int SEGMENT_WRITER_COUNT_OFFSET = 72;
    static final int SEGMENT_STATE_OFFSET = 76;
    static final int SEGMENT_FLAGS_OFFSET = 77;
    static final int SEGMENT_ZERO_OFFSET = 78;
    static final int SEGMENT_LENGTH = 80;
    static final int FLAG_FORCE_NEXT = 1;
    static final int FLAG_FRAGMENTS = 2;

    static final int WRITER_ID_HIGH_OFFSET = 0;
    static final int WRITER_ID_LOW_OFFSET = 8;
    static final int WRITER_STREAM_OFFSET = 16;
    static final int WRITER_SEGMENT_OFFSET = 24;
    static final int WRITER_LAST_EVENT_OFFSET = 32;
    static final int WRITER_END_OFFSET = 40;
    static final int WRITER_SECRET_OFFSET = 48;
    static final int WRITER_CHANGE_POSITION_OFFSET = 56;
    static final int WRITER_CHANGE_TIMESTAMP_OFFSET = 64;
    static final int WRITER_EPOCH_OFFSET = 72;
    static final int WRITER_ZERO_OFFSET = 76;
    static final int WRITER_LENGTH = 80;

    static final int EVENT_NUMBER_OFFSET = 32;
    static final int EVENT_SESSION_OFFSET = 40;
    static final int EVENT_TOTAL_OFFSET = 44;
    static final int EVENT_RECEIVED_OFFSET = 48;
    static final int EVENT_FRAGMENT_COUNT_OFFSET = 52;
    static final int EVENT_LENGTH = 56;
    static final int FRAGMENT_OFFSET_OFFSET = 8;
    static final int FRAGMENT_LENGTH = 12;

    private StateImage() {}

    /** Writes the fixed part of a state. @return its length in bytes */
    static int encode(final ChainState state, final MutableDirectBuffer buffer, final int offset) {
        final int length = lengthOf(state, offset);
        buffer.checkLimit(offset + length);
        final SegmentTable segments = state.segments();
        final WriterTable writers = state.writers();
        putHeader(state, buffer, offset, length);
        int at = offset + HEADER_LENGTH;
        putLiveSegments(segments, buffer, offset, at);
        at += segments.liveCount() * SEGMENT_LENGTH;
        for (Segment segment = segments.oldestTombstone(); segment != null; segment = segment.nextTombstone) {
            put(segment, buffer, at);
            at += SEGMENT_LENGTH;
        }
        for (int slot = 0; slot < writers.slotLimit(); slot++) {
            if (writers.isUsed(slot)) {
                put(writers, slot, buffer, at);
                at += WRITER_LENGTH;
            }
        }
        final OpenEvents events = state.openEvents();
        for (int handle = 0; events.size() > 0 && handle < events.handleLimit(); handle++) {
            if (events.get(handle).inUse()) {
                at = put(writers, events.get(handle), buffer, at);
            }
        }
        if (at != offset + length) {
            throw new IllegalStateException("image of chain " + state.chain() + " took " + (at - offset) + " of "
                    + length + " bytes: its tables disagree with their sizes");
        }
        return length;
    }

    private static int lengthOf(final ChainState state, final int offset) {
        final SegmentTable segments = state.segments();
        final OpenEvents events = state.openEvents();
        long length = HEADER_LENGTH
                + ((long) segments.liveCount() + segments.tombstoneCount()) * SEGMENT_LENGTH
                + (long) state.writers().size() * WRITER_LENGTH;
        for (int handle = 0; events.size() > 0 && handle < events.handleLimit(); handle++) {
            final OpenEvent event = events.get(handle);
            if (event.inUse()) {
                length += EVENT_LENGTH + (long) event.fragmentCount() * FRAGMENT_LENGTH;
            }
        }
        if (length > Integer.MAX_VALUE - offset) {
            throw new IllegalStateException(
                    "image of chain " + state.chain() + " takes " + length + " bytes, more than a buffer holds");
        }
        return (int) length;
    }

    private static void putHeader(
            final ChainState state, final MutableDirectBuffer buffer, final int offset, final int length) {
        buffer.putInt(offset + VERSION_OFFSET, VERSION, LITTLE_ENDIAN);
        buffer.putInt(offset + CHAIN_OFFSET, state.chain(), LITTLE_ENDIAN);
        buffer.putInt(offset + LENGTH_OFFSET, length, LITTLE_ENDIAN);
        buffer.putInt(offset + LIVE_COUNT_OFFSET, state.segments().liveCount(), LITTLE_ENDIAN);
        buffer.putInt(offset + TOMBSTONE_COUNT_OFFSET, state.segments().tombstoneCount(), LITTLE_ENDIAN);
        buffer.putInt(offset + WRITER_COUNT_OFFSET, state.writers().size(), LITTLE_ENDIAN);
        buffer.putInt(offset + OPEN_EVENT_COUNT_OFFSET, state.openEvents().size(), LITTLE_ENDIAN);
        buffer.putLong(offset + LAST_POSITION_OFFSET, state.lastPosition(), LITTLE_ENDIAN);
        buffer.putLong(offset + LAST_HASH_OFFSET, state.lastHash(), LITTLE_ENDIAN);
        buffer.putLong(offset + CHAIN_EPOCH_OFFSET, state.chainEpoch(), LITTLE_ENDIAN);
        buffer.putLong(offset + LAST_TIMESTAMP_OFFSET, state.lastTimestampNs(), LITTLE_ENDIAN);
        buffer.putLong(offset + LAST_EFFECT_OFFSET, state.lastEffectNumber(), LITTLE_ENDIAN);
        buffer.putLong(offset + MEMBER_SINCE_OFFSET, state.memberSinceEpoch(), LITTLE_ENDIAN);
        buffer.putLong(offset + PROMISED_EPOCH_OFFSET, state.promisedEpoch(), LITTLE_ENDIAN);
        buffer.putLong(offset + HEADER_ZERO_OFFSET, 0L, LITTLE_ENDIAN);
    }

    /** One walk over the buckets: segments with index entries from the front, the others from the back. */
    private static void putLiveSegments(
            final SegmentTable segments, final MutableDirectBuffer buffer, final int offset, final int start) {
        int front = start;
        int back = start + segments.liveCount() * SEGMENT_LENGTH;
        for (int bucket = 0; bucket < segments.bucketCount(); bucket++) {
            final @Nullable Segment segment = segments.at(bucket);
            if (segment == null || segment.isDeleted()) {
                continue;
            }
            if (segment.index().first() < segment.index().count()) {
                put(segment, buffer, front);
                front += SEGMENT_LENGTH;
            } else {
                back -= SEGMENT_LENGTH;
                put(segment, buffer, back);
            }
        }
        buffer.putInt(offset + INDEXED_COUNT_OFFSET, (front - start) / SEGMENT_LENGTH, LITTLE_ENDIAN);
    }

    private static void put(final Segment segment, final MutableDirectBuffer buffer, final int at) {
        final SegmentIndex index = segment.index();
        buffer.putLong(at + SEGMENT_STREAM_OFFSET, segment.streamId(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_ID_OFFSET, segment.segmentId(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_KEY_LOW_OFFSET, segment.keyLow(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_KEY_HIGH_OFFSET, segment.keyHigh(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_START_OFFSET, segment.startOffset(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_LENGTH_OFFSET, segment.length(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_CHANGE_POSITION_OFFSET, segment.changePosition(), LITTLE_ENDIAN);
        buffer.putLong(at + SEGMENT_NEWEST_POSITION_OFFSET, index.newestPosition(), LITTLE_ENDIAN);
        buffer.putInt(at + SEGMENT_FIRST_OFFSET, index.first(), LITTLE_ENDIAN);
        buffer.putInt(at + SEGMENT_COUNT_OFFSET, index.count(), LITTLE_ENDIAN);
        buffer.putInt(at + SEGMENT_WRITER_COUNT_OFFSET, segment.writerCount(), LITTLE_ENDIAN);
        buffer.putByte(at + SEGMENT_STATE_OFFSET, (byte) (segment.isDeleted() ? 2 : segment.isSealed() ? 1 : 0));
        buffer.putByte(at + SEGMENT_FLAGS_OFFSET, (byte)
                ((index.forceNext() ? FLAG_FORCE_NEXT : 0) | (index.hasFragments() ? FLAG_FRAGMENTS : 0)));
        buffer.putShort(at + SEGMENT_ZERO_OFFSET, (short) 0, LITTLE_ENDIAN);
    }

    private static void put(final WriterTable writers, final int slot, final MutableDirectBuffer buffer, final int at) {
        putIdentity(writers, slot, buffer, at);
        buffer.putLong(at + WRITER_LAST_EVENT_OFFSET, writers.lastEventNumber(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_END_OFFSET, writers.endOffset(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_SECRET_OFFSET, writers.bindSecret(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_CHANGE_POSITION_OFFSET, writers.changePosition(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_CHANGE_TIMESTAMP_OFFSET, writers.changeTimestampNs(slot), LITTLE_ENDIAN);
        buffer.putInt(at + WRITER_EPOCH_OFFSET, writers.writerEpoch(slot), LITTLE_ENDIAN);
        buffer.putInt(at + WRITER_ZERO_OFFSET, 0, LITTLE_ENDIAN);
    }

    private static int put(
            final WriterTable writers, final OpenEvent event, final MutableDirectBuffer buffer, final int start) {
        putIdentity(writers, event.writerSlot(), buffer, start);
        buffer.putLong(start + EVENT_NUMBER_OFFSET, event.eventNumber(), LITTLE_ENDIAN);
        buffer.putInt(start + EVENT_SESSION_OFFSET, event.session(), LITTLE_ENDIAN);
        buffer.putInt(start + EVENT_TOTAL_OFFSET, event.totalLength(), LITTLE_ENDIAN);
        buffer.putInt(start + EVENT_RECEIVED_OFFSET, event.receivedLength(), LITTLE_ENDIAN);
        buffer.putInt(start + EVENT_FRAGMENT_COUNT_OFFSET, event.fragmentCount(), LITTLE_ENDIAN);
        int at = start + EVENT_LENGTH;
        for (int i = 0; i < event.fragmentCount(); i++) {
            buffer.putLong(at, event.position(i), LITTLE_ENDIAN);
            buffer.putInt(at + FRAGMENT_OFFSET_OFFSET, event.offset(i), LITTLE_ENDIAN);
            at += FRAGMENT_LENGTH;
        }
        return at;
    }

    private static void putIdentity(
            final WriterTable writers, final int slot, final MutableDirectBuffer buffer, final int at) {
        buffer.putLong(at + WRITER_ID_HIGH_OFFSET, writers.writerIdHigh(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_ID_LOW_OFFSET, writers.writerIdLow(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_STREAM_OFFSET, writers.streamId(slot), LITTLE_ENDIAN);
        buffer.putLong(at + WRITER_SEGMENT_OFFSET, writers.segmentId(slot), LITTLE_ENDIAN);
    }
}
