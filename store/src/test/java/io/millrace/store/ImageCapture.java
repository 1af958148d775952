package io.millrace.store;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.agrona.ExpandableDirectByteBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/** An image of a state that is being taken, as a device would: the fixed part at once, then piece after piece. */
final class ImageCapture {
    static final int OFFSET = 24;

    final ExpandableDirectByteBuffer fixed = new ExpandableDirectByteBuffer(64);
    final List<UnsafeBuffer> pieces = new ArrayList<>();
    final BitSet visited = new BitSet();
    final int length;
    final long position;

    private final IndexImage image = new IndexImage();

    ImageCapture(final ChainState live) {
        length = live.encode(fixed, OFFSET);
        position = live.lastPosition();
        image.begin(live, fixed, OFFSET, length);
        image.visitOpenEvents(this::visit);
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

    private void visit(final long firstPosition, final long lastPosition) {
        if (firstPosition < 1 || lastPosition < firstPosition) {
            throw new AssertionError("range " + firstPosition + " to " + lastPosition);
        }
        visited.set((int) firstPosition, (int) lastPosition + 1);
    }
}
