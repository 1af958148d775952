package io.millrace.perf.system;

import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A tail reader whose client reads on a thread of its own, which tells of each event by {@link #seen}.
 *
 * <p><b>Threading:</b> {@link #seen} by one thread of the client, {@link #fail} by any, {@link #poll} by the rig's.
 *
 * <p><b>Invariants:</b> when the rig is slow to ask, the client's thread waits: nothing that was seen is dropped.
 */
public final class QueueTailReader implements TailReader, RunQueue.Handler {
    private static final int CAPACITY = 64 * 1024;

    private final RunQueue queue;
    private @Nullable Listener listener;

    /**
     * Makes it.
     *
     * @param clock the context's.
     */
    public QueueTailReader(final NanoClock clock) {
        queue = new RunQueue(CAPACITY, clock);
    }

    /**
     * Takes note that an event was seen, now.
     *
     * @param index the number in its first eight bytes.
     */
    public void seen(final long index) {
        queue.put(index, index);
    }

    /**
     * Says that nothing further will be seen.
     *
     * @param reason one line; the first one stays.
     */
    public void fail(final String reason) {
        queue.fail(reason);
    }

    @Override
    public int poll(final Listener newListener) {
        listener = newListener;
        return queue.drain(this);
    }

    @Override
    public void onRun(final long firstIndex, final long lastIndex, final long atNs) {
        if (listener != null) {
            listener.onSeen(firstIndex, lastIndex, atNs);
        }
    }

    @Override
    public @Nullable String failure() {
        return queue.failure();
    }
}
