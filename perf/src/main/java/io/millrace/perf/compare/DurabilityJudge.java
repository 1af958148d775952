package io.millrace.perf.compare;

/**
 * Decides whether a system that promises durability can have kept it during a run, from the device's flushes.
 *
 * <p>An acknowledged event needs a flush that began after the event was there. When a flush comes every {@code T}, an
 * event waits {@code T / 2} for the next one on the average: so a median latency of {@code L} needs a flush every
 * {@code 2 L} at least, or one for each event where events are rarer. A quarter of that is asked for, since ages are
 * medians and batches are not even.
 *
 * <p><b>Threading:</b> stateless.
 */
final class DurabilityJudge {
    private static final double MARGIN = 0.25;

    private DurabilityJudge() {}

    /**
     * The fewest flushes a second that an honest system can have needed.
     *
     * @param eventsPerSecond acknowledged.
     * @param p50Micros median latency of an acknowledgement; not a number where there is none.
     * @return flushes per second.
     */
    static double neededPerSecond(final double eventsPerSecond, final double p50Micros) {
        final double byLatency = p50Micros > 0 ? 1e6 / (2 * p50Micros) : 1;
        return MARGIN * Math.min(eventsPerSecond, byLatency);
    }

    /**
     * Judges one run.
     *
     * @param claimsDurable whether the system promises it.
     * @param hasWriteCache whether the device has a volatile cache that must be flushed.
     * @param device what it did during the run.
     * @param seconds the run took.
     * @param eventsPerSecond acknowledged.
     * @param p50Micros median latency of an acknowledgement.
     * @return whether the run may stand in a durable table.
     */
    static boolean isDurable(
            final boolean claimsDurable,
            final boolean hasWriteCache,
            final DeviceStat device,
            final double seconds,
            final double eventsPerSecond,
            final double p50Micros) {
        final long seen = hasWriteCache ? device.flushes() : device.writes();
        return claimsDurable && seen > 0 && seen >= seconds * neededPerSecond(eventsPerSecond, p50Micros);
    }
}
