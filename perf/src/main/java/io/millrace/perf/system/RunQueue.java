package io.millrace.perf.system;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReference;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Carries runs of event numbers, each with the moment it was known, from one thread of a peer's client to the rig's.
 * The moment is taken where the client tells, so a rig thread that looks late adds nothing to a peer's latency.
 *
 * <p><b>Threading:</b> one producer (the client's callback thread; several use {@link #putInTurn}), one consumer (the
 * rig's thread). {@link #fail} may come from any thread.
 *
 * <p><b>Invariants:</b> nothing is allocated per run; a full queue makes the producer wait, yielding, because a lost
 * acknowledgement would be a lie.
 */
public final class RunQueue {
    private static final int WORDS = 3;

    private final Object turn = new Object();
    private final AtomicLongArray ring;
    private final int mask;
    private final NanoClock clock;
    private final AtomicLongArray cursors = new AtomicLongArray(64);
    private final AtomicReference<@Nullable String> failure = new AtomicReference<>();

    private static final int TAIL = 15;
    private static final int HEAD = 47;

    /** Takes runs during {@link RunQueue#drain}. */
    public interface Handler {
        /**
         * One run.
         *
         * @param firstIndex first event.
         * @param lastIndex last event.
         * @param atNs when it was known.
         */
        void onRun(long firstIndex, long lastIndex, long atNs);
    }

    /**
     * Makes an empty queue.
     *
     * @param capacity runs that fit, a power of two.
     * @param clock the context's.
     * @throws IllegalArgumentException when the capacity is no power of two.
     */
    public RunQueue(final int capacity, final NanoClock clock) {
        if (capacity < 2 || Integer.bitCount(capacity) != 1) {
            throw new IllegalArgumentException("capacity " + capacity + " is no power of two");
        }
        this.ring = new AtomicLongArray(capacity * WORDS);
        this.mask = capacity - 1;
        this.clock = clock;
    }

    /**
     * Puts one run, known now.
     *
     * @param firstIndex first event.
     * @param lastIndex last event.
     */
    public void put(final long firstIndex, final long lastIndex) {
        put(firstIndex, lastIndex, clock.nanoTime());
    }

    /**
     * Puts one run, known now, from any of several threads: they take turns here.
     *
     * @param firstIndex first event.
     * @param lastIndex last event.
     */
    public void putInTurn(final long firstIndex, final long lastIndex) {
        synchronized (turn) {
            put(firstIndex, lastIndex);
        }
    }

    /**
     * Puts one run.
     *
     * @param firstIndex first event.
     * @param lastIndex last event.
     * @param atNs when it was known, of the context's clock.
     */
    public void put(final long firstIndex, final long lastIndex, final long atNs) {
        final long tail = cursors.getPlain(TAIL);
        while (tail - cursors.getAcquire(HEAD) > mask) {
            YieldingIdleStrategy.INSTANCE.idle();
        }
        final int at = ((int) tail & mask) * WORDS;
        ring.setPlain(at, firstIndex);
        ring.setPlain(at + 1, lastIndex);
        ring.setPlain(at + 2, atNs);
        cursors.setRelease(TAIL, tail + 1); // ORDER: the run's words are seen before the tail that covers them
    }

    /**
     * Says that nothing further will come; the first reason stays.
     *
     * @param reason one line.
     */
    public void fail(final String reason) {
        failure.compareAndSet(null, reason);
    }

    /** The reason given to {@link #fail}, or null. */
    public @Nullable String failure() {
        return failure.get();
    }

    /**
     * Takes out what is there.
     *
     * @param handler takes the runs.
     * @return how many there were.
     */
    public int drain(final Handler handler) {
        final long head = cursors.getPlain(HEAD);
        final long tail = cursors.getAcquire(TAIL);
        for (long next = head; next < tail; next++) {
            final int at = ((int) next & mask) * WORDS;
            final long first = ring.getPlain(at);
            final long last = ring.getPlain(at + 1);
            final long atNs = ring.getPlain(at + 2);
            cursors.setRelease(HEAD, next + 1); // ORDER: the words were read before their room is given back
            handler.onRun(first, last, atNs);
        }
        return (int) (tail - head);
    }
}
