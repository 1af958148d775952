package io.millrace.server.cli;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The note that is kept with a stream: the header line of the CSV file that was written to it, without its line end,
 * and where a file ended without a line end, so that it can be given back byte for byte.
 *
 * <p><b>Layout:</b> the header's bytes; then, only if a file ended without a line end, a byte 0 and
 * {@code unterminated=SEGMENT@END}, where END is the segment offset behind that last event, or
 * {@code unterminated=header} when the file had no line but the header.
 *
 * <p><b>Threading:</b> immutable.
 */
final class HeaderNote {
    /** Longest header in bytes: what the node keeps, less the room for where a file ended. */
    static final int MAX_HEADER_LENGTH = 4_000;

    private static final String MARK = "unterminated=";
    private static final String HEADER_MARK = "header";
    private static final long NONE = -1;

    private final byte[] header;
    private final boolean endsInHeader;
    private final long lastSegmentId;
    private final long lastEndOffset;

    private HeaderNote(
            final byte[] header, final boolean endsInHeader, final long lastSegmentId, final long lastEndOffset) {
        this.header = header;
        this.endsInHeader = endsInHeader;
        this.lastSegmentId = lastSegmentId;
        this.lastEndOffset = lastEndOffset;
    }

    /**
     * Reads a note.
     *
     * @param note as kept with a stream; one that others wrote is a header from end to end.
     * @return what it says.
     */
    static HeaderNote parse(final byte[] note) {
        int zero = note.length - 1;
        while (zero >= 0 && note[zero] != 0) {
            zero--;
        }
        if (zero >= 0) {
            final String mark = new String(note, zero + 1, note.length - zero - 1, StandardCharsets.UTF_8);
            final byte[] header = Arrays.copyOf(note, zero);
            if (mark.equals(MARK + HEADER_MARK)) {
                return new HeaderNote(header, true, NONE, NONE);
            }
            if (mark.matches(MARK + "[0-9]{1,18}@[0-9]{1,18}")) {
                final int at = mark.indexOf('@');
                return new HeaderNote(
                        header,
                        false,
                        Long.parseLong(mark.substring(MARK.length(), at)),
                        Long.parseLong(mark.substring(at + 1)));
            }
        }
        return new HeaderNote(note.clone(), false, NONE, NONE);
    }

    /**
     * Gives the note another header.
     *
     * @param newHeader without its line end.
     * @return a new note.
     */
    HeaderNote withHeader(final byte[] newHeader) {
        return new HeaderNote(newHeader.clone(), endsInHeader, lastSegmentId, lastEndOffset);
    }

    /**
     * Says that the header has no line end.
     *
     * @return a new note.
     */
    HeaderNote withoutEndOfHeader() {
        return new HeaderNote(header, true, NONE, NONE);
    }

    /**
     * Says that an event has no line end.
     *
     * @param segmentId where it lies.
     * @param endOffset behind it.
     * @return a new note.
     */
    HeaderNote withoutEndOf(final long segmentId, final long endOffset) {
        return new HeaderNote(header, false, segmentId, endOffset);
    }

    /**
     * Writes the note.
     *
     * @return to be kept with the stream.
     */
    byte[] encode() {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(header);
        if (endsInHeader || lastEndOffset != NONE) {
            out.write(0);
            final String place = endsInHeader ? HEADER_MARK : lastSegmentId + "@" + lastEndOffset;
            out.writeBytes((MARK + place).getBytes(StandardCharsets.UTF_8));
        }
        return out.toByteArray();
    }

    /**
     * Returns the header.
     *
     * @return a copy, without its line end.
     */
    byte[] header() {
        return header.clone();
    }

    /**
     * Returns the header as text.
     *
     * @return decoded as UTF-8.
     */
    String text() {
        return new String(header, StandardCharsets.UTF_8);
    }

    /**
     * Tells whether there is no header.
     *
     * @return true when there is none.
     */
    boolean isEmpty() {
        return header.length == 0;
    }

    /**
     * Tells whether the file ended behind the header, without a line end.
     *
     * @return true when it did.
     */
    boolean endsInHeader() {
        return endsInHeader;
    }

    /**
     * Tells whether a file ended behind an event, without a line end.
     *
     * @param segmentId of the event.
     * @param endOffset behind the event.
     * @return true when it did.
     */
    boolean isUnterminated(final long segmentId, final long endOffset) {
        return lastEndOffset == endOffset && lastSegmentId == segmentId;
    }
}
