package io.millrace.server.cli;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.io.InputStream;

/**
 * Cuts bytes into records: lines, or records of RFC 4180, where a quoted field may hold line ends. The bytes stay as
 * they are, a CR before the line end included; only the LF that ends a record is not part of it. A quote counts only at
 * the beginning of a field, so that {@code 5" pipe} is a plain field.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> never holds more than the largest event and one read.
 */
final class RecordSplitter {
    /** What a quote means. */
    enum Quoting {
        /** Nothing: each line is a record. */
        NONE,
        /** RFC 4180. */
        CSV
    }

    private enum Place {
        FIELD_START,
        PLAIN,
        QUOTED,
        QUOTE_IN_QUOTED
    }

    private static final int READ_LENGTH = 64 * 1024;
    private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    private final InputStream in;
    private final Quoting quoting;
    private final String source;
    private byte[] bytes = new byte[2 * READ_LENGTH];
    private int start;
    private int end;
    private int next;
    private int limit;
    private boolean terminated;
    private long line;
    private long nextLine = 1;
    private long inputBytes;

    /**
     * Creates the splitter.
     *
     * @param in to read.
     * @param quoting what quotes mean.
     * @param source name of the input, for messages.
     */
    RecordSplitter(final InputStream in, final Quoting quoting, final String source) {
        this.in = in;
        this.quoting = quoting;
        this.source = source;
    }

    /**
     * Goes to the next record; reads no more than is needed for it.
     *
     * @return false at the end.
     * @throws IOException when the input cannot be read.
     * @throws MillraceException {@code PAYLOAD_TOO_LARGE} when a record is longer than an event may be,
     *     {@code BAD_INPUT} when a quote is not closed.
     */
    boolean next() throws IOException {
        start = next;
        line = nextLine;
        Place place = Place.FIELD_START;
        int at = start;
        if (line == 1 && quoting == Quoting.CSV) {
            at += byteOrderMarkLength();
        }
        while (true) {
            while (at < limit) {
                final byte b = bytes[at++];
                if (b == '\n') {
                    nextLine++;
                    if (place != Place.QUOTED) {
                        return found(at - 1, at, true);
                    }
                } else if (quoting == Quoting.CSV) {
                    place = follow(place, b);
                }
            }
            if (at - start > EventFrame.MAX_PAYLOAD) {
                throw tooLong();
            }
            final int scanned = at - start;
            final boolean hasMore = fill();
            at = start + scanned;
            if (!hasMore) {
                if (place == Place.QUOTED) {
                    throw new MillraceException(
                            ErrorCode.BAD_INPUT,
                            source + ", line " + line
                                    + ": a quote at the beginning of a field is not closed up to the end");
                }
                return scanned > 0 && found(at, at, false);
            }
        }
    }

    private static Place follow(final Place place, final byte b) {
        return switch (place) {
            case FIELD_START -> b == '"' ? Place.QUOTED : b == ',' ? Place.FIELD_START : Place.PLAIN;
            case PLAIN -> b == ',' ? Place.FIELD_START : Place.PLAIN;
            case QUOTED -> b == '"' ? Place.QUOTE_IN_QUOTED : Place.QUOTED;
            case QUOTE_IN_QUOTED -> b == '"' ? Place.QUOTED : b == ',' ? Place.FIELD_START : Place.PLAIN;
        };
    }

    private boolean found(final int newEnd, final int newNext, final boolean isTerminated) {
        end = newEnd;
        next = newNext;
        terminated = isTerminated;
        if (end - start > EventFrame.MAX_PAYLOAD) {
            throw tooLong();
        }
        return true;
    }

    private MillraceException tooLong() {
        return new MillraceException(
                ErrorCode.PAYLOAD_TOO_LARGE,
                source + ", line " + line + ": the record that begins here is longer than the largest event, "
                        + EventFrame.MAX_PAYLOAD + " bytes"
                        + (quoting == Quoting.CSV ? " (is a quote not closed?)" : ""));
    }

    private int byteOrderMarkLength() throws IOException {
        int matched = 0;
        while (matched < BYTE_ORDER_MARK.length) {
            if (start + matched == limit && !fill()) {
                return 0;
            }
            if (bytes[start + matched] != BYTE_ORDER_MARK[matched]) {
                return 0;
            }
            matched++;
        }
        return matched;
    }

    /** Reads on, moving the record to the front of the buffer or enlarging it where there is no room. */
    private boolean fill() throws IOException {
        if (limit == bytes.length) {
            final int kept = limit - start;
            final byte[] target = kept > bytes.length / 2 ? new byte[bytes.length * 2] : bytes;
            System.arraycopy(bytes, start, target, 0, kept);
            bytes = target;
            start = 0;
            next = 0;
            limit = kept;
        }
        final int count = in.read(bytes, limit, Math.min(READ_LENGTH, bytes.length - limit));
        if (count <= 0) {
            return false;
        }
        limit += count;
        inputBytes += count;
        return true;
    }

    /**
     * Returns the buffer that holds the record.
     *
     * @return valid until the next call of {@link #next()}.
     */
    byte[] bytes() {
        return bytes;
    }

    /**
     * Returns where the record begins.
     *
     * @return index in {@link #bytes()}.
     */
    int offset() {
        return start;
    }

    /**
     * Returns the length of the record.
     *
     * @return bytes, without the LF.
     */
    int length() {
        return end - start;
    }

    /**
     * Tells whether an LF followed.
     *
     * @return false only for a last record that ends with the input.
     */
    boolean isTerminated() {
        return terminated;
    }

    /**
     * Returns the line on which the record begins.
     *
     * @return from 1.
     */
    long line() {
        return line;
    }

    /**
     * Returns how much of the input is cut into records.
     *
     * @return bytes.
     */
    long consumedBytes() {
        return inputBytes - (limit - next);
    }
}
