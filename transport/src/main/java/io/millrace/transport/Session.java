package io.millrace.transport;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.codec.wire.RefusalCode;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * One client's session, at the node.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
public final class Session {
    private @Nullable Object attachment;

    /** Made by the acceptor alone. */
    Session() {}

    /** Returns the session's number: unique in this run of the node, never 0. */
    public long id() {
        return 0;
    }

    /** Returns the upper half of the client's id. */
    public long clientIdHigh() {
        return 0;
    }

    /** Returns the lower half of the client's id. */
    public long clientIdLow() {
        return 0;
    }

    /** Returns the client's name as it calls itself; untrusted. */
    public String clientName() {
        return "";
    }

    /** Returns whether frames can be sent. */
    public boolean isOpen() {
        return false;
    }

    /** Returns the longest frame {@link #tryClaim(int, BufferClaim)} takes, in bytes. */
    public int maxFrameLength() {
        return 0;
    }

    /**
     * Returns the longest frame {@link #offer(DirectBuffer, int, int)} takes, in bytes; above {@link #maxFrameLength()}
     * it travels in pieces.
     */
    public int maxOfferLength() {
        return 0;
    }

    /**
     * Claims room for one frame to the client.
     *
     * @param length of the frame, ≤ {@link #maxFrameLength()}.
     * @param claim to be committed or aborted before anything else is sent.
     * @return &gt; 0, or a negative code of {@link io.aeron.Publication}: {@code BACK_PRESSURED},
     *     {@code NOT_CONNECTED}, {@code ADMIN_ACTION} (try again), {@code CLOSED}.
     */
    public long tryClaim(final int length, final BufferClaim claim) {
        return 0;
    }

    /**
     * Sends one frame to the client, in pieces when it is longer than {@link #maxFrameLength()}.
     *
     * @param buffer holding the frame.
     * @param offset of the frame.
     * @param length of the frame, ≤ {@link #maxOfferLength()}.
     * @return &gt; 0, or a negative code as {@link #tryClaim(int, BufferClaim)}.
     */
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        return 0;
    }

    /**
     * Refuses a request: the refusal is sent at once or kept in a bounded queue until it can be.
     *
     * @param code why.
     * @param requestTemplateId of the refused message.
     * @param correlationId of the request, or the first event number of an append.
     * @param streamId or 0.
     * @param segmentId or 0.
     * @param detail the number that helps: expected event number, limit, current epoch; or 0.
     * @param writerIdHigh or 0.
     * @param writerIdLow or 0.
     * @param text in words, ASCII; cut at 200 characters.
     * @return {@code false} when the queue is full: do not consume the frame, it will come again.
     */
    @SuppressWarnings("checkstyle:ParameterNumber")
    public boolean refuse(
            final RefusalCode code,
            final int requestTemplateId,
            final long correlationId,
            final long streamId,
            final long segmentId,
            final long detail,
            final long writerIdHigh,
            final long writerIdLow,
            final String text) {
        return false;
    }

    /** Returns what the handler attached. */
    public @Nullable Object attachment() {
        return attachment;
    }

    /**
     * Keeps an object of the handler with the session.
     *
     * @param object or {@code null}.
     */
    public void attach(final @Nullable Object object) {
        this.attachment = object;
    }

    /** Closes the session in the acceptor's next turn; the client hears of it and connects again if it wants to. */
    public void close() {}
}
