package io.millrace.perf;

import io.millrace.perf.limit.DeviceFigures;
import io.millrace.perf.limit.Fio;
import io.millrace.perf.limit.ProbeFile;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.Header;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench journal}: the journal and its device without a network, beside fio when asked.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
@Command(
        name = "journal",
        mixinStandardHelpOptions = true,
        description = "The journal without a network: device port, appends, recovery; --with-fio beside fio.")
final class JournalCommand implements Callable<Integer> {
    private static final int FILL_LIMIT = 3;

    private final Terminal terminal;
    private final NanoClock clock;

    @Option(
            names = "--with-fio",
            description = "Beside fio (io_uring, direct, sync=dsync); Debian's package is installed when it is missing"
                    + " and this is root.")
    private boolean withFio;

    @Option(
            names = "--pairs",
            paramLabel = "N",
            defaultValue = "5",
            description = "Interleaved pairs whose medians are reported (default ${DEFAULT-VALUE}).")
    private int pairs;

    @Option(
            names = "--duration",
            paramLabel = "TIME",
            defaultValue = "1s",
            converter = Quantity.Duration.class,
            description = "Of each load on the device, whole seconds with fio (default ${DEFAULT-VALUE}).")
    private long durationNs;

    @Option(
            names = "--size",
            paramLabel = "BYTES",
            defaultValue = "100",
            converter = Quantity.Size.class,
            description = "Payload of an appended event (default ${DEFAULT-VALUE}).")
    private long eventLength;

    @Option(
            names = "--file-size",
            paramLabel = "BYTES",
            defaultValue = "512MiB",
            converter = Quantity.Size.class,
            description = "File under the device port; the journal that is filled is four times as long (default"
                    + " ${DEFAULT-VALUE}).")
    private long fileLength;

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where the files go; decides the device (default: a temporary directory).")
    private @Nullable Path directory;

    @Option(names = "--output", paramLabel = "text|json", defaultValue = "text", description = "json: one object.")
    private BenchOptions.OutputForm output = BenchOptions.OutputForm.text;

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    JournalCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        terminal.json(output == BenchOptions.OutputForm.json);
        try (Cleanup cleanup = new Cleanup()) {
            final Environment environment = Environment.read(Environment.root());
            Header.say(terminal, environment);
            final Path place = cleanup.add(TemporaryDirectory.create(directory)).path();
            final Fio fio = withFio ? Fio.find(place, cleanup, terminal) : null;
            final JournalBench.Plan plan = new JournalBench.Plan(
                    Math.max(fileLength, 64L << 20), 4 * Math.max(fileLength, 64L << 20), durationNs, (int)
                            Math.min(eventLength, 1 << 19));
            final JournalBench bench = new JournalBench(fio, plan, clock);
            final Path file = place.resolve("device-port");
            cleanup.add(ProbeFile.create(file, plan.fileLength()));
            final String mode = JournalBench.describe(file);
            terminal.say("device port: " + mode + "; a file of its own, not calibrated");
            final List<JournalBench.Round> rounds = new ArrayList<>();
            for (int i = 0; i < Math.max(1, pairs); i++) {
                terminal.progress("pair " + (i + 1) + " …");
                rounds.add(bench.round(file, i % 2 == 0));
                sayRound(i + 1, rounds.get(i));
            }
            final List<JournalBench.Fill> fills = new ArrayList<>();
            for (int i = 0; i < Math.min(FILL_LIMIT, Math.max(1, pairs)); i++) {
                terminal.progress("journal " + (i + 1) + " …");
                fills.add(bench.fill(place.resolve("journal")));
                sayFill(i + 1, fills.get(i));
            }
            final JournalReport report = new JournalReport(rounds, fills);
            report.say(terminal);
            terminal.result(report.toJson().put("durabilityMode", mode).put("environment", environment.toJson()));
            return 0;
        }
    }

    private void sayRound(final int number, final JournalBench.Round round) {
        terminal.say(String.format(
                Locale.ROOT,
                "pair %d: p50 %s us, p99 %s us, depth 8 %s/s, depth 32 %s/s, 1 MiB %s MB/s, others used %.1f %%",
                number,
                both(round.depth1().ours().p50(), round.depth1().peer(), DeviceFigures::p50, 1),
                both(round.depth1().ours().p99(), round.depth1().peer(), DeviceFigures::p99, 1),
                both(
                        round.depth8().ours().operationsPerSecond(),
                        round.depth8().peer(),
                        DeviceFigures::operationsPerSecond,
                        1),
                both(
                        round.depth32().ours().operationsPerSecond(),
                        round.depth32().peer(),
                        DeviceFigures::operationsPerSecond,
                        1),
                both(
                        round.mebibytes().ours().bytesPerSecond(),
                        round.mebibytes().peer(),
                        DeviceFigures::bytesPerSecond,
                        1e6),
                round.othersShare() * 100));
    }

    private static String both(
            final double ours,
            final @Nullable DeviceFigures peer,
            final java.util.function.ToDoubleFunction<DeviceFigures> figure,
            final double unit) {
        final String text = String.format(Locale.ROOT, "%.0f", ours / unit);
        return peer == null
                ? text
                : text + " (fio " + String.format(Locale.ROOT, "%.0f", figure.applyAsDouble(peer) / unit) + ")";
    }

    private void sayFill(final int number, final JournalBench.Fill fill) {
        final DeviceFigures peer = fill.peer();
        terminal.say(String.format(
                Locale.ROOT,
                "journal %d: %,.0f durable events/s (%.0f a batch), recovery of %,.0f MB at %,.0f MB/s%s, others used"
                        + " %.1f %%",
                number,
                fill.appended().eventsPerSecond(),
                fill.appended().eventsPerBatch(),
                fill.recovered().scannedBytes() / 1e6,
                fill.recovered().bytesPerSecond() / 1e6,
                peer == null ? "" : String.format(Locale.ROOT, " (fio reads %,.0f)", peer.bytesPerSecond() / 1e6),
                fill.othersShare() * 100));
    }
}
