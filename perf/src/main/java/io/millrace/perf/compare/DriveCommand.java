package io.millrace.perf.compare;

import io.millrace.perf.report.Environment;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Quantity;
import io.millrace.perf.report.Terminal;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.SkippedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import org.agrona.concurrent.NanoClock;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code bench drive}: one run of one system, in this process. {@code bench compare} starts it with the class path of
 * the system; it is of use by hand when a peer's adapter is looked at.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
@Command(
        name = "drive",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = "One run of one system in this process; what bench compare is made of.")
public final class DriveCommand implements Callable<Integer> {
    private final Terminal terminal;
    private final NanoClock clock;

    @Option(names = "--system", required = true, description = "Name of the system.")
    private String system = "";

    @Option(names = "--mode", defaultValue = "append", description = "What is done.")
    private String mode = "append";

    @Option(names = "--size", defaultValue = "100", converter = Quantity.Size.class, description = "Bytes an event.")
    private long eventLength;

    @Option(names = "--writers", defaultValue = "1", description = "Writers.")
    private int writers;

    @Option(names = "--streams", defaultValue = "1", description = "Streams.")
    private int streams;

    @Option(names = "--rate", defaultValue = "10000", description = "Events a second; 0: none.")
    private long rate;

    @Option(names = "--warmup", defaultValue = "6s", converter = Quantity.Duration.class, description = "Warm-up.")
    private long warmUpNs;

    @Option(names = "--duration", defaultValue = "10s", converter = Quantity.Duration.class, description = "Duration.")
    private long durationNs;

    @Option(names = "--read-back", defaultValue = "0", description = "Bytes to write before they are read back.")
    private long readBackBytes;

    @Option(names = "--directory", required = true, description = "Empty directory on the device under test.")
    private Path directory = Path.of("");

    @Option(names = "--result", required = true, description = "File for the JSON object.")
    private Path result = Path.of("");

    @Option(names = "--log", required = true, description = "File for the histograms.")
    private Path log = Path.of("");

    /**
     * Makes the command.
     *
     * @param terminal prints.
     * @param clock of all measurements.
     */
    public DriveCommand(final Terminal terminal, final NanoClock clock) {
        this.terminal = terminal;
        this.clock = clock;
    }

    @Override
    public Integer call() throws IOException {
        final Plan plan = new Plan(
                Mode.valueOf(mode.toUpperCase(Locale.ROOT)),
                (int) eventLength,
                writers,
                streams,
                rate,
                warmUpNs,
                durationNs,
                readBackBytes);
        final String device = DeviceStat.deviceOf(Environment.root(), directory);
        JsonObject told;
        try (HistogramLog histograms = new HistogramLog(log, system + " " + plan)) {
            told = system.equals(LimitDrive.NAME)
                    ? new LimitDrive(plan, device, clock, terminal).run(directory, histograms)
                    : new Drive(plan, find(system), device, clock, terminal::say).run(directory, histograms);
        } catch (final SkippedException e) {
            told = new JsonObject().put("skipped", String.valueOf(e.getMessage()));
        }
        Files.writeString(result, told + "\n");
        return 0;
    }

    /**
     * The systems on this class path.
     *
     * @param loader of the class path.
     * @return all of them, by name.
     */
    static List<BenchSystem> systems(final ClassLoader loader) {
        final List<BenchSystem> systems = new ArrayList<>();
        ServiceLoader.load(BenchSystem.class, loader).forEach(systems::add);
        systems.sort(Comparator.comparing(BenchSystem::name));
        return systems;
    }

    private static BenchSystem find(final String name) throws SkippedException {
        final List<BenchSystem> systems = systems(BenchSystem.class.getClassLoader());
        return systems.stream()
                .filter(system -> system.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new SkippedException("no such system on the class path, there are "
                        + systems.stream().map(BenchSystem::name).toList()));
    }
}
