package io.millrace.server.metric;

/**
 * What the values of a metric mean. The number is the type of the counter in the file.
 *
 * <p><b>Threading</b>: immutable.
 */
public enum MetricKind {
    /** Only rises while the process lives. */
    COUNTER(1),
    /** Rises and falls. */
    GAUGE(2),
    /** Times of one bucket alone; its bound stands in the label. */
    BUCKET(3),
    /** Sum of all times of the buckets before it. */
    SUM(4);

    private final int typeId;

    MetricKind(final int typeId) {
        this.typeId = typeId;
    }

    /** Returns the type of the counter in the file. */
    public int typeId() {
        return typeId;
    }

    /** Finds a kind by the type of a counter; one of another version is shown as a gauge. */
    static MetricKind of(final int typeId) {
        for (final MetricKind kind : values()) {
            if (kind.typeId == typeId) {
                return kind;
            }
        }
        return GAUGE;
    }
}
