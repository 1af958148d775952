package io.millrace.server.metric;

/**
 * One thing a node counts. The label ends with its unit, if it has one: {@code .bytes} or {@code .ns}.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param label in the counters file, words parted by dots.
 * @param kind of its values.
 * @param help one sentence for people, without a full stop at its end.
 */
public record Metric(String label, MetricKind kind, String help) {
    private static final String BOUND = ".le.";
    private static final String NANOSECONDS = ".ns";
    private static final String INFINITE = "inf";

    /**
     * Names a bucket of a histogram.
     *
     * @param base of the histogram, without unit.
     * @param boundNs greatest time in it; {@link Long#MAX_VALUE} for none.
     * @param help of the histogram.
     * @return the metric.
     */
    public static Metric bucket(final String base, final long boundNs, final String help) {
        return new Metric(
                base + BOUND + (boundNs == Long.MAX_VALUE ? INFINITE : Long.toString(boundNs)) + NANOSECONDS,
                MetricKind.BUCKET,
                help);
    }

    /**
     * Names the sum of a histogram.
     *
     * @param base of the histogram, without unit.
     * @param help of the histogram.
     * @return the metric.
     */
    public static Metric sum(final String base, final String help) {
        return new Metric(base + ".sum" + NANOSECONDS, MetricKind.SUM, help);
    }

    /** Returns the histogram that a bucket or sum belongs to. */
    String base() {
        final int bound = label.lastIndexOf(BOUND);
        return bound >= 0 ? label.substring(0, bound) : label.substring(0, label.length() - ".sum.ns".length());
    }

    /** Returns a bucket's greatest time, {@link Long#MAX_VALUE} for none. */
    long boundNs() {
        final String bound =
                label.substring(label.lastIndexOf(BOUND) + BOUND.length(), label.length() - NANOSECONDS.length());
        return INFINITE.equals(bound) ? Long.MAX_VALUE : Long.parseLong(bound);
    }

    /** Tells whether the value is in nanoseconds. */
    boolean isTime() {
        return label.endsWith(NANOSECONDS);
    }
}
