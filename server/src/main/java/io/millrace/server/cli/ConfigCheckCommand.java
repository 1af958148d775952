package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.configuration.ConfigurationFault;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.json.JsonWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code millrace config check}: names everything that is wrong with the settings, not only the first; ends with 0 when
 * a node would take them, else with the exit code of the first fault.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "check",
        description = "Name every error of the settings with file, line and column; start nothing.",
        mixinStandardHelpOptions = true)
final class ConfigCheckCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private ConfigurationOptions options = new ConfigurationOptions();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ConfigCheckCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final List<ConfigurationFault> faults = new ArrayList<>();
        final NodeConfiguration configuration =
                options.fill(NodeConfiguration.builder(faults::add)).conclude();
        for (final ConfigurationFault fault : faults) {
            console.say("millrace: " + fault.code().id() + ": " + fault.message());
        }
        final Path file = options.file();
        final String source = file == null ? "no file" : file.toString();
        final ErrorCode first = faults.isEmpty() ? null : faults.get(0).code();
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text)
                    .beginObject()
                    .field("file", file == null ? null : file.toString())
                    .field("sound", faults.isEmpty())
                    .field("setCount", setCount(configuration))
                    .name("faults")
                    .beginArray();
            faults.forEach(fault -> write(json, fault));
            json.end();
            if (first != null) {
                json.name("error");
                Failures.writeError(
                        json,
                        first,
                        new MillraceException(first, faults.get(0).message()).getMessage(),
                        first.exitCode());
            }
            json.end();
            console.out().println(text);
        } else if (faults.isEmpty()) {
            console.out()
                    .println("the settings are sound: " + source + ", " + setCount(configuration) + " of "
                            + Setting.values().length + " set");
        } else {
            console.say("millrace: " + source + ": " + faults.size() + (faults.size() == 1 ? " error" : " errors"));
        }
        return first == null ? 0 : first.exitCode();
    }

    private static int setCount(final NodeConfiguration configuration) {
        int count = 0;
        for (final Setting setting : Setting.values()) {
            count += "default".equals(configuration.origin(setting)) ? 0 : 1;
        }
        return count;
    }

    private static void write(final JsonWriter json, final ConfigurationFault fault) {
        json.beginObject()
                .field("code", fault.code().id())
                .field("name", fault.code().name())
                .field("source", fault.origin().source());
        if (fault.origin().line() > 0) {
            json.field("line", fault.origin().line())
                    .field("column", fault.origin().column());
        }
        json.field("what", fault.what()).field("nearest", fault.nearest()).end();
    }
}
