package io.millrace.journal;

/**
 * Watches the oldest write in flight: counts stalls, and says when one is so late that nobody can vouch for it.
 *
 * <p><b>Threading</b>: device thread.
 */
final class IoWatchdog {
    private static final long IO_DEADLINE_GRACE_NS = 1_000_000_000L;

    private final long stallThresholdNs;
    private final long deadlineNs;
    private final JournalCounters counters;
    private boolean overdue;
    private long overdueSinceNs;

    /**
     * Makes a watchdog.
     *
     * @param stallThresholdNs age from which a write counts as stalled
     * @param deadlineNs age from which a write is late
     * @param counters to count in
     */
    IoWatchdog(final long stallThresholdNs, final long deadlineNs, final JournalCounters counters) {
        this.stallThresholdNs = stallThresholdNs;
        this.deadlineNs = deadlineNs;
        this.counters = counters;
    }

    /**
     * Counts stalls and fences behind the deadline. A process that was paused (SIGSTOP, a virtual machine that moved)
     * sees its writes overdue before the kernel or the worker could hand their completions over, so the first look
     * proves nothing.
     *
     * @param ageNs of the oldest write in flight, 0 when there is none
     * @param nowNs the journal's clock
     * @param ring of the batches
     * @return true when the device must be fenced
     */
    boolean isLate(final long ageNs, final long nowNs, final WriteRing ring) {
        boolean late = false;
        if (ageNs <= deadlineNs) {
            overdue = false;
        } else if (!overdue) {
            overdue = true;
            overdueSinceNs = nowNs;
        } else {
            late = nowNs - overdueSinceNs > IO_DEADLINE_GRACE_NS;
        }
        if (ageNs > stallThresholdNs) {
            counters.longestStallNs = Math.max(counters.longestStallNs, ageNs);
            if (ring.markStalled()) {
                counters.stallCount++;
            }
        }
        return late;
    }

    /** Returns the age from which a write is late, in nanoseconds. */
    long deadlineNs() {
        return deadlineNs;
    }
}
