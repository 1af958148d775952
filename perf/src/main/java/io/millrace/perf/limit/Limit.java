package io.millrace.perf.limit;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * The physical limit of a durable event: one Aeron round trip plus one durable device write, both measured. The limit's
 * percentiles are the sums of theirs.
 *
 * <p><b>Threading:</b> one thread.
 *
 * @param roundTrip round trips in nanoseconds.
 * @param deviceWrite durable writes in nanoseconds.
 * @param othersShare processor share of other processes while they were measured, 0 … 1.
 */
public record Limit(Histogram roundTrip, Histogram deviceWrite, double othersShare) {
    /**
     * The limit's percentile.
     *
     * @param percentile 0 … 100.
     * @return microseconds.
     */
    public double micros(final double percentile) {
        return (roundTrip.getValueAtPercentile(percentile) + deviceWrite.getValueAtPercentile(percentile)) / 1e3;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "p50 %.1f  p99 %.1f us (Aeron round trip %.1f / %.1f, durable write %.1f / %.1f)",
                micros(50),
                micros(99),
                roundTrip.getValueAtPercentile(50) / 1e3,
                roundTrip.getValueAtPercentile(99) / 1e3,
                deviceWrite.getValueAtPercentile(50) / 1e3,
                deviceWrite.getValueAtPercentile(99) / 1e3);
    }
}
