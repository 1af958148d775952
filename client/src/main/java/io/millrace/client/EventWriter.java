package io.millrace.client;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.time.Duration;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes events to one stream. Events of one routing key keep their order; every event is stored exactly once, over
 * lost sessions and restarts of the node; it counts as written when it is acknowledged, and then it is durable.
 *
 * <p>The core ({@code offer}, {@code tryClaim}, {@code poll}, {@code doWork}) never blocks and never allocates;
 * {@code append} and {@code flush} block. An offered event waits in the writer's buffer: it is sent by the next
 * {@code poll}, {@code doWork} or blocking call (by the client's own thread at the latest), together with all others
 * offered until then, and stays there until it is acknowledged.
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
     * Waits until every event offered before is durable.
     *
     * @param timeout longest wait
     * @throws MillraceException as {@link #append}: if one of them cannot be written, or time is up
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
