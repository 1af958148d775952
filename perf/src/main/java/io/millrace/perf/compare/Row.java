package io.millrace.perf.compare;

import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * One line of the comparison.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param system its name.
 * @param workload name of the cell.
 * @param rate events per second that were scheduled; 0 where there was no schedule.
 * @param durable whether the acknowledgements are durable by what the device did.
 * @param runs how many are in the figures.
 * @param micros medians of the runs' percentiles; null where no latency was measured.
 * @param eventsPerSecond median.
 * @param ratioP50 theirs by ours at the same rate; null where there is none.
 * @param ratioP99 theirs by ours at the same rate; null where there is none.
 * @param disturbed whether one of the runs was disturbed.
 * @param skipped why there are no figures, or null.
 */
record Row(
        String system,
        String workload,
        double rate,
        boolean durable,
        int runs,
        @Nullable Percentiles micros,
        double eventsPerSecond,
        @Nullable Double ratioP50,
        @Nullable Double ratioP99,
        boolean disturbed,
        @Nullable String skipped) {
    /**
     * A row without figures.
     *
     * @param system its name.
     * @param workload name of the cell.
     * @param rate that was asked for.
     * @param reason why.
     * @return the row.
     */
    static Row skipped(final String system, final String workload, final double rate, final String reason) {
        return new Row(system, workload, rate, false, 0, null, Double.NaN, null, null, false, reason);
    }

    /**
     * The same beside ours.
     *
     * @param ours of the same cell, or null when there is none.
     * @return with ratios where both have latencies at the same rate.
     */
    Row beside(final @Nullable Row ours) {
        if (ours == null || ours.micros == null || micros == null || rate != ours.rate || (rate == 0 && !isClosed())) {
            return this;
        }
        return new Row(
                system,
                workload,
                rate,
                durable,
                runs,
                micros,
                eventsPerSecond,
                micros.p50() / ours.micros.p50(),
                micros.p99() / ours.micros.p99(),
                disturbed,
                skipped);
    }

    /** A closed loop has no rate, and is comparable all the same. */
    private boolean isClosed() {
        return workload.endsWith("-closed");
    }

    /** As JSON, with exactly the fields that are promised. */
    JsonObject toJson() {
        final JsonObject json = new JsonObject()
                .put("system", system)
                .put("workload", workload)
                .put("rate", rate)
                .put("durable", durable)
                .put("runs", runs);
        if (micros == null) {
            json.putNull("micros");
        } else {
            json.put("micros", micros.toJson());
        }
        json.put("eventsPerSecond", eventsPerSecond);
        if (ratioP50 == null || ratioP99 == null) {
            json.putNull("ratioToOurs");
        } else {
            json.put("ratioToOurs", new JsonObject().put("p50", ratioP50).put("p99", ratioP99));
        }
        json.put("disturbed", disturbed);
        return skipped == null ? json.putNull("skipped") : json.put("skipped", skipped);
    }
}
