package io.millrace.client.core;

import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.time.Duration;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The reader of one stream: a {@link SegmentReader} for each segment, polled in turn.
 *
 * <p><b>Threading</b>: methods of {@link EventReader} take the guard; the others need it.
 */
final class ReaderCore implements EventReader {
    private final ClientConductor conductor;
    private final Guard guard;
    private final StreamInfo stream;
    private final Places places;
    private final SegmentReader[] segments;
    private int nextSegment;
    private long seenTurn;
    private boolean isDelivering;
    private boolean isClosed;

    /**
     * Makes the reader; {@link #goTo} is next.
     *
     * @param conductor of the client
     * @param stream described just now
     */
    ReaderCore(final ClientConductor conductor, final StreamInfo stream) {
        this.conductor = conductor;
        this.guard = conductor.guard();
        this.stream = stream;
        final List<SegmentInfo> infos = stream.segments();
        this.places = new Places(conductor.requests(), stream, this::onPlaces);
        this.segments = new SegmentReader[infos.size()];
        for (int i = 0; i < segments.length; i++) {
            segments[i] = new SegmentReader(
                    conductor,
                    conductor.connection(infos.get(i).tail()),
                    stream.name(),
                    stream.streamId(),
                    infos.get(i));
        }
    }

    /**
     * Goes to a place.
     *
     * @param position HEAD, TAIL or a position of this stream
     * @param now the stream's description by which HEAD and TAIL are resolved
     */
    void goTo(final StreamPosition position, final StreamInfo now) {
        final boolean isEnd = position.isHead() || position.isTail();
        if (now.streamId() != stream.streamId() || (!isEnd && position.streamId() != stream.streamId())) {
            throw new MillraceException(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "position " + position.asText() + " is not one of stream " + stream.name() + ", which has the id "
                            + now.streamId());
        }
        final List<SegmentInfo> infos = now.segments();
        for (final SegmentReader segment : segments) {
            for (final SegmentInfo info : infos) {
                if (info.segmentId() == segment.segmentId()) {
                    segment.moveTo(conductor.connection(info.tail()), conductor.connection(info.head()));
                    final long given = isEnd ? -1 : position.offsetOf(info.segmentId());
                    segment.goTo(position.isTail() ? info.length() : given >= 0 ? given : info.startOffset());
                }
            }
        }
    }

    @Override
    public int poll(final EventHandler handler, final int limit) {
        guard.lock();
        try {
            checkOpen();
            seenTurn = conductor.turnOnce(seenTurn);
            return deliver(handler, limit);
        } finally {
            guard.unlock();
            conductor.completions().drain();
        }
    }

    private int deliver(final EventHandler handler, final int limit) {
        if (isDelivering) {
            throw new IllegalStateException("a handler must not poll its own reader");
        }
        isDelivering = true;
        try {
            int count = 0;
            for (int i = 0; i < segments.length && count < limit; i++) {
                nextSegment = nextSegment + 1 < segments.length ? nextSegment + 1 : 0;
                count += segments[nextSegment].deliver(handler, limit - count);
            }
            return count;
        } finally {
            isDelivering = false;
        }
    }

    private void checkOpen() {
        if (isClosed) {
            throw new MillraceException(ErrorCode.CLIENT_CLOSED, "the reader of " + stream.name() + " is closed");
        }
        conductor.checkUsable();
    }

    @Override
    public int doWork() {
        return conductor.work();
    }

    @Override
    public @Nullable EventView read(final Duration timeout) {
        final SingleEvent single = new SingleEvent();
        conductor.await(
                () -> {
                    checkOpen();
                    return deliver(single, 1) > 0 || isAtEnd();
                },
                timeout.toNanos());
        return single.event;
    }

    @Override
    public StreamPosition position() {
        guard.lock();
        try {
            final long[] ids = new long[segments.length];
            final long[] offsets = new long[segments.length];
            for (int i = 0; i < segments.length; i++) {
                ids[i] = segments[i].segmentId();
                offsets[i] = segments[i].processedOffset();
            }
            return StreamPosition.of(stream.streamId(), ids, offsets);
        } finally {
            guard.unlock();
        }
    }

    @Override
    public void seek(final StreamPosition position) {
        final StreamInfo now = conductor.requests().describe(stream.name());
        guard.lock();
        try {
            checkOpen();
            goTo(position, now);
        } finally {
            guard.unlock();
        }
    }

    @Override
    public boolean isAtEnd() {
        guard.lock();
        try {
            for (final SegmentReader segment : segments) {
                if (!segment.isAtEnd()) {
                    return false;
                }
            }
            return true;
        } finally {
            guard.unlock();
        }
    }

    @Override
    public StreamInfo stream() {
        return stream;
    }

    @Override
    public void close() {
        guard.lock();
        try {
            if (!isClosed) {
                release();
                conductor.remove(this);
            }
        } finally {
            guard.unlock();
        }
    }

    /** Closes. */
    void release() {
        isClosed = true;
        for (final SegmentReader segment : segments) {
            segment.release();
        }
    }

    /**
     * Moves all segments on.
     *
     * @param nowNs the duty cycle's time
     * @return number of frames sent
     */
    int doWork(final long nowNs) {
        int work = 0;
        boolean isPlaceDoubted = false;
        for (final SegmentReader segment : segments) {
            work += segment.doWork(nowNs);
            isPlaceDoubted |= segment.isPlaceDoubted(nowNs);
        }
        if (isPlaceDoubted) {
            places.doubt(nowNs);
        }
        return work;
    }

    private void onPlaces(final StreamInfo info) {
        if (isClosed) {
            return;
        }
        for (final SegmentReader segment : segments) {
            for (final SegmentInfo place : info.segments()) {
                if (place.segmentId() == segment.segmentId()) {
                    segment.moveTo(conductor.connection(place.tail()), conductor.connection(place.head()));
                }
            }
        }
        conductor.closeUnused();
    }

    /**
     * Tells whether a connection is one of its segments'.
     *
     * @param connection any
     * @return true when it may be needed
     */
    boolean uses(final Connection connection) {
        for (final SegmentReader segment : segments) {
            if (segment.connection() == connection) {
                return true;
            }
        }
        return false;
    }

    /** Keeps one event. */
    private static final class SingleEvent implements EventHandler {
        private @Nullable EventView event;

        @Override
        public void onEvent(
                final DirectBuffer buffer,
                final int offset,
                final int length,
                final long keyHash,
                final long segmentId,
                final long eventOffset) {
            final byte[] payload = new byte[length];
            buffer.getBytes(offset, payload);
            event = new EventView(payload, keyHash, segmentId, eventOffset);
        }
    }
}
