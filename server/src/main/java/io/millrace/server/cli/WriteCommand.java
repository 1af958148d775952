package io.millrace.server.cli;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.Durability;
import io.millrace.server.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code millrace write}: each line of a file, or each record of a CSV file, becomes an event, byte for byte. The first
 * record of a CSV file is kept with the stream as its header.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(
        name = "write",
        description = "Append the lines of a file or of standard input.",
        footer = {
            "",
            "text: each line is an event without a key. csv: each record is an event, the header line is",
            "kept with the stream (see read --header). Events of one key keep their order; with one",
            "segment all do. What is written is durable when the command ends with 0, unless it says that the",
            "node's medium is memory."
        },
        mixinStandardHelpOptions = true)
final class WriteCommand implements Callable<Integer> {
    /** What a file is cut into. */
    enum Format {
        /** Lines. */
        TEXT,
        /** Records of RFC 4180 behind a header line. */
        CSV
    }

    private static final String STANDARD_INPUT = "-";

    private final Console console;
    private final CsvFields fields = new CsvFields();
    private final UnsafeBuffer payload = new UnsafeBuffer(0, 0);

    @Mixin
    private StreamParameter stream = new StreamParameter();

    @Parameters(index = "1", paramLabel = "FILE|-", description = "What to write; - for standard input.")
    private String file = "";

    @Option(
            names = "--format",
            paramLabel = "text|csv",
            defaultValue = "text",
            description = "What the file is (default text).")
    private Format format = Format.TEXT;

    @Option(
            names = "--key-column",
            paramLabel = "NAME",
            description = "Column of the CSV file whose value is the routing key; none: no key.")
    private @Nullable String keyColumn;

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    private int column = -1;
    private byte @Nullable [] header;
    private boolean isHeaderTerminated = true;
    private boolean isLastTerminated = true;
    private long payloadBytes;
    private @Nullable MillraceException badRecord;

    /**
     * Creates the command.
     *
     * @param console to read from and print to.
     */
    WriteCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() throws IOException {
        final String name = stream.name();
        if (keyColumn != null && format != Format.CSV) {
            throw new MillraceException(ErrorCode.BAD_INPUT, "--key-column needs --format csv");
        }
        final boolean isStandard = file.equals(STANDARD_INPUT);
        if (isStandard) {
            return write(name, console.in(), -1);
        }
        final Path path = Path.of(file);
        if (!Files.exists(path) || Files.isDirectory(path) || !Files.isReadable(path)) {
            throw new MillraceException(
                    ErrorCode.BAD_INPUT,
                    file
                            + (!Files.exists(path)
                                    ? " does not exist"
                                    : Files.isDirectory(path) ? " is a directory" : " may not be read"));
        }
        try (InputStream in = Files.newInputStream(path)) {
            return write(name, in, Files.isRegularFile(path) ? Files.size(path) : -1);
        }
    }

    private int write(final String name, final InputStream in, final long totalBytes) throws IOException {
        final RecordSplitter splitter = new RecordSplitter(
                in,
                format == Format.CSV ? RecordSplitter.Quoting.CSV : RecordSplitter.Quoting.NONE,
                file.equals(STANDARD_INPUT) ? "standard input" : file);
        if (format == Format.CSV) {
            readHeader(splitter);
        }
        try (Millrace millrace = connect.connect();
                Interruption interruption = Interruption.of(millrace)) {
            final HeaderNote note =
                    HeaderNote.parse(millrace.streams().describe(name).header());
            final HeaderNote withHeader = header == null ? note : keepHeader(millrace, name, note, header);
            final EventWriter writer = millrace.openWriter(name);
            final Progress progress =
                    new Progress(console, console.terminal(), "writing " + name, "events", totalBytes);
            final EventFeed feed = new EventFeed(millrace, writer, console.clock(), connect.timeoutNs(), interruption);
            MillraceException failure = null;
            try {
                feed(splitter, feed, progress, interruption);
                keepEnd(millrace, name, withHeader, feed);
            } catch (final MillraceException e) {
                failure = e;
            }
            final double seconds = progress.seconds();
            progress.end();
            if (failure == null) {
                writer.close();
            }
            return report(name, feed, seconds, millrace.counters().memoryAcknowledgements() > 0, failure);
        }
    }

    /** Takes the first record as the header, before anything is asked of a node. */
    private void readHeader(final RecordSplitter splitter) throws IOException {
        final String source = file.equals(STANDARD_INPUT) ? "standard input" : file;
        if (!splitter.next() || splitter.length() == 0) {
            throw new MillraceException(
                    ErrorCode.BAD_INPUT,
                    source + " has no header line: a CSV file begins with the names of its columns");
        }
        final byte[] found =
                Arrays.copyOfRange(splitter.bytes(), splitter.offset(), splitter.offset() + splitter.length());
        if (found.length > HeaderNote.MAX_HEADER_LENGTH) {
            throw new MillraceException(
                    ErrorCode.BAD_INPUT,
                    source + ": the header line has " + found.length + " bytes, but at most "
                            + HeaderNote.MAX_HEADER_LENGTH + " are kept with a stream");
        }
        header = found;
        isHeaderTerminated = splitter.isTerminated();
        if (keyColumn != null) {
            final List<String> columns = fields.columns(found);
            column = columns.indexOf(keyColumn);
            if (column < 0) {
                throw new MillraceException(
                        ErrorCode.BAD_INPUT,
                        source + " has no column '" + keyColumn + "'; its columns are: " + String.join(", ", columns));
            }
        }
    }

    private static HeaderNote keepHeader(
            final Millrace millrace, final String name, final HeaderNote note, final byte[] header) {
        if (note.isEmpty()) {
            final HeaderNote kept = note.withHeader(header);
            millrace.streams().setHeader(name, kept.encode());
            return kept;
        }
        if (!Arrays.equals(note.header(), header)) {
            throw new MillraceException(
                    ErrorCode.STREAM_CONFLICT,
                    name + " has another header: '" + Words.visible(note.text())
                            + "' is kept with it, the input begins with '"
                            + Words.visible(HeaderNote.parse(header).text()) + "'");
        }
        return note;
    }

    private void feed(
            final RecordSplitter splitter,
            final EventFeed feed,
            final Progress progress,
            final Interruption interruption)
            throws IOException {
        while (!interruption.isAsked() && next(splitter)) {
            final byte[] bytes = splitter.bytes();
            if (payload.byteArray() != bytes) {
                payload.wrap(bytes);
            }
            long keyHash = 0;
            if (column >= 0) {
                fields.select(bytes, splitter.offset(), splitter.length(), column);
                keyHash = KeyHash.of(fields.value(), 0, fields.valueLength());
            }
            feed.offer(column >= 0, keyHash, payload, splitter.offset(), splitter.length());
            payloadBytes += splitter.length();
            isLastTerminated = splitter.isTerminated();
            progress.update(feed.offeredCount(), splitter.consumedBytes());
        }
        feed.drain();
        if (badRecord != null) {
            throw badRecord;
        }
    }

    /** Goes to the next record; what is wrong with it is told when those before it are durable. */
    private boolean next(final RecordSplitter splitter) throws IOException {
        try {
            return splitter.next();
        } catch (final MillraceException e) {
            badRecord = e;
            return false;
        }
    }

    /** Keeps where the input ended without a line end, so that it is given back as it was. */
    private void keepEnd(final Millrace millrace, final String name, final HeaderNote note, final EventFeed feed) {
        if (!isLastTerminated) {
            final HeaderNote ended = note.withoutEndOf(feed.lastSegmentId(), feed.lastEndOffset());
            millrace.streams().setHeader(name, ended.encode());
        } else if (!isHeaderTerminated) {
            millrace.streams().setHeader(name, note.withoutEndOfHeader().encode());
        }
    }

    private int report(
            final String name,
            final EventFeed feed,
            final double seconds,
            final boolean isMemoryOnly,
            final @Nullable MillraceException failure) {
        final long count = feed.acknowledgedCount();
        int exitCode = 0;
        if (output.isJson()) {
            final StringBuilder text = new StringBuilder();
            final JsonWriter json = new JsonWriter(text)
                    .beginObject()
                    .field("stream", name)
                    .field("events", feed.offeredCount())
                    .field("acknowledged", count)
                    .field("bytes", payloadBytes)
                    .field("seconds", seconds)
                    .field("eventsPerSecond", count / seconds)
                    .field("headerKept", header != null)
                    .field("durability", (isMemoryOnly ? Durability.MEMORY : Durability.MEDIA).name());
            if (failure != null) {
                exitCode = Failures.tellInside(console, json, failure);
            }
            json.end();
            console.out().println(text);
        } else if (failure != null) {
            exitCode = Failures.tellInside(console, null, failure);
        } else {
            console.out()
                    .printf(
                            Locale.ROOT,
                            "wrote %,d events (%s) to %s in %.2f s, %s%n",
                            count,
                            Words.bytes((double) payloadBytes),
                            name,
                            seconds,
                            isMemoryOnly
                                    ? "all acknowledged, NOT durable: the node's medium is memory"
                                    : "all durable");
        }
        return exitCode;
    }
}
