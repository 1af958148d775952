package io.millrace.client;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes events to one stream. Events of one routing key keep their order; every event is stored exactly once, over
 * lost sessions and restarts of the node; it counts as written when it is acknowledged, and then it is durable.
 *
 * <p>The core ({@code offer}, {@code tryClaim}, {@code poll}, {@code doWork}) never blocks and never allocates;
 * {@code append} and {@code flush} block; {@code appendAsync} returns a future. An offered event waits in the writer's
 * buffer: it is sent by the next {@code poll}, {@code doWork} or blocking call (by the client's own thread at the
 * latest), together with all others offered until then, and stays there until it is acknowledged.
 *
 * <pre>{@code
 * long sequence;
 * while ((sequence = writer.offer(keyHash, buffer, 0, length)) < 0) {
 *     if (!Result.isRetryable(sequence)) throw new IllegalStateException(Result.name(sequence));
 *     writer.poll(acks, 64);
 * }
 * }</pre>
 *
 * <p><b>Threading</b>: as {@link Millrace}. Handlers run on the polling thread, under the client's lock.
 */
public interface EventWriter extends AutoCloseable {
    /**
     * Offers an event under the hash of its key.
     *
     * @param keyHash {@code KeyHash.of(key)}: decides the segment
     * @param buffer holds the payload, copied before the call returns
     * @param offset of the payload in the buffer
     * @param length of the payload in bytes, 0 to 8 MiB
     * @return the event's sequence: 1, 2, 3 … in this writer; or a code of {@link Result}: {@code BACK_PRESSURED},
     *     {@code NOT_CONNECTED} (try again), {@code TOO_LARGE}, {@code CLOSED}, {@code FENCED}, {@code SEALED},
     *     {@code DELETED} or another final one
     */
    long offer(long keyHash, DirectBuffer buffer, int offset, int length);

    /**
     * Offers an event without a key: it goes to a random segment.
     *
     * @param buffer holds the payload, copied before the call returns
     * @param offset of the payload in the buffer
     * @param length of the payload in bytes, 0 to 8 MiB
     * @return as {@link #offer(long, DirectBuffer, int, int)}
     */
    long offer(DirectBuffer buffer, int offset, int length);

    /**
     * Offers an event; the convenient form, which hashes the key.
     *
     * @param key routing key, null for none
     * @param payload bytes, copied before the call returns
     * @return as {@link #offer(long, DirectBuffer, int, int)}
     */
    long offer(@Nullable String key, byte[] payload);

    /**
     * Offers a list as one unit: all of its events are stored behind each other, or, whatever fails, none of them.
     *
     * @param key routing key of all, null for a random segment
     * @param payloads one or more, copied before the call returns; with 12 bytes for each event together at most 8 MiB
     *     + 12, and not more than {@link Millrace.Context#writerMaxPendingEvents()} events
     * @return the last event's sequence (each has its own), or a code as {@link #offer(long, DirectBuffer, int, int)};
     *     {@code TOO_LARGE} for a list that exceeds the limits
     * @throws IllegalArgumentException if the list is empty
     */
    long offer(@Nullable String key, List<byte[]> payloads);

    /**
     * Claims space for an event that is then written in place.
     *
     * @param keyHash {@code KeyHash.of(key)}: decides the segment
     * @param length of the payload in bytes, 0 to 8 MiB
     * @param claim to be filled; commit or abort it at once
     * @return the sequence the event has once committed, or a code as {@link #offer(long, DirectBuffer, int, int)}
     * @throws IllegalStateException if a claim of this writer is still open
     */
    long tryClaim(long keyHash, int length, EventClaim claim);

    /**
     * Does what {@link #doWork()} does and hands over what became of events. A writer that is never polled forgets the
     * tidings; one that has been polled once is {@code BACK_PRESSURED} rather than forget any, so go on polling.
     *
     * @param handler told of each event
     * @param limit greatest number of events in this call
     * @return number of events told, acknowledged or failed
     */
    int poll(AckHandler handler, int limit);

    /**
     * Sends what can be sent and takes what has arrived, for the whole client.
     *
     * @return amount of work done, 0 when idle
     */
    int doWork();

    /**
     * Returns the last sequence given to an event.
     *
     * @return 0 when none was
     */
    long lastSequence();

    /**
     * Returns the sequence up to which all events are durable.
     *
     * @return 0 when none is
     */
    long acknowledgedSequence();

    /**
     * Returns the number of events that are offered and not known to be durable, failed ones included.
     *
     * @return count
     */
    long pendingCount();

    /**
     * Returns why this writer takes no more events.
     *
     * @return 0 while it does, else a final code of {@link Result}
     */
    long failure();

    /**
     * Returns the last refusal a node gave to this writer, also one that the writer is mending by itself
     * ({@code JOURNAL_FULL}, {@code THROTTLED}, {@code NOT_READY} …).
     *
     * @return null when there was none since the last acknowledgement
     */
    @Nullable
    ErrorCode lastRefusal();

    /**
     * Writes one event and waits until it is durable, at most for {@link Millrace.Context#requestTimeoutNs()}.
     *
     * @param key routing key, null for none
     * @param payload bytes
     * @return where it lies
     * @throws MillraceException {@code PAYLOAD_TOO_LARGE}, {@code CLIENT_FENCED}, {@code CLIENT_SEALED},
     *     {@code CLIENT_CLOSED}; when time is up {@code UNREACHABLE}, {@code TIMED_OUT} or the code of the last
     *     refusal, and then the event is still pending and will be sent again
     */
    EventPosition append(@Nullable String key, byte[] payload);

    /**
     * Writes a list as one unit and waits until it is durable: all of it or none.
     *
     * @param key routing key of all, null for a random segment
     * @param payloads as {@link #offer(String, List)}
     * @return where the last event lies
     * @throws MillraceException as {@link #append(String, byte[])}
     * @throws IllegalArgumentException if the list is empty
     */
    EventPosition append(@Nullable String key, List<byte[]> payloads);

    /**
     * Writes one event; the future completes when it is durable, however often the session is lost or the node
     * restarted until then. Futures of one segment complete in order, on a thread that happens to work for this client
     * and outside its lock: what depends on one may call the client, but should not wait for another future.
     *
     * <p>At most {@link Millrace.Context#writerMaxInFlight()} futures of a writer are pending. Beyond that, and while
     * the window of unacknowledged bytes is full, the call blocks, at most for
     * {@link Millrace.Context#requestTimeoutNs()}.
     *
     * @param key routing key, null for none
     * @param payload bytes, copied before the call returns
     * @return never lost: completes with the event's place, or exceptionally with a {@link MillraceException}:
     *     {@code CLIENT_SEALED}, {@code SEGMENT_DELETED}, {@code CLIENT_FENCED} … when its segment takes no more,
     *     {@code PAYLOAD_TOO_LARGE}, {@code CLIENT_CLOSED}; {@code BACK_PRESSURED}, {@code UNREACHABLE} or the last
     *     refusal's code when there was no room in time, and then the event was not taken
     */
    CompletableFuture<EventPosition> appendAsync(@Nullable String key, byte[] payload);

    /**
     * Writes a list as one unit; as {@link #appendAsync(String, byte[])}.
     *
     * @param key routing key of all, null for a random segment
     * @param payloads as {@link #offer(String, List)}
     * @return completes when all of it is durable, with the place of the last event
     * @throws IllegalArgumentException if the list is empty
     */
    CompletableFuture<EventPosition> appendAsync(@Nullable String key, List<byte[]> payloads);

    /**
     * Waits until every event offered before is durable and the futures of all of them are completed, at most for
     * {@link Millrace.Context#requestTimeoutNs()}.
     *
     * @throws MillraceException as {@link #append(String, byte[])}: if one of them cannot be written, or time is up
     */
    void flush();

    /**
     * Waits until every event offered before is durable and the futures of all of them are completed.
     *
     * @param timeout longest wait
     * @throws MillraceException as {@link #append(String, byte[])}: if one of them cannot be written, or time is up
     */
    void flush(Duration timeout);

    /**
     * Returns what the stream was when the writer was opened.
     *
     * @return name, identity and segments
     */
    StreamInfo stream();

    /**
     * Flushes, at most for {@link Millrace.Context#requestTimeoutNs()}, and closes. Idempotent.
     *
     * @throws MillraceException when events remain that are not known to be durable; the writer is closed nevertheless
     */
    @Override
    void close();
}
