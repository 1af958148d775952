package io.millrace.client;

import java.util.Arrays;

/**
 * A place in a stream: for each segment the byte offset of the next event to be processed, or one of the two ends
 * {@link #HEAD} (oldest event) and {@link #TAIL} (behind the newest). Text form {@code streamId:segment@offset,…}, e.g.
 * {@code 7:0@1840,1@0}.
 *
 * <p><b>Threading</b>: immutable. <b>Invariants</b>: offsets are beginnings of events.
 */
public final class StreamPosition {
    private static final long HEAD_ID = -1;
    private static final long TAIL_ID = -2;

    /** Before the oldest event that can be read. */
    public static final StreamPosition HEAD = new StreamPosition(HEAD_ID, new long[0], new long[0]);

    /** Behind the newest committed event. */
    public static final StreamPosition TAIL = new StreamPosition(TAIL_ID, new long[0], new long[0]);

    private final long streamId;
    private final long[] segmentIds;
    private final long[] offsets;

    private StreamPosition(final long streamId, final long[] segmentIds, final long[] offsets) {
        this.streamId = streamId;
        this.segmentIds = segmentIds;
        this.offsets = offsets;
    }

    /**
     * Makes a position.
     *
     * @param streamId of the stream, ≥ 0
     * @param segmentIds one or more, each once
     * @param offsets of the next event of each, ≥ 0
     * @return the position
     * @throws IllegalArgumentException if a value is out of range or the lengths differ
     */
    public static StreamPosition of(final long streamId, final long[] segmentIds, final long[] offsets) {
        if (streamId < 0 || segmentIds.length == 0 || segmentIds.length != offsets.length) {
            throw new IllegalArgumentException("not a position: stream " + streamId + ", " + segmentIds.length
                    + " segments, " + offsets.length + " offsets");
        }
        for (final long offset : offsets) {
            if (offset < 0) {
                throw new IllegalArgumentException("negative offset " + offset);
            }
        }
        return new StreamPosition(streamId, segmentIds.clone(), offsets.clone());
    }

    /**
     * Reads the text form.
     *
     * @param text {@code HEAD}, {@code TAIL} (in any case) or what {@link #asText()} returned
     * @return the position
     * @throws IllegalArgumentException if the text is none of them
     */
    public static StreamPosition parse(final String text) {
        if (text.equalsIgnoreCase("HEAD")) {
            return HEAD;
        }
        if (text.equalsIgnoreCase("TAIL")) {
            return TAIL;
        }
        try {
            final int colon = text.indexOf(':');
            final String[] parts = text.substring(colon + 1).split(",", -1);
            final long[] segmentIds = new long[parts.length];
            final long[] offsets = new long[parts.length];
            for (int i = 0; i < parts.length; i++) {
                final int at = parts[i].indexOf('@');
                segmentIds[i] = Long.parseLong(parts[i].substring(0, at));
                offsets[i] = Long.parseLong(parts[i].substring(at + 1));
            }
            return of(Long.parseLong(text.substring(0, colon)), segmentIds, offsets);
        } catch (final NumberFormatException | IndexOutOfBoundsException e) {
            throw new IllegalArgumentException("not a position (HEAD, TAIL or id:segment@offset,…): " + text, e);
        }
    }

    /**
     * Returns the text form.
     *
     * @return to be read by {@link #parse(String)}
     */
    public String asText() {
        if (isHead()) {
            return "HEAD";
        }
        if (isTail()) {
            return "TAIL";
        }
        final StringBuilder text = new StringBuilder().append(streamId).append(':');
        for (int i = 0; i < segmentIds.length; i++) {
            if (i > 0) {
                text.append(',');
            }
            text.append(segmentIds[i]).append('@').append(offsets[i]);
        }
        return text.toString();
    }

    /**
     * Tells whether this is the oldest end.
     *
     * @return true for {@link #HEAD}
     */
    public boolean isHead() {
        return streamId == HEAD_ID;
    }

    /**
     * Tells whether this is the newest end.
     *
     * @return true for {@link #TAIL}
     */
    public boolean isTail() {
        return streamId == TAIL_ID;
    }

    /**
     * Returns the stream's identity.
     *
     * @return negative for {@link #HEAD} and {@link #TAIL}
     */
    public long streamId() {
        return streamId;
    }

    /**
     * Returns the number of segments.
     *
     * @return 0 for {@link #HEAD} and {@link #TAIL}
     */
    public int segmentCount() {
        return segmentIds.length;
    }

    /**
     * Returns the segments it names.
     *
     * @return segment ids, in the order of the text form; a copy
     */
    public long[] segmentIds() {
        return segmentIds.clone();
    }

    /**
     * Returns the offset in one segment.
     *
     * @param segmentId segment
     * @return byte offset of its next event, −1 when the position does not name the segment
     */
    public long offsetOf(final long segmentId) {
        for (int i = 0; i < segmentIds.length; i++) {
            if (segmentIds[i] == segmentId) {
                return offsets[i];
            }
        }
        return -1;
    }

    @Override
    public boolean equals(final Object other) {
        return other instanceof StreamPosition that
                && streamId == that.streamId
                && Arrays.equals(segmentIds, that.segmentIds)
                && Arrays.equals(offsets, that.offsets);
    }

    @Override
    public int hashCode() {
        return 31 * (31 * Long.hashCode(streamId) + Arrays.hashCode(segmentIds)) + Arrays.hashCode(offsets);
    }

    @Override
    public String toString() {
        return asText();
    }
}
