package io.millrace.server.cli;

import io.millrace.client.EventReader;
import io.millrace.client.Millrace;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.util.concurrent.Callable;
import org.agrona.concurrent.BackoffIdleStrategy;
import org.agrona.concurrent.IdleStrategy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace read}: prints events. Without {@code --follow} it ends at the end the stream had at the beginning.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "read",
        description = "Print events from the head, the tail or a position.",
        footer = {"", "With --output json one object holds the events and the position to go on from."},
        mixinStandardHelpOptions = true)
final class ReadCommand implements Callable<Integer> {
    private static final int BATCH_EVENTS = 4_096;

    private final Console console;

    @Mixin
    private StreamParameter stream = new StreamParameter();

    @Option(
            names = "--from",
            paramLabel = "head|tail|POSITION",
            defaultValue = "head",
            description = "Where to begin: the oldest event, behind the newest, or a position that read has told.")
    private String from = "head";

    @Option(
            names = "--format",
            paramLabel = "text|json|hex",
            defaultValue = "text",
            description = "text: the bytes and a line end. json: an object a line. hex: hexadecimal digits.")
    private EventPrinter.Format format = EventPrinter.Format.TEXT;

    @Option(
            names = "--count",
            paramLabel = "N",
            defaultValue = "9223372036854775807",
            description = "End after so many events.")
    private long count;

    @Option(names = "--follow", description = "Go on when the end is reached, until the stream is sealed.")
    private boolean follow;

    @Option(names = "--header", description = "First print the header that is kept with the stream.")
    private boolean header;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    ReadCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final String name = stream.name();
        final StreamPosition position = parse();
        if (count < 0) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE, "--count is " + count + ", but must be 0 or more");
        }
        if (output.isJson() && follow && count == Long.MAX_VALUE) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_CONFLICT,
                    "--output json is one object, which --follow without --count would never end; use --format json");
        }
        try (Millrace millrace = connect.connect();
                Interruption interruption = Interruption.of(millrace);
                EventReader reader = millrace.openReader(name, position)) {
            return output.isJson()
                    ? printObject(millrace, reader, interruption)
                    : printLines(millrace, reader, interruption);
        }
    }

    private StreamPosition parse() {
        try {
            return StreamPosition.parse(from);
        } catch (final IllegalArgumentException e) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "--from is '" + from + "', but must be head, tail or a position like 7:0@1840,1@0",
                    e);
        }
    }

    private int printLines(final Millrace millrace, final EventReader reader, final Interruption interruption) {
        final EventPrinter printer =
                new EventPrinter(format, null, new StringBuilder(), reader.stream(), reader.position(), follow);
        if (header) {
            printer.printHeader();
        }
        MillraceException failure = null;
        try {
            print(millrace, reader, printer, interruption);
        } catch (final MillraceException e) {
            failure = e;
        }
        printer.writeTo(console.out());
        console.out().flush();
        if (failure != null) {
            return Failures.tellInside(console, null, failure);
        }
        if (console.terminal()) {
            console.say("millrace: " + printer.eventCount() + " events; go on with --from "
                    + printer.position().asText());
        }
        return 0;
    }

    private int printObject(final Millrace millrace, final EventReader reader, final Interruption interruption) {
        final HeaderNote note = HeaderNote.parse(reader.stream().header());
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text)
                .beginObject()
                .field("stream", reader.stream().name())
                .field("streamId", reader.stream().streamId())
                .field("header", note.isEmpty() ? null : note.text())
                .name("events")
                .beginArray();
        final EventPrinter printer = new EventPrinter(format, json, text, reader.stream(), reader.position(), follow);
        MillraceException failure = null;
        try {
            print(millrace, reader, printer, interruption);
        } catch (final MillraceException e) {
            failure = e;
        }
        json.end()
                .field("count", printer.eventCount())
                .field("bytes", printer.payloadBytes())
                .field("position", printer.position().asText())
                .field("atEnd", printer.isDone() || reader.isAtEnd());
        final int exitCode = failure == null ? 0 : Failures.tellInside(console, json, failure);
        json.end();
        text.append('\n');
        printer.writeTo(console.out());
        return exitCode;
    }

    private void print(
            final Millrace millrace,
            final EventReader reader,
            final EventPrinter printer,
            final Interruption interruption) {
        checkPosition(printer);
        final IdleStrategy idle = new BackoffIdleStrategy(100, 100, 10_000, 500_000);
        final Progress progress = new Progress(
                console,
                console.showsProgressBesideResults(),
                "reading " + reader.stream().name(),
                "events",
                printer.leftBytes());
        long movedNs = console.clock().nanoTime();
        boolean isOpen = printer.writeTo(console.out());
        while (isOpen
                && printer.eventCount() < count
                && !printer.isDone()
                && !reader.isAtEnd()
                && !interruption.isAsked()) {
            final int taken = reader.poll(printer, (int) Math.min(BATCH_EVENTS, count - printer.eventCount()));
            isOpen = printer.writeTo(console.out());
            progress.update(printer.eventCount(), printer.frameBytes());
            idle.idle(taken);
            final long nowNs = console.clock().nanoTime();
            if (taken > 0) {
                movedNs = nowNs;
            } else if (!follow && nowNs - movedNs >= connect.timeoutNs()) {
                progress.end();
                throw standstill(millrace, reader);
            }
        }
        progress.end();
    }

    private void checkPosition(final EventPrinter printer) {
        if (printer.isBehindEnd()) {
            throw new MillraceException(
                    ErrorCode.OFFSET_OUT_OF_RANGE,
                    "--from " + from + " lies behind the end of the stream, which is " + printer.endText());
        }
    }

    private static MillraceException standstill(final Millrace millrace, final EventReader reader) {
        final ErrorCode code = millrace.isConnected() ? ErrorCode.TIMED_OUT : ErrorCode.UNREACHABLE;
        return new MillraceException(code, "reading of " + reader.stream().name() + " stands still: " + code.summary());
    }
}
