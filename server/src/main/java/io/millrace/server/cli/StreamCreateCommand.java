package io.millrace.server.cli;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace stream create}. <b>Threading:</b> one thread. */
@Command(
        name = "create",
        description = "Make a stream, and its scope where it is missing.",
        mixinStandardHelpOptions = true)
final class StreamCreateCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private StreamParameter stream = new StreamParameter();

    @Option(
            names = "--segments",
            paramLabel = "N",
            defaultValue = "1",
            description = "Number of key ranges; order is kept within one of them (default 1).")
    private int segmentCount;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    StreamCreateCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final String name = stream.name();
        if (segmentCount < 1) {
            throw new MillraceException(
                    ErrorCode.BAD_SEGMENT_COUNT, "--segments is " + segmentCount + ", but must be at least 1");
        }
        final boolean created;
        try (Millrace millrace = connect.connect()) {
            created = millrace.streams().createStream(name, StreamConfiguration.fixed(segmentCount));
        }
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            new JsonWriter(text)
                    .beginObject()
                    .field("stream", name)
                    .field("segments", segmentCount)
                    .field("created", created)
                    .end();
            console.out().println(text);
        } else {
            final String segments = segmentCount == 1 ? "1 segment" : segmentCount + " segments";
            console.out()
                    .println(created ? "made " + name + " with " + segments : name + " was there, with " + segments);
        }
        return 0;
    }
}
