package io.millrace.server.cli;

import io.millrace.client.EventHandler;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.codec.EventFrame;
import io.millrace.server.json.JsonWriter;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Turns events into bytes of an output and keeps the position behind the last one. Events behind a given end are left
 * alone. Nothing is written while events are taken: a slow output must not hold the client.
 *
 * <p><b>Threading:</b> one thread.
 */
final class EventPrinter implements EventHandler {
    /** What an event looks like. */
    enum Format {
        /** Its bytes and a line end. */
        TEXT,
        /** One JSON object a line. */
        JSON,
        /** Its bytes in hexadecimal digits. */
        HEX
    }

    private final Format format;
    private final @Nullable JsonWriter array;
    private final StringBuilder arrayText;
    private final HeaderNote note;
    private final long streamId;
    private final long[] segmentIds;
    private final long[] nextOffsets;
    private final long[] endOffsets;
    private final ByteArrayOutputStream batch = new ByteArrayOutputStream();
    private final StringBuilder line = new StringBuilder();
    private final CharsetDecoder decoder = StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    private boolean isLineOpen;
    private long eventCount;
    private long payloadBytes;
    private long frameBytes;

    /**
     * Creates the printer.
     *
     * @param format of an event.
     * @param array open array of the one JSON object, or null: events are printed one a line.
     * @param arrayText to which the array writes.
     * @param stream that is read.
     * @param from where the reader stands.
     * @param isEndless true: print what comes later, too.
     */
    EventPrinter(
            final Format format,
            final @Nullable JsonWriter array,
            final StringBuilder arrayText,
            final StreamInfo stream,
            final StreamPosition from,
            final boolean isEndless) {
        this.format = format;
        this.array = array;
        this.arrayText = arrayText;
        this.note = HeaderNote.parse(stream.header());
        this.streamId = stream.streamId();
        final List<SegmentInfo> segments = stream.segments();
        segmentIds = new long[segments.size()];
        nextOffsets = new long[segmentIds.length];
        endOffsets = new long[segmentIds.length];
        for (int i = 0; i < segmentIds.length; i++) {
            final SegmentInfo segment = segments.get(i);
            segmentIds[i] = segment.segmentId();
            nextOffsets[i] = from.offsetOf(segment.segmentId());
            endOffsets[i] = isEndless ? Long.MAX_VALUE : segment.length();
        }
    }

    /** Prints the header that is kept with the stream, if there is one. */
    void printHeader() {
        if (note.isEmpty() || array != null) {
            return;
        }
        switch (format) {
            case TEXT -> {
                batch.writeBytes(note.header());
                isLineOpen = true;
                if (!note.endsInHeader()) {
                    endLine();
                }
            }
            case HEX -> writeLine(HexFormat.of().formatHex(note.header()));
            case JSON -> {
                line.setLength(0);
                new JsonWriter(line).beginObject().field("header", note.text()).end();
                writeLine(line);
            }
        }
    }

    @Override
    public void onEvent(
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long keyHash,
            final long segmentId,
            final long eventOffset) {
        final int segment = indexOf(segmentId);
        if (eventOffset >= endOffsets[segment]) {
            return;
        }
        final byte[] payload = new byte[length];
        buffer.getBytes(offset, payload);
        final long endOffset = eventOffset + EventFrame.frameLength(length);
        nextOffsets[segment] = endOffset;
        eventCount++;
        payloadBytes += length;
        frameBytes += EventFrame.frameLength(length);
        if (array != null) {
            writeObject(array, payload, keyHash, segmentId, eventOffset);
            return;
        }
        endLine();
        switch (format) {
            case TEXT -> {
                batch.writeBytes(payload);
                isLineOpen = true;
                if (!note.isUnterminated(segmentId, endOffset)) {
                    endLine();
                }
            }
            case HEX -> writeLine(HexFormat.of().formatHex(payload));
            case JSON -> {
                line.setLength(0);
                writeObject(new JsonWriter(line), payload, keyHash, segmentId, eventOffset);
                writeLine(line);
            }
        }
    }

    private void writeObject(
            final JsonWriter json,
            final byte[] payload,
            final long keyHash,
            final long segmentId,
            final long eventOffset) {
        json.beginObject()
                .field("segmentId", segmentId)
                .field("offset", eventOffset)
                .field("keyHash", Words.hash(keyHash));
        final String text = format == Format.HEX ? null : decode(payload);
        if (format == Format.HEX) {
            json.field("hex", HexFormat.of().formatHex(payload));
        } else if (text != null) {
            json.field("text", text);
        } else {
            json.field("base64", Base64.getEncoder().encodeToString(payload));
        }
        json.end();
    }

    private @Nullable String decode(final byte[] payload) {
        try {
            return decoder.decode(ByteBuffer.wrap(payload)).toString();
        } catch (final CharacterCodingException e) {
            return null;
        }
    }

    private int indexOf(final long segmentId) {
        for (int i = 0; i < segmentIds.length; i++) {
            if (segmentIds[i] == segmentId) {
                return i;
            }
        }
        throw new IllegalStateException("an event of segment " + segmentId + ", which the stream does not have");
    }

    private void writeLine(final CharSequence text) {
        batch.writeBytes(text.toString().getBytes(StandardCharsets.UTF_8));
        batch.write('\n');
    }

    private void endLine() {
        if (isLineOpen) {
            isLineOpen = false;
            batch.write('\n');
        }
    }

    /**
     * Writes what has come together.
     *
     * @param out to write to.
     * @return false when nobody takes it any more.
     */
    boolean writeTo(final PrintStream out) {
        if (array != null) {
            batch.writeBytes(arrayText.toString().getBytes(StandardCharsets.UTF_8));
            arrayText.setLength(0);
        }
        if (batch.size() == 0) {
            return true;
        }
        out.write(batch.toByteArray(), 0, batch.size());
        batch.reset();
        return !out.checkError();
    }

    /**
     * Tells whether everything up to the end is printed.
     *
     * @return true when nothing is left.
     */
    boolean isDone() {
        for (int i = 0; i < segmentIds.length; i++) {
            if (nextOffsets[i] < endOffsets[i]) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the bytes that are left, with the frames of events.
     *
     * @return -1 when there is no end.
     */
    long leftBytes() {
        long sum = 0;
        for (int i = 0; i < segmentIds.length; i++) {
            if (endOffsets[i] == Long.MAX_VALUE) {
                return -1;
            }
            sum += Math.max(0, endOffsets[i] - nextOffsets[i]);
        }
        return sum;
    }

    /**
     * Tells whether a segment ends before the place it is to be read from.
     *
     * @return true when the position is none of this stream.
     */
    boolean isBehindEnd() {
        for (int i = 0; i < segmentIds.length; i++) {
            if (nextOffsets[i] > endOffsets[i]) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the end in words.
     *
     * @return as a position.
     */
    String endText() {
        return StreamPosition.of(streamId, segmentIds, endOffsets).asText();
    }

    /**
     * Returns the place behind the last event printed.
     *
     * @return to be given to {@code --from}.
     */
    StreamPosition position() {
        return StreamPosition.of(streamId, segmentIds, nextOffsets);
    }

    /**
     * Counts what was printed.
     *
     * @return events.
     */
    long eventCount() {
        return eventCount;
    }

    /**
     * Counts what was printed.
     *
     * @return bytes of payload.
     */
    long payloadBytes() {
        return payloadBytes;
    }

    /**
     * Counts what was printed.
     *
     * @return bytes with the frames of events.
     */
    long frameBytes() {
        return frameBytes;
    }
}
