package io.millrace.perf.cluster;

import io.millrace.perf.report.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * The write stalls of planned changes, one of each segment and change, and beside them what the same load sees in as
 * many short times in which nothing happens: what the machine itself does to it.
 *
 * <p><b>Threading</b>: the rig's thread.
 */
final class StallTimes {
    private final Map<String, List<Long>> byChange = new TreeMap<>();
    private final List<Long> all = new ArrayList<>();
    private final List<Long> calm = new ArrayList<>();

    /**
     * Adds the stall of a segment over a change.
     *
     * @param change that was made.
     * @param durationNs the longest wait of an event.
     */
    void add(final String change, final long durationNs) {
        byChange.computeIfAbsent(change, ignored -> new ArrayList<>()).add(durationNs);
        all.add(durationNs);
    }

    /**
     * Adds the longest wait of a segment's events while nothing was changed.
     *
     * @param durationNs the longest wait of an event.
     */
    void addCalm(final long durationNs) {
        calm.add(durationNs);
    }

    /** Returns p50, p90, p99 and max of all changes, in milliseconds. */
    JsonObject toJson() {
        return json(all);
    }

    /** Returns the same of the times in which nothing was changed. */
    JsonObject calmJson() {
        return json(calm);
    }

    /** Returns the same for each kind of change. */
    JsonObject byChangeJson() {
        final JsonObject kinds = new JsonObject();
        byChange.forEach((change, times) -> kinds.put(change, json(times).put("count", times.size())));
        return kinds;
    }

    /** Gives a line for each kind of change, one for all and one for none. */
    String draw() {
        final StringBuilder text = new StringBuilder("planned change -> longest wait of an event, by segment:\n");
        byChange.forEach((change, times) -> text.append(line(change, times)));
        return text.append(line("all changes", all))
                .append(line("2 s without any", calm))
                .toString()
                .stripTrailing();
    }

    private static String line(final String what, final List<Long> times) {
        return String.format(
                Locale.ROOT,
                "  %-24s p50 %,6.1f  p90 %,6.1f  p99 %,6.1f  max %,6.1f ms (%d)%n",
                what,
                millis(times, 50),
                millis(times, 90),
                millis(times, 99),
                millis(times, 100),
                times.size());
    }

    private static JsonObject json(final List<Long> times) {
        return new JsonObject()
                .put("p50", millis(times, 50))
                .put("p90", millis(times, 90))
                .put("p99", millis(times, 99))
                .put("max", millis(times, 100));
    }

    private static double millis(final List<Long> times, final int percent) {
        return FailoverTimes.percentile(times, percent) / 1e6;
    }
}
