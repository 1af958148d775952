package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.journal.Calibration;
import io.millrace.journal.CalibrationCandidate;
import io.millrace.journal.Calibrator;
import io.millrace.server.DataDirectory;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace hw calibrate}: finds the durability mode and the number of writes in flight that suit the journal's
 * device, and keeps them in its superblocks. The node must be stopped.
 *
 * <p><b>Threading:</b> one thread, and a second one that is as busy as a client.
 */
@Command(
        name = "calibrate",
        description = "Measure how this device is written best, and keep the result in the journal (node stopped).",
        mixinStandardHelpOptions = true)
final class HwCalibrateCommand implements Callable<Integer> {
    /** For each durability mode, when nothing else is asked for. */
    static final int DEFAULT_SECONDS = 6;

    private static final int LONGEST_SECONDS = 600;

    private final Console console;

    @Mixin
    private ConfigurationOptions configuration = new ConfigurationOptions();

    @Mixin
    private OutputOption output = new OutputOption();

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "" + DEFAULT_SECONDS,
            description = "For each durability mode (default ${DEFAULT-VALUE}; fewer than 5 say little).")
    private int seconds;

    @Option(
            names = "--device",
            paramLabel = "N",
            defaultValue = "-1",
            hideParamSyntax = true,
            description = "Only this device of journal.paths, counted from 0 (default: all, one after the other).")
    private int device;

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    HwCalibrateCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (seconds < 1 || seconds > LONGEST_SECONDS) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE, "--seconds " + seconds + ": expected 1 to " + LONGEST_SECONDS);
        }
        final NodeConfiguration wanted = configuration.builder().conclude();
        final int deviceCount = wanted.journalPaths().size();
        if (device >= deviceCount) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "--device " + device + ": the node has " + deviceCount + ", counted from 0");
        }
        for (int i = Math.max(0, device); i < (device < 0 ? deviceCount : device + 1); i++) {
            calibrateOne(wanted, i);
        }
        return 0;
    }

    private void calibrateOne(final NodeConfiguration wanted, final int number) {
        final List<CalibrationCandidate> measured = new ArrayList<>();
        final Calibration found = calibrate(console, wanted, number, TimeUnit.SECONDS.toNanos(seconds), measured::add);
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text);
            json.beginObject()
                    .field("file", wanted.journalPaths().get(number).toString())
                    .name("calibration");
            write(json, found);
            json.name("candidates").beginArray();
            for (final CalibrationCandidate candidate : measured) {
                json.beginObject()
                        .field("mode", candidate.method().name())
                        .field("writesInFlight", candidate.writesInFlight())
                        .field("p50Micros", candidate.p50Ns() / 1e3)
                        .field("p99Micros", candidate.p99Ns() / 1e3)
                        .field("usable", candidate.isUsable())
                        .end();
            }
            json.end().end();
            console.out().println(text);
        }
    }

    /**
     * Calibrates the journal of a node that does not run, and says how it goes.
     *
     * @param console to print to.
     * @param wanted names journals and node.
     * @param number of the device, from 0.
     * @param methodDurationNs for each durability mode.
     * @param measured is told every candidate.
     * @return what was kept.
     */
    static Calibration calibrate(
            final Console console,
            final NodeConfiguration wanted,
            final int number,
            final long methodDurationNs,
            final Consumer<CalibrationCandidate> measured) {
        final Path journal = wanted.journalPaths().get(number);
        console.say("calibrating " + journal + ": 10,000 events/s, a client thread beside the device thread; "
                + "each mode " + TimeUnit.NANOSECONDS.toSeconds(methodDurationNs) + " s");
        final Calibration found = new Calibrator(
                        DataDirectory.journalContext(wanted, number).warnings(text -> console.say("warning: " + text)),
                        methodDurationNs,
                        candidate -> {
                            measured.accept(candidate);
                            console.say("  " + candidate.describe());
                        })
                .calibrate();
        console.say(found.describe());
        return found;
    }

    /**
     * Writes a calibration as an object.
     *
     * @param json to write to.
     * @param calibration of a device; when there is none, the object only says so.
     */
    static void write(final JsonWriter json, final Calibration calibration) {
        json.beginObject().field("calibrated", calibration.isDone());
        if (calibration.isDone()) {
            json.field("mode", calibration.methodToUse().name())
                    .field("writesInFlight", calibration.writesInFlight())
                    .field("p50Micros", calibration.p50Ns() / 1e3)
                    .field("p99Micros", calibration.p99Ns() / 1e3)
                    .field("date", calibration.date());
        }
        json.end();
    }
}
