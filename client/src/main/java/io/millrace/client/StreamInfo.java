package io.millrace.client;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * What the node says of one stream.
 *
 * <p><b>Threading</b>: immutable.
 */
public final class StreamInfo {
    private final String name;
    private final long streamId;
    private final StreamState state;
    private final int epoch;
    private final long createdNs;
    private final List<SegmentInfo> segments;
    private final byte[] header;

    /**
     * Makes the description.
     *
     * @param name scope/stream
     * @param streamId identity, never used again
     * @param state where in its life it is
     * @param epoch number of its segment map
     * @param createdNs when it was made, nanoseconds since 1970
     * @param segments of the current epoch, by key range
     * @param header its note, possibly empty
     */
    public StreamInfo(
            final String name,
            final long streamId,
            final StreamState state,
            final int epoch,
            final long createdNs,
            final List<SegmentInfo> segments,
            final byte[] header) {
        this.name = name;
        this.streamId = streamId;
        this.state = state;
        this.epoch = epoch;
        this.createdNs = createdNs;
        this.segments = List.copyOf(segments);
        this.header = header.clone();
    }

    /**
     * Returns the name.
     *
     * @return scope/stream
     */
    public String name() {
        return name;
    }

    /**
     * Returns the identity.
     *
     * @return stream id; a stream made anew under the same name has another one
     */
    public long streamId() {
        return streamId;
    }

    /**
     * Returns the state.
     *
     * @return at the time of the answer
     */
    public StreamState state() {
        return state;
    }

    /**
     * Returns the number of the segment map.
     *
     * @return epoch
     */
    public int epoch() {
        return epoch;
    }

    /**
     * Returns when the stream was made.
     *
     * @return nanoseconds since 1970, by the node's clock
     */
    public long createdNs() {
        return createdNs;
    }

    /**
     * Returns the segments.
     *
     * @return of the current epoch, in the order of their key ranges
     */
    public List<SegmentInfo> segments() {
        return segments;
    }

    /**
     * Returns all committed bytes that can be read.
     *
     * @return sum of length − startOffset, in bytes, frames of 12 bytes an event included
     */
    public long readableBytes() {
        long sum = 0;
        for (final SegmentInfo segment : segments) {
            sum += segment.length() - segment.startOffset();
        }
        return sum;
    }

    /**
     * Returns the note kept with the stream.
     *
     * @return a copy, empty when there is none
     */
    public byte[] header() {
        return header.clone();
    }

    /**
     * Returns the note as text.
     *
     * @return decoded as UTF-8
     */
    public String headerText() {
        return new String(header, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "StreamInfo{" + name + ", streamId=" + streamId + ", state=" + state + ", segments=" + segments + "}";
    }
}
