package io.millrace.server.metric;

/**
 * One thing a node counts. The label ends with its unit, if it has one: {@code .bytes} or {@code .ns}; then, of a node
 * with several devices, comes which one it is about: <code>{device=1}</code>.
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
    private static final String DEVICE = "{device=";

    /**
     * Says which device a metric is about.
     *
     * @param device number, from 0.
     * @return the same metric of that device.
     */
    public Metric ofDevice(final int device) {
        return new Metric(label + DEVICE + device + "}", kind, help);
    }

    /** Returns the label without the device. */
    public String name() {
        final int brace = label.indexOf('{');
        return brace < 0 ? label : label.substring(0, brace);
    }

    /** Returns the number of the device, empty when it is about the node or its only device. */
    public String device() {
        final int begin = label.indexOf(DEVICE);
        return begin < 0 ? "" : label.substring(begin + DEVICE.length(), label.length() - 1);
    }

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
        final String name = name();
        final int bound = name.lastIndexOf(BOUND);
        return bound >= 0 ? name.substring(0, bound) : name.substring(0, name.length() - ".sum.ns".length());
    }

    /** Returns a bucket's greatest time, {@link Long#MAX_VALUE} for none. */
    long boundNs() {
        final String name = name();
        final String bound =
                name.substring(name.lastIndexOf(BOUND) + BOUND.length(), name.length() - NANOSECONDS.length());
        return INFINITE.equals(bound) ? Long.MAX_VALUE : Long.parseLong(bound);
    }

    /** Tells whether the value is in nanoseconds. */
    boolean isTime() {
        return name().endsWith(NANOSECONDS);
    }
}
