package io.millrace.transport;

import org.agrona.DirectBuffer;

/** What a node does with its sessions; called on the duty cycle's thread from {@link SessionAcceptor#doWork(long)}. */
public interface SessionHandler {
    /**
     * Takes one frame of an open session. The frame was checked by {@code WireFrames}: a decoder may be wrapped without
     * further bounds checks. The bytes are valid during the call only.
     *
     * @param session the frame came by.
     * @param templateId of the message; never one of the session's own messages.
     * @param buffer holding the frame.
     * @param offset of the SBE message header in the buffer.
     * @param length of the frame in bytes, header included.
     * @param receivedNs the duty cycle's time when the frame was read.
     * @return {@code false} to have the frame delivered again later, with all behind it in this session
     *     (back-pressure); {@code true} when it is consumed.
     */
    boolean onFrame(Session session, int templateId, DirectBuffer buffer, int offset, int length, long receivedNs);

    /**
     * Takes one frame of the chain schema, from another device. Nothing but its schema is checked.
     *
     * @param session the frame came by.
     * @param buffer holding the frame, valid during the call only.
     * @param offset of the SBE message header in the buffer.
     * @param length of the frame in bytes, header included.
     * @return as {@link #onFrame}.
     */
    default boolean onChainFrame(final Session session, final DirectBuffer buffer, final int offset, final int length) {
        return true;
    }

    /**
     * Tells that a session is open; no frame of it was handed up before.
     *
     * @param session that opened.
     */
    void onOpen(Session session);

    /**
     * Tells that a session is gone; nothing can be sent to it any more.
     *
     * @param session that closed.
     */
    void onClose(Session session);

    /**
     * Tells that a session's heartbeat was due: the place to repeat what the client has not echoed (P13).
     *
     * @param session whose heartbeat it is.
     */
    void onHeartbeat(Session session);
}
