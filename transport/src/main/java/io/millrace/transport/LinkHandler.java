package io.millrace.transport;

import io.millrace.codec.wire.RefusalCode;
import org.agrona.DirectBuffer;

/** What a client does with a link; called on the thread that calls {@link Link#doWork(long)}. */
public interface LinkHandler {
    /**
     * Tells that a session is open; {@link Link#generation()} has grown, so everything is to be set up again.
     *
     * @param link that opened.
     */
    void onOpened(Link link);

    /**
     * Tells that an open session is lost; the link goes on trying by itself.
     *
     * @param link that lost its session.
     * @param reason in words.
     */
    void onLost(Link link, String reason);

    /**
     * Takes one frame of the open session, checked and, where it was fragmented, assembled. The bytes are valid during
     * the call only.
     *
     * @param link the frame came by.
     * @param templateId of the message; never one of the session's own messages, but refusals of requests are handed
     *     up.
     * @param buffer holding the frame.
     * @param offset of the SBE message header in the buffer.
     * @param length of the frame in bytes, header included.
     * @param receivedNs the duty cycle's time when the frame was read.
     * @return {@code false} to have the frame delivered again later (back-pressure); {@code true} when it is consumed.
     */
    boolean onFrame(Link link, int templateId, DirectBuffer buffer, int offset, int length, long receivedNs);

    /**
     * Takes one frame of the chain schema. Nothing but its schema is checked.
     *
     * @param link the frame came by.
     * @param buffer holding the frame, valid during the call only.
     * @param offset of the SBE message header in the buffer.
     * @param length of the frame in bytes, header included.
     * @return as {@link #onFrame}.
     */
    default boolean onChainFrame(final Link link, final DirectBuffer buffer, final int offset, final int length) {
        return true;
    }

    /**
     * Tells that the node refused the session.
     *
     * @param link that was refused.
     * @param code why.
     * @param text in words, from the node.
     * @param isFinal {@code true} when the link has given up ({@link Link.State#REFUSED}: protocol version,
     *     authorization, malformed); {@code false} when it tries again after its backoff (session limit, not ready).
     */
    void onRefused(Link link, RefusalCode code, String text, boolean isFinal);
}
