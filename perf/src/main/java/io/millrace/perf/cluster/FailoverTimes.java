package io.millrace.perf.cluster;

import io.millrace.perf.report.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * How long it took from a fault to the next acknowledgement, by fault and by what the node was to the segment's chain.
 *
 * <p><b>Threading</b>: the rig's thread.
 */
final class FailoverTimes {
    private static final String[] BARS = {"<= 250 ms", "<= 500 ms", "<= 1 s", "<= 1.5 s", "<= 3 s", "<= 6 s", "longer"};
    private static final long[] BOUNDS_MS = {250, 500, 1_000, 1_500, 3_000, 6_000, Long.MAX_VALUE};
    private static final int BAR_LENGTH = 40;

    private final Map<String, List<Long>> byKind = new TreeMap<>();
    private final List<Long> all = new ArrayList<>();

    /**
     * Adds one.
     *
     * @param fault that happened.
     * @param role of the node that it happened to.
     * @param durationNs until the next acknowledgement.
     */
    void add(final String fault, final String role, final long durationNs) {
        byKind.computeIfAbsent(fault + " " + role, ignored -> new ArrayList<>()).add(durationNs);
        all.add(durationNs);
    }

    /** Returns how many there are. */
    int count() {
        return all.size();
    }

    /** Returns p50, p90 and max of all, in milliseconds. */
    JsonObject toJson() {
        return json(all);
    }

    /** Returns the same for each fault and role, under {@code fault role}. */
    JsonObject byKindJson() {
        final JsonObject kinds = new JsonObject();
        byKind.forEach((kind, times) -> kinds.put(kind, json(times).put("count", times.size())));
        return kinds;
    }

    /** Draws the histogram of all and a line for each kind. */
    String draw() {
        final StringBuilder text = new StringBuilder("fault -> next acknowledgement, ")
                .append(all.size())
                .append(" times:\n");
        for (int bar = 0; bar < BARS.length; bar++) {
            final long low = bar == 0 ? -1 : BOUNDS_MS[bar - 1];
            final long high = BOUNDS_MS[bar];
            final long count = all.stream()
                    .map(FailoverTimes::millis)
                    .filter(millis -> millis > low && millis <= high)
                    .count();
            text.append(String.format(
                    Locale.ROOT,
                    "  %9s  %-" + BAR_LENGTH + "s %d%n",
                    BARS[bar],
                    "#".repeat(all.isEmpty() ? 0 : (int) (count * BAR_LENGTH / all.size())),
                    count));
        }
        byKind.forEach((kind, times) -> text.append(String.format(
                Locale.ROOT,
                "  %-24s p50 %,6d  p90 %,6d  max %,6d ms (%d)%n",
                kind,
                millis(percentile(times, 50)),
                millis(percentile(times, 90)),
                millis(percentile(times, 100)),
                times.size())));
        return text.toString().stripTrailing();
    }

    private static JsonObject json(final List<Long> times) {
        return new JsonObject()
                .put("p50", millis(percentile(times, 50)))
                .put("p90", millis(percentile(times, 90)))
                .put("max", millis(percentile(times, 100)));
    }

    private static long millis(final long nanos) {
        return nanos / 1_000_000;
    }

    /** The smallest value that so many percent of all do not exceed; 0 of none. */
    static long percentile(final List<Long> times, final int percent) {
        if (times.isEmpty()) {
            return 0;
        }
        final List<Long> sorted = new ArrayList<>(times);
        Collections.sort(sorted);
        return sorted.get(Math.max(0, (sorted.size() * percent + 99) / 100 - 1));
    }
}
