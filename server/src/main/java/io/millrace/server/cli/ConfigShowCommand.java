package io.millrace.server.cli;

import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.json.JsonWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code millrace config show}: every setting with its value and where it comes from. What it prints is itself a file
 * of settings.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "show",
        description = "Print every setting, its value and where it comes from; the text is a settings file itself.",
        mixinStandardHelpOptions = true)
final class ConfigShowCommand implements Callable<Integer> {
    private static final int VALUE_COLUMN = 52;

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
    ConfigShowCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final NodeConfiguration configuration = options.builder().conclude();
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json =
                    new JsonWriter(text).beginObject().name("settings").beginArray();
            for (final Setting setting : Setting.values()) {
                json.beginObject()
                        .field("key", setting.key())
                        .field("value", configuration.shown(setting))
                        .field("unit", setting.kind().unit())
                        .field("origin", configuration.origin(setting))
                        .field("environment", setting.environmentName())
                        .end();
            }
            json.end().end();
            console.out().println(text);
        } else {
            for (final Setting setting : Setting.values()) {
                console.out().println(line(setting, configuration));
            }
        }
        return 0;
    }

    private static String line(final Setting setting, final NodeConfiguration configuration) {
        final String value = configuration.shown(setting);
        final boolean bare = setting.kind() == Setting.Kind.COUNT;
        final String text = setting.key() + " = " + (bare ? value : quoted(value));
        return text + " ".repeat(Math.max(1, VALUE_COLUMN - text.length())) + "# " + configuration.origin(setting);
    }

    private static String quoted(final String value) {
        return '"' + value.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
