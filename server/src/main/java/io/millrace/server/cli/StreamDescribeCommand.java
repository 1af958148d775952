package io.millrace.server.cli;

import io.millrace.client.Millrace;
import io.millrace.client.NodeInfo;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamInfo;
import io.millrace.server.json.JsonWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code millrace stream describe}: a stream, its segments, and how the node that answers makes events durable.
 *
 * <p><b>Threading:</b> one thread.
 */
@Command(name = "describe", description = "Show one stream and its segments.", mixinStandardHelpOptions = true)
final class StreamDescribeCommand implements Callable<Integer> {
    private final Console console;

    @Mixin
    private StreamParameter stream = new StreamParameter();

    @Mixin
    private ConnectOption connect = new ConnectOption();

    @Mixin
    private OutputOption output = new OutputOption();

    /**
     * Creates the command.
     *
     * @param console to print to.
     */
    StreamDescribeCommand(final Console console) {
        this.console = console;
    }

    @Override
    public Integer call() {
        final String name = stream.name();
        final StreamInfo info;
        final @Nullable NodeInfo node;
        try (Millrace millrace = connect.connect()) {
            info = millrace.streams().describe(name);
            node = millrace.node();
        }
        final @Nullable String durabilityMode = node == null ? null : node.durabilityMode();
        if (output.isJson()) {
            printJson(info, durabilityMode);
        } else {
            printText(info, durabilityMode);
        }
        return 0;
    }

    private void printJson(final StreamInfo info, final @Nullable String durabilityMode) {
        final HeaderNote note = HeaderNote.parse(info.header());
        final StringBuilder text = new StringBuilder();
        final JsonWriter json = new JsonWriter(text)
                .beginObject()
                .field("stream", info.name())
                .field("streamId", info.streamId())
                .field("state", info.state().name())
                .field("epoch", info.epoch())
                .field("created", Words.instant(info.createdNs()))
                .field("createdNs", info.createdNs())
                .field("readableBytes", info.readableBytes())
                .field("durabilityMode", durabilityMode)
                .field("header", note.isEmpty() ? null : note.text())
                .name("segments")
                .beginArray();
        for (final SegmentInfo segment : info.segments()) {
            json.beginObject()
                    .field("segmentId", segment.segmentId())
                    .field("keyLow", Words.hash(segment.keyLow()))
                    .field("keyHigh", Words.hash(segment.keyHigh()))
                    .field("startOffset", segment.startOffset())
                    .field("length", segment.length())
                    .field("chain", segment.chain())
                    .field("chainEpoch", segment.chainEpoch())
                    .field("sealed", segment.isSealed())
                    .field("head", segment.head())
                    .field("tail", segment.tail())
                    .end();
        }
        json.end().end();
        console.out().println(text);
    }

    private void printText(final StreamInfo info, final @Nullable String durabilityMode) {
        final HeaderNote note = HeaderNote.parse(info.header());
        console.out().println("stream    " + info.name());
        console.out().println("id        " + info.streamId());
        console.out().println("state     " + info.state().name().toLowerCase(Locale.ROOT));
        console.out().println("made      " + Words.instant(info.createdNs()));
        console.out().println("readable  " + info.readableBytes() + " bytes");
        console.out().println("durable   " + (durabilityMode == null ? "unknown" : Words.visible(durabilityMode)));
        if (!note.isEmpty()) {
            console.out().println("header    " + Words.visible(note.text()));
        }
        console.out()
                .printf(
                        Locale.ROOT,
                        "%n%7s  %-16s  %-16s  %14s  %14s  %5s  %5s  %-6s  %s%n",
                        "segment",
                        "keys from",
                        "to",
                        "start",
                        "length",
                        "chain",
                        "epoch",
                        "state",
                        "at");
        for (final SegmentInfo segment : info.segments()) {
            console.out()
                    .printf(
                            Locale.ROOT,
                            "%7d  %-16s  %-16s  %14d  %14d  %5d  %5d  %-6s  %s%n",
                            segment.segmentId(),
                            Words.hash(segment.keyLow()),
                            Words.hash(segment.keyHigh()),
                            segment.startOffset(),
                            segment.length(),
                            segment.chain(),
                            segment.chainEpoch(),
                            segment.isSealed() ? "sealed" : "open",
                            segment.head());
        }
    }
}
