package io.millrace.transport;

import io.aeron.Publication;
import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.RefusalCode;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One client's session, at the node. {@link SessionAcceptor} makes the real ones; a simulation stands behind it as
 * well.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
public interface Session {
    /** Returns the session's number: unique in this run of the node, never 0. */
    long id();

    /** Returns the upper half of the client's id. */
    long clientIdHigh();

    /** Returns the lower half of the client's id. */
    long clientIdLow();

    /** Returns the client's name as it calls itself; untrusted. */
    String clientName();

    /** Returns whether frames can be sent. */
    boolean isOpen();

    /** Returns whether the client came by ipc. */
    boolean isIpc();

    /** Returns the longest frame {@link #tryClaim(int, BufferClaim)} takes, in bytes. */
    int maxFrameLength();

    /**
     * Returns the longest frame {@link #offer(DirectBuffer, int, int)} takes, in bytes; above {@link #maxFrameLength()}
     * it travels in pieces.
     */
    int maxOfferLength();

    /**
     * Tells whether the client's window has room for a frame: who would have to gather it first need not do so in vain.
     *
     * @param length of the frame, &le; {@link #maxFrameLength()}.
     * @return false when {@link #tryClaim(int, BufferClaim)} would certainly fail now.
     */
    default boolean hasRoom(final int length) {
        return true;
    }

    /**
     * Claims room for one frame to the client.
     *
     * @param length of the frame, ≤ {@link #maxFrameLength()}.
     * @param claim to be committed or aborted before anything else is sent.
     * @return &gt; 0, or a negative code of {@link Publication}: {@code BACK_PRESSURED}, {@code NOT_CONNECTED},
     *     {@code ADMIN_ACTION} (try again), {@code CLOSED}.
     */
    long tryClaim(int length, BufferClaim claim);

    /**
     * Sends one frame to the client, in pieces when it is longer than {@link #maxFrameLength()}.
     *
     * @param buffer holding the frame.
     * @param offset of the frame.
     * @param length of the frame, ≤ {@link #maxOfferLength()}.
     * @return &gt; 0, or a negative code as {@link #tryClaim(int, BufferClaim)}.
     */
    long offer(DirectBuffer buffer, int offset, int length);

    /**
     * Refuses a request: the refusal is sent at once or kept in a bounded queue until it can be.
     *
     * @param code why.
     * @param requestTemplateId of the refused message.
     * @param requestId correlation id of the request, or the first event number of an append.
     * @param streamId or 0.
     * @param segmentId or 0.
     * @param detail the number that helps: expected event number, limit, current epoch; or 0.
     * @param writerIdHigh or 0.
     * @param writerIdLow or 0.
     * @param text in words, ASCII; cut at 200 characters.
     * @return {@code false} when the queue is full: do not consume the frame, it will come again.
     */
    boolean refuse(
            RefusalCode code,
            int requestTemplateId,
            long requestId,
            long streamId,
            long segmentId,
            long detail,
            long writerIdHigh,
            long writerIdLow,
            String text);

    /** Returns what the handler attached. */
    @Nullable
    Object attachment();

    /**
     * Keeps an object of the handler with the session.
     *
     * @param object or {@code null}.
     */
    void attach(@Nullable Object object);

    /** Closes the session in the acceptor's next turn; the client hears of it and connects again if it wants to. */
    void close();
}
