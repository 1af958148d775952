package io.millrace.client.core;

import io.aeron.logbuffer.BufferClaim;
import io.millrace.client.NodeInfo;
import io.millrace.codec.ErrorCode;
import org.agrona.DirectBuffer;

/**
 * Port: one supervised session to one node.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
public interface NodeLink extends AutoCloseable {
    /** What the client does with a link; called within {@link NodeLink#doWork(long)}. */
    interface Handler {
        /** Tells that a new session is open: set everything up again. */
        void onOpened();

        /**
         * Tells that the session is lost.
         *
         * @param reason in words
         */
        void onLost(String reason);

        /**
         * Takes one frame that {@code WireFrames} has checked.
         *
         * @param templateId of the message
         * @param buffer holds the frame, valid only during the call
         * @param offset of the SBE message header
         * @param length in bytes, header included
         */
        void onFrame(int templateId, DirectBuffer buffer, int offset, int length);

        /**
         * Tells that the node refused the session.
         *
         * @param code why
         * @param text in words
         * @param isFinal whether the link has given up
         */
        void onRefused(ErrorCode code, String text, boolean isFinal);
    }

    /**
     * Moves the session on and reads frames.
     *
     * @param nowNs the duty cycle's time
     * @return work count
     */
    int doWork(long nowNs);

    /**
     * Tells whether frames can be sent.
     *
     * @return true within a session
     */
    boolean isOpen();

    /**
     * Claims room for one frame.
     *
     * @param length in bytes, ≤ {@link #maxFrameLength()}
     * @param claim to be committed at once
     * @return positive when claimed, else one of Aeron's negative codes: try again later
     */
    long tryClaim(int length, BufferClaim claim);

    /**
     * Sends one frame, in pieces where it is longer than {@link #maxFrameLength()}.
     *
     * @param buffer holds the frame
     * @param offset of the frame
     * @param length in bytes
     * @return positive when sent, else one of Aeron's negative codes: try again later
     */
    long offer(DirectBuffer buffer, int offset, int length);

    /**
     * Returns the longest frame.
     *
     * @return bytes; 0 when not open
     */
    int maxFrameLength();

    /**
     * Returns the longest payload the node takes.
     *
     * @return bytes; 0 before the first session
     */
    int maxEventLength();

    /**
     * Returns what the node said of itself.
     *
     * @return of the newest session
     */
    NodeInfo nodeInfo();

    /**
     * Returns why there is no session.
     *
     * @return in words, empty when unknown
     */
    String lastFailure();

    @Override
    void close();
}
