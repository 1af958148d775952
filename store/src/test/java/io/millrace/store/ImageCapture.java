package io.millrace.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.ExpandableDirectByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** An image of a state that is being taken, as a device would: the fixed part at once, then piece after piece. */
final class ImageCapture {
    static final int OFFSET = 24;

    final ExpandableDirectByteBuffer fixed = new ExpandableDirectByteBuffer(64);
    final List<UnsafeBuffer> pieces = new ArrayList<>();
    final BitSet visited = new BitSet();
    /** What was told of the entries of each segment, of segment 0 what was told of the open events. */
    final Map<Long, BitSet> visitedOf = new HashMap<>();

    final int length;
    final long position;

    private final IndexImage image = new IndexImage();
    private final List<long[]> ranges = new ArrayList<>();

    ImageCapture(final ChainState live) {
        length = live.encode(fixed, OFFSET);
        position = live.lastPosition();
        image.begin(live, fixed, OFFSET, length);
        image.visitOpenEvents(this::visit);
        attribute(0, ranges.size());
    }

    /** Takes one more piece. @return false when there is none */
    boolean stream(final int capacity) {
        final UnsafeBuffer buffer = new UnsafeBuffer(new byte[capacity + 8]);
        final int written = image.next(buffer, 8, capacity, this::visit);
        if (written > capacity) {
            throw new AssertionError("a piece of " + written + " bytes where " + capacity + " were allowed");
        }
        if (written > 0) {
            final byte[] bytes = new byte[written];
            buffer.getBytes(8, bytes);
            pieces.add(new UnsafeBuffer(bytes));
            attribute(pieces.get(pieces.size() - 1));
        }
        return written > 0;
    }

    ImageCapture streamAll() {
        boolean more = true;
        while (more) {
            more = stream(IndexImage.MAX_PIECE_LENGTH);
        }
        return this;
    }

    ChainState restore() {
        return restoreInto(new ChainState(ChainLog.CHAIN, StoreLimits.defaults()));
    }

    ChainState restoreInto(final ChainState state) {
        state.restore(fixed, OFFSET, length);
        for (final UnsafeBuffer piece : pieces) {
            state.restoreIndex(piece, 0, piece.capacity());
        }
        state.restored();
        return state;
    }

    /** The visitor is told one range for each entry, in their order. */
    private void attribute(final UnsafeBuffer piece) {
        for (int at = 0; at < piece.capacity(); ) {
            final int entries = piece.getInt(at + IndexImage.RUN_COUNT_OFFSET);
            attribute(piece.getLong(at + IndexImage.RUN_SEGMENT_OFFSET), entries);
            at += IndexImage.RUN_LENGTH + entries * IndexImage.ENTRY_LENGTH;
        }
        if (!ranges.isEmpty()) {
            throw new AssertionError(ranges.size() + " ranges without an entry");
        }
    }

    private void attribute(final long segmentId, final int count) {
        final BitSet positions = visitedOf.computeIfAbsent(segmentId, id -> new BitSet());
        ranges.subList(0, count).forEach(range -> positions.set((int) range[0], (int) range[1] + 1));
        ranges.subList(0, count).clear();
    }

    private void visit(final long firstPosition, final long lastPosition, final long bytes) {
        if (firstPosition < 1 || lastPosition < firstPosition) {
            throw new AssertionError("range " + firstPosition + " to " + lastPosition);
        }
        visited.set((int) firstPosition, (int) lastPosition + 1);
        ranges.add(new long[] {firstPosition, lastPosition});
    }
}
