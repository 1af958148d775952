package io.millrace.perf.load;

import org.HdrHistogram.Histogram;

/**
 * Latencies by the time their events were due: one histogram for each slice of a phase, so that a stall can be seen
 * where it was and not only in a percentile of the whole.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> all histograms are made beforehand; recording allocates
 * nothing; what is due after the last slice counts in the last one.
 */
public final class IntervalLog {
    private static final int SLICES_MAX = 200;
    private static final long SHORTEST_NS = 100_000_000;

    private final Histogram[] slices;
    private final long sliceNs;

    /**
     * Makes an empty log.
     *
     * @param durationNs of the phase.
     */
    public IntervalLog(final long durationNs) {
        sliceNs = Math.max(SHORTEST_NS, (durationNs + SLICES_MAX - 1) / SLICES_MAX);
        slices = new Histogram[(int) Math.max(1, (durationNs + sliceNs - 1) / sliceNs)];
        for (int i = 0; i < slices.length; i++) {
            slices[i] = OpenLoop.newHistogram();
        }
    }

    /**
     * Records one event.
     *
     * @param dueNs when it was due, from the start of the phase.
     * @param latencyNs its latency, within the histogram's range.
     */
    public void record(final long dueNs, final long latencyNs) {
        slices[(int) Math.max(0, Math.min(slices.length - 1, dueNs / sliceNs))].recordValue(latencyNs);
    }

    /** Number of slices. */
    public int size() {
        return slices.length;
    }

    /** Length of a slice in nanoseconds. */
    public long sliceNs() {
        return sliceNs;
    }

    /**
     * One slice.
     *
     * @param index from 0.
     * @return its latencies in nanoseconds.
     */
    public Histogram slice(final int index) {
        return slices[index];
    }
}
