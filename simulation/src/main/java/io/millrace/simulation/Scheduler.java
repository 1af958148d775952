package io.millrace.simulation;

import java.util.Comparator;
import java.util.PriorityQueue;

/**
 * Virtual time: runs what is due, in order of time, then of scheduling. Time in which nothing is due costs nothing.
 *
 * <p><b>Threading</b>: the simulation's thread. An event may step the scheduler itself, as a client's blocking call
 * does; events that do so do not nest further.
 */
final class Scheduler {
    private static final Comparator<Event> IN_ORDER =
            (a, b) -> a.dueNs == b.dueNs ? Long.compare(a.sequence, b.sequence) : Long.compare(a.dueNs, b.dueNs);

    private final PriorityQueue<Event> queue = new PriorityQueue<>(IN_ORDER);
    private final Trace trace;
    private long nowNs;
    private long sequence;
    private long eventCount;

    private static final class Event {
        private final long dueNs;
        private final long sequence;
        private final Runnable action;

        private Event(final long dueNs, final long sequence, final Runnable action) {
            this.dueNs = dueNs;
            this.sequence = sequence;
            this.action = action;
        }
    }

    /** Starts at time 0. */
    Scheduler(final Trace trace) {
        this.trace = trace;
    }

    /** Returns the virtual time. */
    long nowNs() {
        return nowNs;
    }

    /** Returns the events run so far. */
    long eventCount() {
        return eventCount;
    }

    /**
     * Has something done later.
     *
     * @param delayNs from now, 0 for behind everything that is due now
     * @param action done once
     */
    void after(final long delayNs, final Runnable action) {
        if (delayNs < 0) {
            throw new IllegalArgumentException("a delay of " + delayNs + " ns");
        }
        queue.add(new Event(nowNs + delayNs, ++sequence, action));
    }

    /**
     * Runs the next event, if one is due by then.
     *
     * @param limitNs the time up to which
     * @return false when there was none: then it is that time now
     */
    boolean step(final long limitNs) {
        final Event next = queue.peek();
        if (next == null || next.dueNs > limitNs) {
            nowNs = Math.max(nowNs, limitNs);
            return false;
        }
        queue.remove();
        nowNs = Math.max(nowNs, next.dueNs);
        eventCount++;
        trace.add(nowNs);
        trace.add(next.sequence);
        next.action.run();
        return true;
    }

    /** Runs everything that is due until a time. */
    void runUntil(final long limitNs) {
        while (step(limitNs)) {
            // the next one
        }
    }
}
