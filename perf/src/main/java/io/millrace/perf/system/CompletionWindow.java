package io.millrace.perf.system;

import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The events of one writer that are under way, for clients that tell of each completion on threads of their own: bounds
 * their number, and brings the completions to the rig's thread with the moment each was told.
 *
 * <p><b>Threading:</b> {@link #completed} and {@link #fail} by the client's threads, everything else by the rig's.
 *
 * <p><b>Invariants:</b> at most {@code capacity} events are under way, so no callback ever waits for room.
 */
public final class CompletionWindow implements RunQueue.Handler {
    private static final int MOST_EVENTS = 64 * 1024;
    private static final int FAST_EVENTS = 256 * 1024;
    private static final long MOST_BYTES = 64L << 20;

    private final RunQueue queue;
    private final int capacity;
    private int underWay;
    private Target.@Nullable Listener listener;

    /**
     * Makes an empty window.
     *
     * @param capacity most events under way, a power of two.
     * @param clock the context's.
     */
    public CompletionWindow(final int capacity, final NanoClock clock) {
        this.capacity = capacity;
        this.queue = new RunQueue(capacity, clock);
    }

    /**
     * How many events a client should have under way at most: plenty for a rate that is kept, and not more bytes than
     * clients have room for.
     *
     * @param load what will come.
     * @return a power of two.
     */
    public static int capacityFor(final SystemContext.Load load) {
        final long events = load.ratePerSecond() == 0 || load.ratePerSecond() > 100_000 ? FAST_EVENTS : MOST_EVENTS;
        final long bounded = Math.min(events, Math.max(64, MOST_BYTES / Math.max(1, load.eventLength())));
        return Integer.highestOneBit((int) bounded);
    }

    /** Whether a further event may be handed to the client. */
    public boolean hasRoom() {
        return underWay < capacity;
    }

    /** Counts an event that was handed to the client. */
    public void offered() {
        underWay++;
    }

    /**
     * Takes note that an event is acknowledged, now.
     *
     * @param index the event's number.
     */
    public void completed(final long index) {
        queue.putInTurn(index, index);
    }

    /**
     * Says that the client gave up.
     *
     * @param reason one line; the first one stays.
     */
    public void fail(final String reason) {
        queue.fail(reason);
    }

    /**
     * Delivers what was completed since the last call.
     *
     * @param newListener takes it.
     * @return how many events there were.
     */
    public int poll(final Target.Listener newListener) {
        listener = newListener;
        return queue.drain(this);
    }

    @Override
    public void onRun(final long firstIndex, final long lastIndex, final long atNs) {
        underWay -= (int) (lastIndex - firstIndex + 1);
        if (listener != null) {
            listener.onAcknowledged(firstIndex, lastIndex, atNs);
        }
    }

    /** The reason given to {@link #fail}, or null. */
    public @Nullable String failure() {
        return queue.failure();
    }
}
