package io.millrace.perf.load;

/**
 * A fixed schedule of sends: event {@code i} is due at {@code start + i / rate}, whatever the system under test does.
 *
 * <p><b>Threading:</b> immutable.
 *
 * <p><b>Invariants:</b> an event's due time never depends on an earlier event's answer; that is what makes a stall of
 * the system visible in every event that fell due meanwhile.
 */
public final class Schedule {
    private final long startNs;
    private final double intervalNs;
    private final long eventCount;

    /**
     * Lays the schedule.
     *
     * @param startNs when event 0 is due, in the clock's nanoseconds.
     * @param ratePerSecond events per second, &gt; 0.
     * @param eventCount number of events, &ge; 0.
     * @throws IllegalArgumentException when the rate is not positive or the count negative.
     */
    public Schedule(final long startNs, final double ratePerSecond, final long eventCount) {
        if (!(ratePerSecond > 0) || eventCount < 0) {
            throw new IllegalArgumentException("rate " + ratePerSecond + "/s, events " + eventCount);
        }
        this.startNs = startNs;
        this.intervalNs = 1e9 / ratePerSecond;
        this.eventCount = eventCount;
    }

    /** Number of events. */
    public long eventCount() {
        return eventCount;
    }

    /** When event 0 is due, in nanoseconds. */
    public long startNs() {
        return startNs;
    }

    /**
     * When an event is due.
     *
     * @param index the event, from 0.
     * @return the clock's nanoseconds.
     */
    public long scheduledNs(final long index) {
        return startNs + (long) (index * intervalNs);
    }

    /**
     * How many events are due.
     *
     * @param nowNs the clock's nanoseconds.
     * @return the number of events whose due time is not later than {@code nowNs}, at most {@link #eventCount()}.
     */
    public long dueCount(final long nowNs) {
        final long elapsedNs = nowNs - startNs;
        if (elapsedNs < 0) {
            return 0;
        }
        return Math.min(eventCount, (long) (elapsedNs / intervalNs) + 1);
    }
}
