package io.millrace.perf.compare;

import io.millrace.perf.load.IntervalLog;
import io.millrace.perf.load.OpenLoop;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.EncodableHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.HdrHistogram.HistogramLogWriter;

/**
 * The latencies of one run as HdrHistogram writes them, tagged by what they are of: what its own tools, and every other
 * that reads {@code .hlog}, can draw. Values are nanoseconds, the column of maxima is microseconds.
 *
 * <p><b>Threading:</b> one thread.
 */
final class HistogramLog implements AutoCloseable {
    private static final double NANOS_PER_MICRO = 1e3;

    private final PrintStream out;
    private final HistogramLogWriter writer;

    /**
     * Begins a log.
     *
     * @param file replaced when it is there.
     * @param comment one line.
     * @throws IOException when it cannot be written.
     */
    HistogramLog(final Path file, final String comment) throws IOException {
        out = new PrintStream(Files.newOutputStream(file), false, StandardCharsets.UTF_8);
        writer = new HistogramLogWriter(out);
        writer.outputComment(comment);
        writer.outputLogFormatVersion();
        writer.outputLegend();
    }

    /**
     * Writes the slices of a phase.
     *
     * @param tag what they are of.
     * @param log the slices.
     */
    void write(final String tag, final IntervalLog log) {
        for (int i = 0; i < log.size(); i++) {
            final double start = i * (log.sliceNs() / 1e9);
            write(tag, log.slice(i), start, start + log.sliceNs() / 1e9);
        }
    }

    /**
     * Writes one histogram.
     *
     * @param tag what it is of.
     * @param histogram nanoseconds.
     * @param startSeconds of its slice.
     * @param endSeconds of its slice.
     */
    void write(final String tag, final Histogram histogram, final double startSeconds, final double endSeconds) {
        histogram.setTag(tag);
        writer.outputIntervalHistogram(startSeconds, endSeconds, histogram, NANOS_PER_MICRO);
    }

    @Override
    public void close() throws IOException {
        out.flush();
        final boolean failed = out.checkError();
        out.close();
        if (failed) {
            throw new IOException("the histogram log could not be written");
        }
    }

    /**
     * One slice of a log.
     *
     * @param startSeconds from the start of the phase.
     * @param endSeconds from the start of the phase.
     * @param histogram nanoseconds.
     */
    record Slice(double startSeconds, double endSeconds, Histogram histogram) {}

    /**
     * Reads a log.
     *
     * @param file written here.
     * @return the slices of each tag, in their order.
     * @throws IOException when it cannot be read.
     */
    static Map<String, List<Slice>> read(final Path file) throws IOException {
        final Map<String, List<Slice>> slices = new TreeMap<>();
        try (HistogramLogReader reader = new HistogramLogReader(Files.newInputStream(file))) {
            EncodableHistogram next = reader.nextIntervalHistogram();
            while (next != null) {
                if (next instanceof Histogram histogram) {
                    slices.computeIfAbsent(String.valueOf(histogram.getTag()), tag -> new ArrayList<>())
                            .add(new Slice(
                                    histogram.getStartTimeStamp() / 1e3, histogram.getEndTimeStamp() / 1e3, histogram));
                }
                next = reader.nextIntervalHistogram();
            }
        }
        return slices;
    }

    /**
     * Adds up slices.
     *
     * @param slices of one tag.
     * @return their sum.
     */
    static Histogram sum(final List<Slice> slices) {
        final Histogram sum = OpenLoop.newHistogram();
        slices.forEach(slice -> sum.add(slice.histogram()));
        return sum;
    }
}
