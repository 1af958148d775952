package io.millrace.transport;

import org.agrona.concurrent.UnsafeBuffer;

/**
 * The refusal of a session, on its way: its client has no session by which to send it.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
final class RefusedOpen {
    /** Refusals on their way at a time; further requests go unanswered and are counted. */
    static final int LIMIT = 16;

    /** Term length of its publication: as small as they come. */
    static final int TERM_LENGTH = 64 << 10;

    private final ReplyPath path;
    private final UnsafeBuffer frame = new UnsafeBuffer(new byte[SessionFrames.REFUSAL_LENGTH_MAX]);
    private final int frameLength;
    private final long deadlineNs;

    /**
     * Keeps a copy of the frame.
     *
     * @param path to the client.
     * @param source of the frame, from index 0.
     * @param frameLength in bytes.
     * @param deadlineNs when to give up.
     */
    RefusedOpen(final ReplyPath path, final UnsafeBuffer source, final int frameLength, final long deadlineNs) {
        this.path = path;
        this.frame.putBytes(0, source, 0, frameLength);
        this.frameLength = frameLength;
        this.deadlineNs = deadlineNs;
    }

    /**
     * Sends it when the client is reachable.
     *
     * @param nowNs the turn's time.
     * @return whether this is done with, and closed.
     */
    boolean send(final long nowNs) {
        final boolean isSent = path.isConnected() && path.offer(frame, 0, frameLength) > 0;
        final boolean isDone = isSent || path.failure() != null || nowNs - deadlineNs >= 0;
        if (isDone) {
            path.close();
        }
        return isDone;
    }

    /** Gives up. */
    void close() {
        path.close();
    }
}
