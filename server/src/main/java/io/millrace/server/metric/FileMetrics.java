package io.millrace.server.metric;

import io.millrace.codec.CountersFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The metrics of a data directory at one moment, read from its counters file.
 *
 * <p><b>Threading</b>: immutable.
 */
public final class FileMetrics implements MetricSource {
    private final Map<Metric, Long> values;

    private FileMetrics(final Map<Metric, Long> values) {
        this.values = values;
    }

    /**
     * Reads the file; it needs not be writable, its node needs not live.
     *
     * @param dataDirectory of the node.
     * @return its metrics.
     * @throws io.millrace.codec.MillraceException MR-5012 when there is no such file, or it is none of Millrace.
     */
    public static FileMetrics read(final Path dataDirectory) {
        final Map<Metric, Long> values = new LinkedHashMap<>();
        try (CountersFile file = CountersFile.open(dataDirectory)) {
            file.forEach((label, typeId, value) -> values.put(new Metric(label, MetricKind.of(typeId), label), value));
        }
        return new FileMetrics(values);
    }

    /**
     * Returns one value.
     *
     * @param label of the metric.
     * @return its value, 0 when there is none.
     */
    public long value(final String label) {
        long found = 0;
        for (final Map.Entry<Metric, Long> entry : values.entrySet()) {
            if (entry.getKey().label().equals(label)) {
                found = entry.getValue();
            }
        }
        return found;
    }

    @Override
    public void forEach(final Visitor visitor) {
        values.forEach(visitor::onMetric);
    }
}
