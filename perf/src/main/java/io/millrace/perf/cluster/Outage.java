package io.millrace.perf.cluster;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * One fault, and how long it was until each segment acknowledged again what was sent after it.
 *
 * <p><b>Threading</b>: the rig's thread makes it and reads it; the load's thread fills it.
 *
 * <p><b>Invariants</b>: a segment's time counts from the fault to the first acknowledgement of an event that was
 * offered behind it: what was on its way already says nothing. A node that is asked to end acknowledges for a while
 * yet, and the outage comes later: of that the longest pause between two acknowledgements tells.
 */
final class Outage {
    private static final long NOT_YET = -1;

    private final long faultNs;
    private final AtomicLongArray acknowledgedNs;
    private final AtomicLongArray longestPauseNs;
    private final long[] lastNs;
    private long fromSequence = NOT_YET;

    /**
     * Begins one.
     *
     * @param faultNs when the fault happened, on the load's clock.
     * @param segmentCount segments that are watched.
     */
    Outage(final long faultNs, final int segmentCount) {
        this.faultNs = faultNs;
        acknowledgedNs = new AtomicLongArray(segmentCount);
        longestPauseNs = new AtomicLongArray(segmentCount);
        lastNs = new long[segmentCount];
        Arrays.fill(lastNs, faultNs);
        for (int segment = 0; segment < segmentCount; segment++) {
            acknowledgedNs.set(segment, NOT_YET);
        }
    }

    /**
     * Notes where the events behind the fault begin; on the load's thread, once.
     *
     * @param sequence of the next event to be offered.
     */
    void begin(final long sequence) {
        if (fromSequence == NOT_YET) {
            fromSequence = sequence;
        }
    }

    /**
     * Takes an acknowledgement; on the load's thread.
     *
     * @param segment index.
     * @param sequence of the event.
     * @param nowNs when it came.
     */
    void onAck(final int segment, final long sequence, final long nowNs) {
        if (sequence >= fromSequence && fromSequence != NOT_YET && acknowledgedNs.get(segment) == NOT_YET) {
            acknowledgedNs.set(segment, Math.max(0, nowNs - faultNs));
        }
        if (nowNs - lastNs[segment] > longestPauseNs.get(segment)) {
            longestPauseNs.set(segment, nowNs - lastNs[segment]);
        }
        lastNs[segment] = nowNs;
    }

    /** Whether every segment has acknowledged again. */
    boolean isOver() {
        for (int segment = 0; segment < acknowledgedNs.length(); segment++) {
            if (acknowledgedNs.get(segment) == NOT_YET) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns how long a segment did not acknowledge.
     *
     * @param segment index.
     * @return nanoseconds, -1 while it has not.
     */
    long durationNs(final int segment) {
        return acknowledgedNs.get(segment);
    }

    /**
     * Returns the longest time between two acknowledgements of a segment, or from the fault to the first.
     *
     * @param segment index.
     * @return nanoseconds.
     */
    long longestPauseNs(final int segment) {
        return longestPauseNs.get(segment);
    }
}
