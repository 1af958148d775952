package io.millrace.server.cli;

import io.millrace.journal.Calibration;
import io.millrace.journal.JournalPlace;
import io.millrace.server.DataDirectory;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.configuration.Units;
import io.millrace.server.json.JsonWriter;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace journal format}: makes the journal of a node that has none yet. It overwrites nothing.
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
        final String file = wanted.journalPath().toString();
        final AtomicLong size = new AtomicLong(wanted.number(Setting.JOURNAL_SIZE));
        final Progress progress = new Progress(console, console.terminal(), "formatting " + file, "MiB", size.get());
        final UUID device;
        try {
            device = new DataDirectory(wanted).format(overwrite, (doneBytes, totalBytes) -> {
                if (JournalPlace.isBlockDevice(wanted.journalPath())) {
                    size.set(totalBytes); // what the device has
                }
                progress.update(doneBytes >> 20, doneBytes);
            });
        } finally {
            progress.end();
        }
        final Calibration calibration = calibrate
                ? HwCalibrateCommand.calibrate(
                        console, wanted, TimeUnit.SECONDS.toNanos(HwCalibrateCommand.DEFAULT_SECONDS), candidate -> {})
                : Calibration.NONE;
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text);
            json.beginObject()
                    .field("file", file)
                    .field("bytes", size.get())
                    .field("deviceUuid", device.toString())
                    .field("node", wanted.text(Setting.NODE_NAME))
                    .name("calibration");
            HwCalibrateCommand.write(json, calibration);
            json.end();
            console.out().println(text);
        } else {
            console.out()
                    .println("formatted " + file + ": " + Units.roundSize(size.get()) + ", device " + device
                            + " of node " + wanted.text(Setting.NODE_NAME));
        }
        return 0;
    }
}
