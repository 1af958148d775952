package io.millrace.perf;

import io.millrace.perf.limit.DeviceFigures;
import io.millrace.perf.load.Percentiles;
import io.millrace.perf.process.ProcessorShare;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Terminal;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The figures of {@code bench journal}: medians over rounds; a ratio is the median of the ratios of the pairs, ours
 * over fio's.
 *
 * <p><b>Threading:</b> immutable.
 */
final class JournalReport {
    private final List<JournalBench.Round> rounds;
    private final List<JournalBench.Fill> fills;

    /**
     * Takes the figures.
     *
     * @param rounds at least one.
     * @param fills at least one.
     */
    JournalReport(final List<JournalBench.Round> rounds, final List<JournalBench.Fill> fills) {
        this.rounds = List.copyOf(rounds);
        this.fills = List.copyOf(fills);
    }

    /** Durable events per second, the median. */
    double eventsPerSecond() {
        return Percentiles.median(fills, fill -> fill.appended().eventsPerSecond());
    }

    /** Whether other processes used so much of the machine that the figures say little. */
    boolean isDisturbed() {
        return rounds.stream().anyMatch(round -> round.othersShare() > ProcessorShare.DISTURBED_ABOVE)
                || fills.stream().anyMatch(fill -> fill.othersShare() > ProcessorShare.DISTURBED_ABOVE);
    }

    /**
     * The ratios to fio; without it none is a number.
     *
     * @return p50, p99, iopsDepth8, iopsDepth32, bandwidth, recoveryScan.
     */
    JsonObject ratios() {
        return new JsonObject()
                .put("p50", ratio(JournalBench.Round::depth1, DeviceFigures::p50))
                .put("p99", ratio(JournalBench.Round::depth1, DeviceFigures::p99))
                .put("iopsDepth8", ratio(JournalBench.Round::depth8, DeviceFigures::operationsPerSecond))
                .put("iopsDepth32", ratio(JournalBench.Round::depth32, DeviceFigures::operationsPerSecond))
                .put("bandwidth", ratio(JournalBench.Round::mebibytes, DeviceFigures::bytesPerSecond))
                .put("recoveryScan", recoveryRatio());
    }

    /** The result as JSON, without the machine. */
    JsonObject toJson() {
        return new JsonObject()
                .put("ratio", ratios())
                .put("eventsPerSecond", eventsPerSecond())
                .put("allocatedBytesPerEvent", Percentiles.median(fills, fill -> fill.appended()
                        .allocatedBytesPerEvent()))
                .put("recoveryBytesPerSecond", recoveryBytesPerSecond())
                .put("device", figures(JournalBench.Pair::ours))
                .put("fio", figures(JournalBench.Pair::peer))
                .put("runs", rounds.size())
                .put("disturbed", isDisturbed());
    }

    /**
     * Says the medians.
     *
     * @param terminal prints.
     */
    void say(final Terminal terminal) {
        line(terminal, "4 KiB, depth 1, p50", "us", JournalBench.Round::depth1, DeviceFigures::p50);
        line(terminal, "4 KiB, depth 1, p99", "us", JournalBench.Round::depth1, DeviceFigures::p99);
        line(terminal, "4 KiB, depth 8", "/s", JournalBench.Round::depth8, DeviceFigures::operationsPerSecond);
        line(terminal, "4 KiB, depth 32", "/s", JournalBench.Round::depth32, DeviceFigures::operationsPerSecond);
        line(
                terminal,
                "1 MiB, depth 4",
                "MB/s",
                JournalBench.Round::mebibytes,
                figures -> figures.bytesPerSecond() / 1e6);
        terminal.say(line(
                "recovery, read",
                "MB/s",
                recoveryBytesPerSecond() / 1e6,
                Percentiles.median(fills, fill -> of(fill.peer(), DeviceFigures::bytesPerSecond)) / 1e6,
                recoveryRatio()));
        terminal.say(String.format(
                Locale.ROOT,
                "appends: %,.0f durable events/s on one thread, %.3f B allocated per event, %.0f events a batch",
                eventsPerSecond(),
                Percentiles.median(fills, fill -> fill.appended().allocatedBytesPerEvent()),
                Percentiles.median(fills, fill -> fill.appended().eventsPerBatch())));
        terminal.say("median of " + rounds.size() + " pairs and " + fills.size() + " journals, disturbed: "
                + (isDisturbed() ? "YES, other processes used more than 5 % of the machine: do not quote" : "no"));
    }

    private void line(
            final Terminal terminal,
            final String name,
            final String unit,
            final Function<JournalBench.Round, JournalBench.Pair> load,
            final ToDoubleFunction<DeviceFigures> figure) {
        terminal.say(line(
                name,
                unit,
                Percentiles.median(rounds, round -> of(load.apply(round).ours(), figure)),
                Percentiles.median(rounds, round -> of(load.apply(round).peer(), figure)),
                ratio(load, figure)));
    }

    /** One line of the table; without fio, whose figures are not numbers then, ours alone. */
    static String line(final String name, final String unit, final double ours, final double fio, final double ratio) {
        final String text = String.format(Locale.ROOT, "  %-22s journal %,12.1f %-4s", name, ours, unit);
        return Double.isNaN(fio)
                ? text.stripTrailing()
                : text + String.format(Locale.ROOT, "  fio %,12.1f %-4s  ratio %.2f", fio, unit, ratio);
    }

    private double ratio(
            final Function<JournalBench.Round, JournalBench.Pair> load, final ToDoubleFunction<DeviceFigures> figure) {
        return Percentiles.median(
                rounds,
                round -> of(load.apply(round).ours(), figure)
                        / of(load.apply(round).peer(), figure));
    }

    private double recoveryRatio() {
        return Percentiles.median(
                fills, fill -> fill.recovered().bytesPerSecond() / of(fill.peer(), DeviceFigures::bytesPerSecond));
    }

    private double recoveryBytesPerSecond() {
        return Percentiles.median(fills, fill -> fill.recovered().bytesPerSecond());
    }

    private JsonObject figures(final Function<JournalBench.Pair, @Nullable DeviceFigures> side) {
        return new JsonObject()
                .put("p50Micros", median(round -> of(side.apply(round.depth1()), DeviceFigures::p50)))
                .put("p99Micros", median(round -> of(side.apply(round.depth1()), DeviceFigures::p99)))
                .put("iopsDepth8", median(round -> of(side.apply(round.depth8()), DeviceFigures::operationsPerSecond)))
                .put(
                        "iopsDepth32",
                        median(round -> of(side.apply(round.depth32()), DeviceFigures::operationsPerSecond)))
                .put(
                        "bytesPerSecond",
                        median(round -> of(side.apply(round.mebibytes()), DeviceFigures::bytesPerSecond)));
    }

    private double median(final ToDoubleFunction<JournalBench.Round> figure) {
        return Percentiles.median(rounds, figure);
    }

    private static double of(final @Nullable DeviceFigures figures, final ToDoubleFunction<DeviceFigures> figure) {
        return figures == null ? Double.NaN : figure.applyAsDouble(figures);
    }
}
