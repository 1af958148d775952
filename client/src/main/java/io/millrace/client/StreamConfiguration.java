package io.millrace.client;

/**
 * How a stream is made.
 *
 * <p><b>Threading</b>: immutable.
 */
public final class StreamConfiguration {
    private final int segmentCount;
    private final byte[] header;

    private StreamConfiguration(final int segmentCount, final byte[] header) {
        this.segmentCount = segmentCount;
        this.header = header;
    }

    /**
     * A stream with a fixed number of segments, i.e. of key ranges of equal size; order is kept within one of them.
     *
     * @param segmentCount from 1 to the node's limit
     * @return the configuration
     */
    public static StreamConfiguration fixed(final int segmentCount) {
        return new StreamConfiguration(segmentCount, new byte[0]);
    }

    /**
     * The same with a note that the node keeps beside the stream, e.g. the header line of a CSV file.
     *
     * @param newHeader opaque bytes, at most 4096
     * @return a new configuration
     */
    public StreamConfiguration withHeader(final byte[] newHeader) {
        return new StreamConfiguration(segmentCount, newHeader.clone());
    }

    /**
     * Returns the number of segments.
     *
     * @return as given
     */
    public int segmentCount() {
        return segmentCount;
    }

    /**
     * Returns the note.
     *
     * @return a copy, empty when there is none
     */
    public byte[] header() {
        return header.clone();
    }
}
