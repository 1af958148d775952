package io.millrace.server.cli;

import io.millrace.client.Millrace;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace stream truncate}. <b>Threading:</b> one thread. */
@Command(
        name = "truncate",
        description = "Remove the events of a stream before a position, for all readers and for good.",
        mixinStandardHelpOptions = true)
final class StreamTruncateCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private StreamParameter stream = new StreamParameter();

    @Option(
            names = "--at",
            paramLabel = "POSITION",
            required = true,
            description = "Where the stream is to begin: a position as `read` prints it, e.g. 7:0@1840,1@0, or TAIL.")
    private String position = "";

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    StreamTruncateCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final String name = stream.name();
        final StreamPosition place = place();
        final boolean changed;
        try (Millrace millrace = connect.connect()) {
            changed = millrace.streams().truncate(name, place);
        }
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("stream", name)
                    .field("position", place.asText())
                    .field("changed", changed)
                    .end();
            console.out().println(text);
        } else {
            console.out()
                    .println((changed ? "truncated " : "nothing to truncate in ") + name + " at " + place.asText());
        }
        return 0;
    }

    private StreamPosition place() {
        try {
            return StreamPosition.parse(position);
        } catch (final IllegalArgumentException e) {
            throw new MillraceException(ErrorCode.BAD_INPUT, "--at is " + e.getMessage());
        }
    }
}
