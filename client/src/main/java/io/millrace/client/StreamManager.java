package io.millrace.client;

import io.millrace.codec.MillraceException;
import java.util.Iterator;

/**
 * Makes, lists and ends streams. Names are {@code scope/stream}, each part 1 to 255 of {@code [A-Za-z0-9._-]} without a
 * leading {@code _}.
 *
 * <p>Every call blocks until the answer is committed, at most for {@link Millrace.Context#requestTimeoutNs()}. While
 * the node is away the request is kept, and sent again under the same id once it is back, so that it is executed once.
 *
 * <p><b>Threading</b>: as {@link Millrace}. All methods throw {@link MillraceException}: the code of the node's
 * refusal; {@code UNREACHABLE} when no node answered in time; {@code TIMED_OUT} when it was sent and the outcome is
 * unknown; {@code BAD_NAME}; {@code CLIENT_CLOSED}.
 */
public interface StreamManager {
    /**
     * Makes a stream, and its scope where it is missing.
     *
     * @param stream scope/stream
     * @param configuration of the new stream
     * @return true when it was made, false when it was there already with the same configuration
     * @throws MillraceException {@code STREAM_CONFLICT} when it exists with another configuration
     */
    boolean createStream(String stream, StreamConfiguration configuration);

    /**
     * Makes an empty scope.
     *
     * @param scope name
     * @return true when it was made, false when it was there already
     */
    boolean createScope(String scope);

    /**
     * Deletes an empty scope.
     *
     * @param scope name
     * @return true when it was deleted, false when it already was
     */
    boolean deleteScope(String scope);

    /**
     * Describes a stream.
     *
     * @param stream scope/stream
     * @return its state, segments and note
     * @throws MillraceException {@code STREAM_NOT_FOUND} or {@code SCOPE_NOT_FOUND}
     */
    StreamInfo describe(String stream);

    /**
     * Lists the streams of all scopes in the order of their names.
     *
     * @return pages are fetched while it is read; {@code hasNext} can throw
     */
    default Iterator<StreamSummary> list() {
        return list("");
    }

    /**
     * Lists the streams of one scope in the order of their names.
     *
     * @param scope name, or empty for all scopes
     * @return pages are fetched while it is read; {@code hasNext} can throw
     */
    Iterator<StreamSummary> list(String scope);

    /**
     * Seals a stream: it takes no more events.
     *
     * @param stream scope/stream
     * @return true when it was sealed now, false when it already was
     */
    boolean seal(String stream);

    /**
     * Deletes a sealed stream.
     *
     * @param stream scope/stream
     * @return true when it was deleted now, false when it was being deleted already
     * @throws MillraceException {@code STREAM_NOT_SEALED}
     */
    boolean delete(String stream);

    /**
     * Truncates a stream: the events before a position go, for all readers and for good. A reader that stands before it
     * gets {@code SEGMENT_TRUNCATED}. Segments that the position does not name keep theirs; what was truncated already
     * stays so.
     *
     * @param stream scope/stream
     * @param position where the stream is to begin: a reader's, for its offsets are trusted to be the beginnings of
     *     events; {@link StreamPosition#TAIL}: all committed events go; {@link StreamPosition#HEAD}: none
     * @return true when events went, false when it began there or later already
     * @throws MillraceException {@code STREAM_NOT_FOUND} also when the position is of another stream,
     *     {@code OFFSET_OUT_OF_RANGE}, {@code SEGMENT_NOT_FOUND}
     */
    boolean truncate(String stream, StreamPosition position);

    /**
     * Sets the note kept with a stream.
     *
     * @param stream scope/stream
     * @param header opaque bytes, at most 4096
     */
    void setHeader(String stream, byte[] header);
}
