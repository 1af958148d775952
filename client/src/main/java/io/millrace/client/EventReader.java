package io.millrace.client;

import io.millrace.codec.MillraceException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Reads all segments of one stream: committed events only, each once, in the order they were stored in their segment.
 * The node pushes bytes as they become durable, within a window that this reader grants; nothing is polled over the
 * network. After a lost session it goes on behind the last event processed.
 *
 * <p><b>Threading</b>: as {@link Millrace}. Handlers run on the polling thread, under the client's lock.
 */
public interface EventReader extends AutoCloseable {
    /**
     * Does what {@link #doWork()} does and hands over events. Allocates nothing.
     *
     * @param handler called for each event; when it throws, the reader stays before that event
     * @param limit greatest number of events in this call
     * @return number of events handed over
     * @throws MillraceException if a segment cannot be read on: {@code SEGMENT_DELETED}, {@code OFFSET_OUT_OF_RANGE},
     *     {@code BAD_EVENT_DATA} …; {@code CLIENT_CLOSED}
     */
    int poll(EventHandler handler, int limit);

    /**
     * Sends what can be sent and takes what has arrived, for the whole client.
     *
     * @return amount of work done, 0 when idle
     */
    int doWork();

    /**
     * Waits for one event.
     *
     * @param timeout longest wait
     * @return the event, or null when time was up or {@link #isAtEnd()}
     * @throws MillraceException as {@link #poll}
     */
    @Nullable
    EventView read(Duration timeout);

    /**
     * Returns where this reader stands: behind the last event whose handler returned.
     *
     * @return to be given to {@link #seek} or to {@link Millrace#openReader(String, StreamPosition)}, now or later
     */
    StreamPosition position();

    /**
     * Goes to another place. {@code HEAD} and {@code TAIL} are resolved before the call returns: what is acknowledged
     * later is read.
     *
     * @param position {@link StreamPosition#HEAD}, {@link StreamPosition#TAIL} or a position of this stream; a segment
     *     it does not name is read from its head
     * @throws MillraceException as {@link StreamManager#describe}; {@code OFFSET_OUT_OF_RANGE} for a position of
     *     another stream
     */
    void seek(StreamPosition position);

    /**
     * Tells whether the stream has ended: every segment is sealed and read to its end.
     *
     * @return true when no event can ever follow
     */
    boolean isAtEnd();

    /**
     * Returns what the stream was when the reader was opened.
     *
     * @return name, identity and segments
     */
    StreamInfo stream();

    /** Closes the reader. Idempotent. */
    @Override
    void close();
}
