package io.millrace.perf.compare;

import io.millrace.perf.load.Percentiles;
import io.millrace.perf.process.ProcessorShare;
import io.millrace.perf.report.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What one run told, and what is made of it.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param told its figures.
 * @param totals its latencies by tag, in nanoseconds.
 * @param overTime the same by slices of time.
 * @param log file of its histograms.
 * @param hasWriteCache whether its device must be flushed to be durable.
 */
record Run(
        JsonFields told,
        Map<String, Histogram> totals,
        Map<String, List<Moment>> overTime,
        Path log,
        boolean hasWriteCache) {
    /**
     * One slice of time.
     *
     * @param seconds its middle, from the start of the measurement.
     * @param p50 microseconds.
     * @param p99 microseconds.
     * @param max microseconds.
     */
    record Moment(double seconds, double p50, double p99, double max) {}

    /**
     * Reads what a run left behind.
     *
     * @param result its JSON object.
     * @param log its histograms.
     * @param hasWriteCache of the device.
     * @return the run.
     * @throws IOException when a file cannot be read, or is no such file.
     */
    static Run read(final Path result, final Path log, final boolean hasWriteCache) throws IOException {
        final JsonFields told;
        try {
            told = JsonFields.parse(Files.readString(result).strip());
        } catch (final IllegalArgumentException e) {
            throw new IOException("the run's figures cannot be read: " + e.getMessage(), e);
        }
        final Map<String, Histogram> totals = new LinkedHashMap<>();
        final Map<String, List<Moment>> overTime = new LinkedHashMap<>();
        HistogramLog.read(log).forEach((tag, slices) -> {
            totals.put(tag, HistogramLog.sum(slices));
            final List<Moment> moments = new ArrayList<>();
            for (final HistogramLog.Slice slice : slices) {
                if (slice.histogram().getTotalCount() > 0) {
                    moments.add(new Moment(
                            (slice.startSeconds() + slice.endSeconds()) / 2,
                            slice.histogram().getValueAtPercentile(50) / 1e3,
                            slice.histogram().getValueAtPercentile(99) / 1e3,
                            slice.histogram().getMaxValue() / 1e3));
                }
            }
            overTime.put(tag, moments);
        });
        return new Run(told, totals, overTime, log, hasWriteCache);
    }

    /** Whether other processes used so much of the machine that the run says little. */
    boolean isDisturbed() {
        return figure("othersShare") > ProcessorShare.DISTURBED_ABOVE;
    }

    /** Whether every event came through in time. */
    boolean isComplete() {
        return "true".equals(told.get("complete"));
    }

    /** Whether its acknowledgements may be called durable. */
    boolean isDurable() {
        final boolean isRead = told.get("fillFlushes") != null;
        final DeviceStat device = isRead
                ? new DeviceStat((long) figure("fillFlushes"), (long) figure("fillWrites"), 0)
                : new DeviceStat((long) figure("flushes"), (long) figure("deviceWrites"), 0);
        final double seconds = isRead ? 1 : figure("elapsedSeconds");
        return DurabilityJudge.isDurable(
                "true".equals(told.get("claimsDurable")),
                hasWriteCache,
                device,
                seconds,
                isRead ? 1 : figure("eventsPerSecond"),
                totals.containsKey("ack") ? percentiles("ack").p50() : Double.NaN);
    }

    /**
     * Percentiles in microseconds.
     *
     * @param tag what of.
     */
    Percentiles percentiles(final String tag) {
        final Histogram histogram = totals.get(tag);
        return Percentiles.of(histogram == null ? HistogramLog.sum(List.of()) : histogram);
    }

    /**
     * A figure of the run.
     *
     * @param name of it.
     * @return the number, not a number when it was not told.
     */
    double figure(final String name) {
        final String text = told.get(name);
        try {
            return text == null ? Double.NaN : Double.parseDouble(text);
        } catch (final NumberFormatException e) {
            return Double.NaN;
        }
    }
}
