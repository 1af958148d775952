package io.millrace.server.metric;

import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The metrics of a node in this process with their last values, for readers that must not depend on the mapped file.
 *
 * <p><b>Threading</b>: one thread sets, any thread reads; each value is whole, two of them may be of different moments.
 */
public final class MetricTable implements MetricSource {
    private final List<Metric> metrics;
    private final AtomicLongArray values;

    /**
     * Makes a table of zeros.
     *
     * @param metrics in the order of their indices.
     */
    public MetricTable(final List<Metric> metrics) {
        this.metrics = List.copyOf(metrics);
        values = new AtomicLongArray(metrics.size());
    }

    /**
     * Sets a value; allocates nothing.
     *
     * @param index of the metric.
     * @param value new.
     */
    public void set(final int index, final long value) {
        values.setOpaque(index, value);
    }

    @Override
    public void forEach(final Visitor visitor) {
        for (int i = 0; i < metrics.size(); i++) {
            visitor.onMetric(metrics.get(i), values.getOpaque(i));
        }
    }
}
