package io.millrace.perf.report;

import io.millrace.perf.load.OpenLoop;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * A histogram as bars in a terminal: how many events took how long, and the percentile reached at each bar.
 *
 * <p><b>Threading:</b> stateless.
 */
public final class HistogramPicture {
    private static final int ROWS = 14;
    private static final int WIDTH = 44;

    private HistogramPicture() {}

    /**
     * Draws the distribution on a logarithmic axis from its fastest to its slowest value.
     *
     * @param histogram of nanoseconds.
     * @return lines of text, each ended by a line feed; one line when the histogram is empty.
     */
    public static String draw(final Histogram histogram) {
        if (histogram.getTotalCount() == 0) {
            return "  (no events)\n";
        }
        final double low = (double) Math.max(1, histogram.getMinNonZeroValue());
        final double high = Math.max(low * 1.1, (double) histogram.getMaxValue());
        final double step = Math.pow(high / low, 1.0 / ROWS);
        final long[] counts = new long[ROWS];
        long most = 1;
        long from = 0;
        for (int row = 0; row < ROWS; row++) {
            final long to = row == ROWS - 1 ? OpenLoop.HIGHEST_NS : (long) (low * Math.pow(step, row + 1.0));
            counts[row] = from > to ? 0 : histogram.getCountBetweenValues(from, to);
            from = histogram.nextNonEquivalentValue(to);
            most = Math.max(most, counts[row]);
        }
        final StringBuilder out = new StringBuilder();
        long sum = 0;
        for (int row = 0; row < ROWS; row++) {
            sum += counts[row];
            final double upTo = row == ROWS - 1 ? high : low * Math.pow(step, row + 1.0);
            out.append(String.format(
                    Locale.ROOT,
                    "  <= %9s  %-" + WIDTH + "s %9d  %8.4f %%%n",
                    time(upTo),
                    bar(counts[row], most),
                    counts[row],
                    Math.min(100.0, 100.0 * sum / histogram.getTotalCount())));
        }
        return out.toString();
    }

    /** A bar whose length is linear in the count; what is there at all shows at least a dot. */
    private static String bar(final long count, final long most) {
        if (count == 0) {
            return "";
        }
        final int length = (int) Math.round((double) count * WIDTH / most);
        return length == 0 ? "." : "#".repeat(length);
    }

    private static String time(final double nanos) {
        if (nanos < 1e6) {
            return String.format(Locale.ROOT, "%.1f us", nanos / 1e3);
        }
        return nanos < 1e9
                ? String.format(Locale.ROOT, "%.2f ms", nanos / 1e6)
                : String.format(Locale.ROOT, "%.2f s", nanos / 1e9);
    }
}
