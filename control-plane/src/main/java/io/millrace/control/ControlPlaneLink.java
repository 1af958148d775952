package io.millrace.control;

import org.agrona.DirectBuffer;

/**
 * A node's way to the control plane of its cluster: reports and forwarded requests go out, orders and answers come in.
 *
 * <p><b>Threading:</b> {@link #report} and {@link #request} may be called by any thread and never block; {@link #poll}
 * by one thread.
 *
 * <p><b>Contract:</b> everything may be lost, and anything may come twice: after a change of the leader, a broken
 * session, or a queue that was full. Who needs an answer says it again until it comes.
 */
public interface ControlPlaneLink extends AutoCloseable {
    /** Longest message or frame that {@link #report} and {@link #request} take, in bytes. */
    int MAX_OUTBOUND_LENGTH = 60 * 1024;

    /** Takes what the control plane sends. */
    interface Inbox {
        /**
         * Takes a message of {@code millrace-chain.xml}: NodeRegistered, NodeHeartbeatSeen, StateTaken, Seal, Install,
         * Learn, Retire, EffectOrder or SegmentQuestion; it is well-formed.
         *
         * @param buffer with the message; valid during the call only.
         * @param offset of its SBE header.
         * @param length in bytes, header included.
         */
        void onMessage(DirectBuffer buffer, int offset, int length);

        /**
         * Takes the answer to a request.
         *
         * @param token of {@link ControlPlaneLink#request}; one that is not open any more is old news.
         * @param buffer with a well-formed frame of {@code millrace-wire.xml}; valid during the call only.
         * @param offset of its SBE header.
         * @param length in bytes, header included; up to {@link ControlLimits#maxReplyLength()}.
         */
        void onReply(long token, DirectBuffer buffer, int offset, int length);
    }

    /**
     * Sends a report of this node: a message of {@code millrace-chain.xml} that is for the control plane, or
     * ImportPart.
     *
     * @param buffer with the message.
     * @param offset of its SBE header.
     * @param length in bytes, header included.
     * @return true when it is on its way; false: not now, there is no session or the queue is full.
     * @throws IllegalArgumentException when it is longer than {@link #MAX_OUTBOUND_LENGTH}.
     */
    boolean report(DirectBuffer buffer, int offset, int length);

    /**
     * Forwards a client's metadata request.
     *
     * @param token the node's own number of the request, repeated in the answer.
     * @param clientIdHigh upper half of the client's id.
     * @param clientIdLow lower half.
     * @param frame buffer with a frame of {@code millrace-wire.xml}.
     * @param offset of its SBE header.
     * @param length in bytes, header included.
     * @return true when it is on its way; false: not now.
     * @throws IllegalArgumentException when it is longer than {@link #MAX_OUTBOUND_LENGTH}.
     */
    boolean request(long token, long clientIdHigh, long clientIdLow, DirectBuffer frame, int offset, int length);

    /**
     * Hands over what has come.
     *
     * @param inbox to take it.
     * @param limit most messages of this call.
     * @return how many were handed over.
     */
    int poll(Inbox inbox, int limit);

    /** Tells whether there is a session with a leader. */
    boolean isConnected();

    /** Returns the leadership term of the session, -1 before there was one. */
    long leaderTerm();

    /** Returns the index of the member that leads, -1 before there was a session. */
    int leaderMember();

    /** Returns how often a session was made. */
    long sessionCount();

    /** Returns how many messages were dropped, in either direction: no session, or a full queue. */
    long droppedCount();

    /** Ends the session and the thread. */
    @Override
    void close();
}
