package io.millrace.perf.process;

import io.millrace.perf.load.Percentiles;
import io.millrace.perf.report.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Tells whether what a process holds grows: the median of the last third of its samples against that of the first. The
 * samples before the first ones count are taken while code is still being compiled; the owner leaves them out.
 *
 * <p><b>Threading:</b> one thread.
 */
public final class UseOverTime {
    /** Memory is flat when it grows by less than this share … */
    public static final double MEMORY_SHARE = 0.10;

    /** … or by less than this many bytes: compiled code and collector regions come and go in such steps. */
    public static final double MEMORY_SLACK_BYTES = 24 << 20;

    /** Descriptors are flat when there are at most this many more: a collector's file open at the moment of a look. */
    public static final double DESCRIPTOR_SLACK = 4;

    /** Fewer samples than this tell nothing: a young process still compiles. */
    public static final int FEWEST_SAMPLES = 9;

    private static final int PARTS = 3;

    private final List<ProcessUse> samples = new ArrayList<>();

    /** Makes an empty record. */
    public UseOverTime() {}

    /**
     * Adds a sample.
     *
     * @param use at one moment, later than those before.
     */
    public void add(final ProcessUse use) {
        samples.add(use);
    }

    /** How many samples there are. */
    public int size() {
        return samples.size();
    }

    /** Whether neither memory nor descriptors grew; true when there are too few samples to tell. */
    public boolean isFlat() {
        if (samples.size() < FEWEST_SAMPLES) {
            return true;
        }
        final double memory = last(ProcessUse::residentBytes) - first(ProcessUse::residentBytes);
        return memory <= Math.max(MEMORY_SLACK_BYTES, MEMORY_SHARE * first(ProcessUse::residentBytes))
                && last(ProcessUse::descriptors) - first(ProcessUse::descriptors) <= DESCRIPTOR_SLACK;
    }

    /** As JSON: first and last thirds' medians. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("samples", samples.size())
                .put("residentMiBFirst", samples.isEmpty() ? Double.NaN : mebibytes(first(ProcessUse::residentBytes)))
                .put("residentMiBLast", samples.isEmpty() ? Double.NaN : mebibytes(last(ProcessUse::residentBytes)))
                .put("descriptorsFirst", samples.isEmpty() ? Double.NaN : first(ProcessUse::descriptors))
                .put("descriptorsLast", samples.isEmpty() ? Double.NaN : last(ProcessUse::descriptors))
                .put("flat", isFlat());
    }

    @Override
    public String toString() {
        return samples.isEmpty()
                ? "no samples"
                : String.format(
                        Locale.ROOT,
                        "resident %.0f -> %.0f MiB, descriptors %.0f -> %.0f (%d samples)",
                        mebibytes(first(ProcessUse::residentBytes)),
                        mebibytes(last(ProcessUse::residentBytes)),
                        first(ProcessUse::descriptors),
                        last(ProcessUse::descriptors),
                        samples.size());
    }

    private double first(final ToDoubleFunction<ProcessUse> figure) {
        return Percentiles.median(samples.subList(0, third()), figure);
    }

    private double last(final ToDoubleFunction<ProcessUse> figure) {
        return Percentiles.median(samples.subList(samples.size() - third(), samples.size()), figure);
    }

    private int third() {
        return Math.max(1, samples.size() / PARTS);
    }

    private static double mebibytes(final double bytes) {
        return bytes / (1 << 20);
    }
}
