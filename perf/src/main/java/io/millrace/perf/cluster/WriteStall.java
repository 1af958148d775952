package io.millrace.perf.cluster;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long the writes of each segment stood still at most between two moments: the longest time that an event which was
 * due waited for its acknowledgement.
 *
 * <p><b>Threading</b>: the rig's thread makes it, ends it and reads it; the load's thread fills it.
 *
 * <p><b>Invariants</b>: a wait counts from when the event was due, or from the beginning where it was due before; every
 * event that was due before the end counts, however late it is acknowledged.
 */
final class WriteStall {
    private static final long OPEN = Long.MIN_VALUE;

    private final long beganNs;
    private final AtomicLongArray longestNs;
    private final AtomicLongArray passedCount;
    private volatile long endedNs = OPEN;

    /**
     * Begins one.
     *
     * @param beganNs when, on the load's clock.
     * @param segmentCount segments that are watched.
     */
    WriteStall(final long beganNs, final int segmentCount) {
        this.beganNs = beganNs;
        longestNs = new AtomicLongArray(segmentCount);
        passedCount = new AtomicLongArray(segmentCount);
    }

    /**
     * Ends it: what is due from now on does not count.
     *
     * @param nowNs when, on the load's clock.
     */
    void end(final long nowNs) {
        endedNs = nowNs;
    }

    /**
     * Takes an acknowledgement; on the load's thread. Those of a segment come in the order in which its events were
     * due.
     *
     * @param segment index.
     * @param dueNs when the event was due.
     * @param nowNs when its acknowledgement came.
     */
    void onAck(final int segment, final long dueNs, final long nowNs) {
        final long ended = endedNs;
        if (ended != OPEN && dueNs - ended >= 0) {
            passedCount.lazySet(segment, 1);
            return;
        }
        final long waitedNs = nowNs - (dueNs - beganNs < 0 ? beganNs : dueNs);
        if (waitedNs > longestNs.get(segment)) {
            longestNs.lazySet(segment, waitedNs);
        }
    }

    /** Whether it has ended and every event that was due before is acknowledged, in every segment. */
    boolean isOver() {
        for (int segment = 0; segment < passedCount.length(); segment++) {
            if (passedCount.get(segment) == 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the longest wait of a segment's events so far.
     *
     * @param segment index.
     * @return nanoseconds.
     */
    long longestNs(final int segment) {
        return longestNs.get(segment);
    }
}
