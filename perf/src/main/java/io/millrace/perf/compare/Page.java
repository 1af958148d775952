package io.millrace.perf.compare;

import io.millrace.perf.load.NullSystem;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * A comparison as one HTML page that needs nothing else: no network, no file beside it. The table and the environment
 * are in the page as they are; a script draws the pictures from figures that are in it too.
 *
 * <p><b>Threading:</b> stateless. <b>Invariants:</b> the page is well-formed XML, whatever the texts are.
 */
final class Page {
    private static final String TEMPLATE = "compare.html";

    private Page() {}

    /**
     * Renders it.
     *
     * @param json rows and details, as they are in the JSON file.
     * @param series curves and times.
     * @param rows of the table.
     * @param environment name and words, line by line.
     * @param command that repeats it.
     * @return the page.
     * @throws IOException when its template is missing.
     */
    static String render(
            final JsonObject json,
            final List<JsonObject> series,
            final List<Row> rows,
            final List<String[]> environment,
            final String command)
            throws IOException {
        final JsonObject data = new JsonObject().put("all", json).put("series", series);
        return template()
                .replace("<!--TABLE-->", table(rows))
                .replace("<!--ENVIRONMENT-->", environment(environment))
                .replace("<!--COMMAND-->", escape(command))
                .replace("/*DATA*/null", data.toString().replace("<", "\\u003c").replace("]]>", "]]\\u003e"));
    }

    /**
     * A text as it may stand in the page.
     *
     * @param text any.
     */
    static String escape(final String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replaceAll("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f]", "?");
    }

    private static String table(final List<Row> rows) {
        final StringBuilder out = new StringBuilder();
        String workload = "";
        double rate = -1;
        for (final Row row : rows) {
            final boolean isNew = !row.workload().equals(workload) || row.rate() != rate;
            workload = row.workload();
            rate = row.rate();
            out.append("<tr class=\"")
                    .append(isNew ? "first " : "")
                    .append(row.system().equals("millrace-1") ? "ours" : "")
                    .append("\"><td>")
                    .append(isNew ? escape(row.workload()) : "")
                    .append("</td><td class=\"n\">")
                    .append(isNew && row.rate() > 0 ? String.format(Locale.ROOT, "%,.0f", row.rate()) : "")
                    .append("</td><td>")
                    .append(escape(row.system()))
                    .append("</td>")
                    .append(cells(row))
                    .append("</tr>\n");
        }
        return out.toString();
    }

    private static String cells(final Row row) {
        if (row.skipped() != null) {
            return "<td colspan=\"9\" class=\"skipped\">skipped: " + escape(row.skipped()) + "</td>";
        }
        final StringBuilder out = new StringBuilder("<td>")
                .append(row.durable() ? "yes" : "<b class=\"no\">no</b>")
                .append("</td>");
        final Percentiles micros = row.micros();
        final double[] values = micros == null
                ? new double[0]
                : new double[] {micros.p50(), micros.p90(), micros.p99(), micros.p99_9(), micros.p99_99()};
        for (int i = 0; i < 5; i++) {
            out.append("<td class=\"n\">")
                    .append(i < values.length ? micros(values[i]) : "")
                    .append("</td>");
        }
        out.append("<td class=\"n\">")
                .append(String.format(Locale.ROOT, "%,.0f", row.eventsPerSecond()))
                .append("</td>");
        final Double ratio = row.ratioP50();
        final boolean isPeer = !List.of(LimitDrive.NAME, NullSystem.NAME).contains(row.system());
        out.append("<td class=\"n ")
                .append(ratio == null || !isPeer || Math.abs(ratio - 1) < 0.02 ? "" : ratio > 1 ? "win" : "loss")
                .append("\">")
                .append(ratio == null ? "" : String.format(Locale.ROOT, "%.2f", ratio))
                .append("</td>");
        return out.append("<td>")
                .append(row.runs())
                .append(row.disturbed() ? " <b class=\"no\">disturbed</b>" : "")
                .append("</td>")
                .toString();
    }

    private static String micros(final double value) {
        if (value < 10) {
            return String.format(Locale.ROOT, "%.2f µs", value);
        }
        return value < 1000
                ? String.format(Locale.ROOT, "%.0f µs", value)
                : value < 1e6
                        ? String.format(Locale.ROOT, "%.1f ms", value / 1e3)
                        : String.format(Locale.ROOT, "%.1f s", value / 1e6);
    }

    private static String environment(final List<String[]> lines) {
        final StringBuilder out = new StringBuilder();
        for (final String[] line : lines) {
            out.append("<dt>")
                    .append(escape(line[0]))
                    .append("</dt><dd>")
                    .append(escape(line[1]))
                    .append("</dd>\n");
        }
        return out.toString();
    }

    private static String template() throws IOException {
        try (InputStream in = Page.class.getResourceAsStream(TEMPLATE)) {
            if (in == null) {
                throw new IOException(TEMPLATE + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
