package io.millrace.server.cli;

import io.millrace.journal.Calibration;
import io.millrace.journal.JournalPlace;
import io.millrace.server.DataDirectory;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.configuration.Units;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace journal format}: makes the journals of a node that has none yet, one for each device. It overwrites
 * nothing.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "format",
        description = "Make the journal of a new node; refused where one is, or is missing.",
        mixinStandardHelpOptions = true)
final class JournalFormatCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConfigurationOptions configuration = new ConfigurationOptions();

    @Mixin
    private OutputOption output = new OutputOption();

    @Option(
            names = "--calibrate",
            description = "Measure then how the device is written best, for about half a minute, and keep the result.")
    private boolean calibrate;

    @Option(
            names = "--overwrite",
            description = "Give up what a raw block device holds; never a file, a device in use or this node's own.")
    private boolean overwrite;

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    JournalFormatCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final NodeConfiguration wanted = configuration.builder().conclude();
        final List<Path> files = wanted.journalPaths();
        final long[] sizes = new long[files.size()];
        final long[] done = new long[files.size()];
        Arrays.fill(sizes, wanted.number(Setting.JOURNAL_SIZE));
        final Progress progress = new Progress(
                console,
                console.terminal(),
                "formatting " + files.get(0) + (files.size() == 1 ? "" : " and " + (files.size() - 1) + " more"),
                "MiB",
                sizes[0] * files.size());
        final List<UUID> devices;
        try {
            devices = new DataDirectory(wanted).format(overwrite, (device, doneBytes, totalBytes) -> {
                if (JournalPlace.isBlockDevice(files.get(device))) {
                    sizes[device] = totalBytes; // what the device has
                }
                done[device] = doneBytes;
                final long sum = Arrays.stream(done).sum();
                progress.update(sum >> 20, sum);
            });
        } finally {
            progress.end();
        }
        for (int i = 0; i < devices.size(); i++) {
            tell(wanted, i, devices.get(i), sizes[i]);
        }
        return 0;
    }

    private void tell(final NodeConfiguration wanted, final int number, final UUID device, final long size) {
        final String file = wanted.journalPaths().get(number).toString();
        final Calibration calibration = calibrate
                ? HwCalibrateCommand.calibrate(
                        console,
                        wanted,
                        number,
                        TimeUnit.SECONDS.toNanos(HwCalibrateCommand.DEFAULT_SECONDS),
                        candidate -> {})
                : Calibration.NONE;
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text);
            json.beginObject()
                    .field("file", file)
                    .field("bytes", size)
                    .field("deviceUuid", device.toString())
                    .field("node", wanted.text(Setting.NODE_NAME))
                    .name("calibration");
            HwCalibrateCommand.write(json, calibration);
            json.end();
            console.out().println(text);
        } else {
            console.out()
                    .println("formatted " + file + ": " + Units.roundSize(size) + ", device " + device + " of node "
                            + wanted.text(Setting.NODE_NAME));
        }
    }
}
