package io.millrace.perf.limit;

import org.HdrHistogram.Histogram;

/**
 * What a load on a device gave, ours or fio's.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param p50 median time of an operation from submission to completion in microseconds.
 * @param p99 its 99th percentile.
 * @param operationsPerSecond completed operations.
 * @param bytesPerSecond transferred by them.
 */
public record DeviceFigures(double p50, double p99, double operationsPerSecond, double bytesPerSecond) {
    /**
     * Makes the figures of a load of ours.
     *
     * @param histogram times in nanoseconds.
     * @param count operations completed.
     * @param bytesEach bytes of an operation.
     * @param elapsedNs nanoseconds.
     * @return figures.
     */
    public static DeviceFigures of(
            final Histogram histogram, final long count, final double bytesEach, final long elapsedNs) {
        final double rate = count * 1e9 / Math.max(1, elapsedNs);
        return new DeviceFigures(
                histogram.getValueAtPercentile(50) / 1e3,
                histogram.getValueAtPercentile(99) / 1e3,
                rate,
                rate * bytesEach);
    }
}
