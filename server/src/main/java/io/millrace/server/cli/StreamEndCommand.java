package io.millrace.server.cli;

import io.millrace.client.Millrace;
import io.millrace.server.json.JsonWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace stream seal} and {@code millrace stream delete}. <b>Threading:</b> one thread. */
@Command(mixinStandardHelpOptions = true)
final class StreamEndCommand implements Callable<Integer> {
    private final Console console;
    private final boolean deletes;

    @Mixin
    private StreamParameter stream = new StreamParameter();

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    private StreamEndCommand(final Console console, final boolean deletes) {
        this.console = console;
        this.deletes = deletes;
    }

    /**
     * Makes the command that seals.
     *
     * @param console to print to.
     * @return for picocli.
     */
    static CommandLine seal(final Console console) {
        return named(
                new StreamEndCommand(console, false), "seal", "End a stream: nothing can be written to it afterwards.");
    }

    /**
     * Makes the command that deletes.
     *
     * @param console to print to.
     * @return for picocli.
     */
    static CommandLine delete(final Console console) {
        return named(new StreamEndCommand(console, true), "delete", "Remove a sealed stream and its events.");
    }

    private static CommandLine named(final StreamEndCommand command, final String name, final String description) {
        final CommandLine line = new CommandLine(command).setCommandName(name);
        line.getCommandSpec().usageMessage().description(description);
        return line;
    }

    @Override
    public Integer call() {
        final String name = stream.name();
        final boolean changed;
        try (Millrace millrace = connect.connect()) {
            changed = deletes
                    ? millrace.streams().delete(name)
                    : millrace.streams().seal(name);
        }
        final String done = deletes ? "deleted" : "sealed";
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("stream", name)
                    .field(done, true)
                    .field("changed", changed)
                    .end();
            console.out().println(text);
        } else {
            console.out().println(changed ? done + " " + name : name + " was " + done + " already");
        }
        return 0;
    }
}
