package io.millrace.client.core;

import io.millrace.client.EventPosition;
import io.millrace.codec.MillraceException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Settled futures on their way to completion. What depends on a future is the user's code and runs within
 * {@code complete}, so futures are settled under the guard and completed outside of it, by one thread at a time: those
 * of a segment complete in order.
 *
 * <p><b>Threading</b>: {@link #drain} any thread, without the guard; the rest whoever holds the guard.
 */
final class Completions {
    private static final int MAX_BATCH = 256;

    private record Settled(
            CompletableFuture<EventPosition> future,
            @Nullable EventPosition position,
            @Nullable MillraceException reason) {
        void complete() {
            if (reason != null) {
                future.completeExceptionally(reason);
            } else {
                future.complete(position);
            }
        }
    }

    private final Guard guard;
    private final Queue<Settled> queue = new ArrayDeque<>();
    private @Nullable Thread drainer;
    private final AtomicLong addedCount = new AtomicLong();
    private final AtomicLong takenCount = new AtomicLong();
    private final AtomicLong completedCount = new AtomicLong();

    /**
     * Makes an empty queue.
     *
     * @param guard of the client
     */
    Completions(final Guard guard) {
        this.guard = guard;
    }

    /**
     * Settles a future.
     *
     * @param future to be completed
     * @param position where its event is durable
     */
    void add(final CompletableFuture<EventPosition> future, final EventPosition position) {
        add(new Settled(future, position, null));
    }

    /**
     * Settles a future.
     *
     * @param future to be completed exceptionally
     * @param reason with its code
     */
    void add(final CompletableFuture<EventPosition> future, final MillraceException reason) {
        add(new Settled(future, null, reason));
    }

    private void add(final Settled settled) {
        queue.add(settled);
        addedCount.incrementAndGet();
    }

    /** Completes what is settled, unless another thread does so, or this one is inside the guard. */
    void drain() {
        if (takenCount.get() == addedCount.get() || guard.isHeld()) {
            return;
        }
        final List<Settled> batch = new ArrayList<>();
        while (take(batch)) {
            for (final Settled settled : batch) {
                settled.complete();
            }
        }
    }

    /** Notes the batch as completed and takes the next. */
    private boolean take(final List<Settled> batch) {
        guard.lock();
        try {
            if (drainer != null && batch.isEmpty()) {
                return false;
            }
            completedCount.addAndGet(batch.size());
            batch.clear();
            while (batch.size() < MAX_BATCH && !queue.isEmpty()) {
                batch.add(queue.remove());
            }
            drainer = batch.isEmpty() ? null : Thread.currentThread();
            takenCount.addAndGet(batch.size());
            return !batch.isEmpty();
        } finally {
            guard.unlock();
        }
    }

    /**
     * Returns the number of futures settled so far.
     *
     * @return count, for {@link #isCompleted}
     */
    long addedCount() {
        return addedCount.get();
    }

    /**
     * Tells whether futures are completed.
     *
     * @param count of those settled first
     * @return true when they are, and always within the completion of one
     */
    boolean isCompleted(final long count) {
        return completedCount.get() >= count || drainer == Thread.currentThread();
    }
}
