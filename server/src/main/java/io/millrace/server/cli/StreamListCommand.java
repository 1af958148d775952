package io.millrace.server.cli;

import io.millrace.client.Millrace;
import io.millrace.client.StreamSummary;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.Names;
import io.millrace.server.json.JsonWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code millrace stream list}. <b>Threading:</b> one thread. */
@Command(
        name = "list",
        description = "Name the streams there are, in the order of their names.",
        mixinStandardHelpOptions = true)
final class StreamListCommand implements Callable<Integer> {
    private final Console console;

    @Parameters(
            index = "0",
            arity = "0..1",
            paramLabel = "SCOPE",
            defaultValue = "",
            description = "Only the streams of this scope.")
    private String scope = "";

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    StreamListCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        if (!scope.isEmpty() && !Names.isValid(scope)) {
            throw new MillraceException(ErrorCode.BAD_NAME, "'" + scope + "' is not the name of a scope");
        }
        final List<StreamSummary> streams = new ArrayList<>();
        try (Millrace millrace = connect.connect()) {
            millrace.streams().list(scope).forEachRemaining(streams::add);
        }
        if (output.isJson()) {
            printJson(streams);
        } else {
            printText(streams);
        }
        return 0;
    }

    private void printJson(final List<StreamSummary> streams) {
        final StringBuilder text = new StringBuilder();
        final JsonWriter json =
                new JsonWriter(text).beginObject().name("streams").beginArray();
        for (final StreamSummary stream : streams) {
            json.beginObject()
                    .field("stream", stream.name())
                    .field("streamId", stream.streamId())
                    .field("state", stream.state().name())
                    .field("segments", stream.segmentCount())
                    .end();
        }
        json.end().end();
        console.out().println(text);
    }

    private void printText(final List<StreamSummary> streams) {
        int width = 0;
        for (final StreamSummary stream : streams) {
            width = Math.max(width, stream.name().length());
        }
        for (final StreamSummary stream : streams) {
            console.out()
                    .println(stream.name() + " ".repeat(width - stream.name().length()) + "  "
                            + stream.state().name().toLowerCase(Locale.ROOT) + "  "
                            + (stream.segmentCount() == 1 ? "1 segment" : stream.segmentCount() + " segments"));
        }
        if (streams.isEmpty()) {
            console.say(scope.isEmpty() ? "no streams" : "no streams in scope " + scope);
        }
    }
}
