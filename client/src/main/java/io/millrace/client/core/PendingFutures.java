package io.millrace.client.core;

import io.millrace.client.EventPosition;
import io.millrace.codec.MillraceException;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * The futures of one (writer, segment), in the order of their events. They hang on the ring's indexes, so that lost
 * sessions and restarts of the node, over which the ring keeps the events, lose no future.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
final class PendingFutures {
    private record Pending(long index, CompletableFuture<EventPosition> future) {}

    private final SegmentWriter writer;
    private final Completions completions;
    private final Queue<Pending> queue = new ArrayDeque<>();

    /**
     * Makes an empty queue.
     *
     * @param writer that knows the events
     * @param completions where settled futures go
     */
    PendingFutures(final SegmentWriter writer, final Completions completions) {
        this.writer = writer;
        this.completions = completions;
    }

    /**
     * Adds a future.
     *
     * @param index of its last event, not below that of the one before
     * @return the future
     */
    CompletableFuture<EventPosition> add(final long index) {
        final CompletableFuture<EventPosition> future = new CompletableFuture<>();
        queue.add(new Pending(index, future));
        return future;
    }

    /**
     * Settles futures.
     *
     * @param lastIndex last event acknowledged
     */
    void onAcknowledged(final long lastIndex) {
        for (Pending next = queue.peek(); next != null && next.index <= lastIndex; next = queue.peek()) {
            queue.remove();
            completions.add(
                    next.future,
                    new EventPosition(writer.segmentId(), writer.eventNumber(next.index), writer.endOffset()));
        }
    }

    /**
     * Settles all that are left.
     *
     * @param reason why their events will not become durable by this writer
     */
    void onStopped(final MillraceException reason) {
        for (Pending next = queue.poll(); next != null; next = queue.poll()) {
            completions.add(next.future, reason);
        }
    }

    /**
     * Returns the number of futures.
     *
     * @return not settled yet
     */
    int size() {
        return queue.size();
    }
}
