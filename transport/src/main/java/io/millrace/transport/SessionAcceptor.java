package io.millrace.transport;

/**
 * The node's side of all sessions: listens, opens, watches and closes them, and hands their frames up.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
public final class SessionAcceptor implements AutoCloseable {
    /** The stream that carries frames from clients to a node. */
    public static final int NODE_STREAM_ID = 7701;

    /**
     * Starts listening.
     *
     * @param transport the media.
     * @param context settings.
     * @param handler of sessions and their frames.
     * @throws io.millrace.codec.MillraceException when the endpoint cannot be listened on.
     */
    public SessionAcceptor(final Transport transport, final AcceptorContext context, final SessionHandler handler) {}

    /**
     * Reads at most the limit of fragments, sends what is due, and closes what is overdue. Never throws because of what
     * arrived.
     *
     * @param nowNs the turn's monotonic time.
     * @return work count.
     */
    public int doWork(final long nowNs) {
        return 0;
    }

    /** Returns host:port as bound; the port is the one taken when 0 was asked for. */
    public String boundEndpoint() {
        return "";
    }

    /** Returns the number of open sessions. */
    public int sessionCount() {
        return 0;
    }

    /** Returns whether a session came by ipc: then nothing wakes a thread that waits on sockets. */
    public boolean hasIpcSession() {
        return false;
    }

    /** Returns the bytes that all sessions together can take, at the limits in force. */
    public long memoryBudget() {
        return 0;
    }

    /** Returns the frames dropped because they were malformed or belonged to no session. */
    public long droppedFrameCount() {
        return 0;
    }

    /** Returns the sessions refused. */
    public long refusedSessionCount() {
        return 0;
    }

    /**
     * Goes on over another transport after the old one closed: every session is closed, the same address listened on.
     *
     * @param transport the new media.
     */
    public void rebind(final Transport transport) {}

    /** Closes every session and stops listening; idempotent. */
    @Override
    public void close() {}
}
