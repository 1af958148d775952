package io.millrace.perf.compare;

import io.millrace.perf.load.Percentiles;
import java.util.List;
import java.util.Locale;

/**
 * Rows as lines of text.
 *
 * <p><b>Threading:</b> stateless.
 */
final class Table {
    private Table() {}

    /**
     * All rows.
     *
     * @param rows in their order.
     * @return lines with a head, without the last line feed.
     */
    static String text(final List<Row> rows) {
        final StringBuilder out = new StringBuilder(String.format(
                Locale.ROOT,
                "  %-16s %-18s %9s %-7s %10s %10s %10s %10s %12s %8s",
                "workload",
                "system",
                "rate",
                "durable",
                "p50 us",
                "p90 us",
                "p99 us",
                "p99.9 us",
                "events/s",
                "x ours"));
        rows.forEach(row -> out.append('\n').append(line(row)));
        return out.toString();
    }

    /**
     * One row.
     *
     * @param row any.
     * @return a line without its line feed.
     */
    static String line(final Row row) {
        final String head = String.format(
                Locale.ROOT,
                "  %-16s %-18s %9s ",
                row.workload(),
                row.system(),
                row.rate() == 0 ? "" : String.format(Locale.ROOT, "%,.0f", row.rate()));
        if (row.skipped() != null) {
            return head + "skipped: " + row.skipped();
        }
        final Percentiles micros = row.micros();
        final Double ratio = row.ratioP50();
        return (head
                        + String.format(Locale.ROOT, "%-7s ", row.durable() ? "yes" : "NO")
                        + (micros == null
                                ? " ".repeat(43)
                                : String.format(
                                        Locale.ROOT,
                                        "%10.1f %10.1f %10.1f %10.1f",
                                        micros.p50(),
                                        micros.p90(),
                                        micros.p99(),
                                        micros.p99_9()))
                        + String.format(Locale.ROOT, " %,12.0f", row.eventsPerSecond())
                        + (ratio == null ? "" : String.format(Locale.ROOT, " %8.2f", ratio))
                        + (row.disturbed() ? "  disturbed" : ""))
                .stripTrailing();
    }
}
