package io.millrace.control;

import org.agrona.DirectBuffer;

/**
 * Port to the sessions of clients: sends one encoded message of {@code millrace-wire.xml}.
 *
 * <p><b>Threading:</b> called on the device thread.
 *
 * @param <S> the carrier's session; compared by identity, never looked into.
 */
public interface Reply<S> {
    /** The message is on its way. */
    int SENT = 0;

    /** The session cannot take it now; it is offered again. */
    int BACK_PRESSURED = -1;

    /** The session is closed; the answer is dropped, a retry of the request finds it kept. */
    int GONE = -2;

    /**
     * Sends a message.
     *
     * @param session to whom.
     * @param buffer with the message, valid during the call only.
     * @param offset of its SBE header.
     * @param length bytes with the header, at most {@link ControlLimits#maxReplyLength()}: more than one Aeron frame,
     *     less than an Aeron message.
     * @return {@link #SENT}, {@link #BACK_PRESSURED} or {@link #GONE}.
     */
    int tryReply(S session, DirectBuffer buffer, int offset, int length);
}
