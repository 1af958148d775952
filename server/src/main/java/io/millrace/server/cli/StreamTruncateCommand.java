package io.millrace.server.cli;

import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.Millrace;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.json.JsonWriter;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code millrace stream truncate}. A stream that begins inside an event cannot be read any more, so the events at a
 * position are read first: a node refuses readers that begin inside one.
 *
 * <p><b>Threading:</b> one thread.
 */
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

    @Option(
            names = "--unchecked",
            description = "Do not read the events at the position first, for positions that a reader returned.")
    private boolean unchecked;

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
            if (!unchecked && place.segmentCount() > 0) {
                checkEvents(millrace, name, place);
            }
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

    /** Reads one event of each segment at its place; what is outside of the segments the node refuses by itself. */
    private void checkEvents(final Millrace millrace, final String name, final StreamPosition place) {
        final StreamInfo stream = millrace.streams().describe(name);
        final List<SegmentInfo> segments = stream.segments();
        final long[] ids = new long[segments.size()];
        final long[] offsets = new long[segments.size()];
        final Set<Long> unread = new HashSet<>();
        for (int i = 0; i < ids.length; i++) {
            final SegmentInfo segment = segments.get(i);
            final long offset = place.offsetOf(segment.segmentId());
            final boolean isWithin = offset > segment.startOffset() && offset < segment.length();
            ids[i] = segment.segmentId();
            offsets[i] = isWithin ? offset : segment.length();
            if (isWithin) {
                unread.add(ids[i]);
            }
        }
        if (stream.streamId() != place.streamId() || unread.isEmpty()) {
            return;
        }
        try (EventReader reader = millrace.openReader(name, StreamPosition.of(stream.streamId(), ids, offsets))) {
            final long deadlineNs = console.clock().nanoTime() + connect.timeoutNs();
            while (!unread.isEmpty()) {
                final EventView event = reader.read(Duration.ofNanos(
                        Math.max(0, deadlineNs - console.clock().nanoTime())));
                if (event == null) {
                    throw new MillraceException(
                            ErrorCode.TIMED_OUT,
                            "nothing was truncated: no event came from segments " + unread + " of " + name + " at "
                                    + place.asText() + "; when the position is a reader's, --unchecked does without");
                }
                unread.remove(event.segmentId());
            }
        }
    }

    private StreamPosition place() {
        try {
            return StreamPosition.parse(position);
        } catch (final IllegalArgumentException e) {
            throw new MillraceException(ErrorCode.BAD_INPUT, "--at is " + e.getMessage());
        }
    }
}
