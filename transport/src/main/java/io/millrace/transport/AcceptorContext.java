package io.millrace.transport;

/** The settings of a {@link SessionAcceptor}. */
public final class AcceptorContext {
    /** Default settings. */
    public AcceptorContext() {}

    /**
     * Sets the UDP address to listen on.
     *
     * @param endpoint host:port; port 0 takes a free one, see {@link SessionAcceptor#boundEndpoint()}.
     * @return this.
     */
    public AcceptorContext listenEndpoint(final String endpoint) {
        return this;
    }

    /**
     * Listens on ipc as well.
     *
     * @param listen default {@code true}.
     * @return this.
     */
    public AcceptorContext listenIpc(final boolean listen) {
        return this;
    }

    /**
     * Limits the sessions; one more is refused with {@code SESSION_LIMIT}.
     *
     * @param count default 64.
     * @return this.
     */
    public AcceptorContext sessionLimit(final int count) {
        return this;
    }

    /**
     * Sets the term length of the publications to clients.
     *
     * @param lengthBytes default: the transport's.
     * @return this.
     */
    public AcceptorContext termLength(final int lengthBytes) {
        return this;
    }

    /**
     * Limits the fragments read in one turn.
     *
     * @param count default 64.
     * @return this.
     */
    public AcceptorContext fragmentLimit(final int count) {
        return this;
    }

    /**
     * Sets the time between heartbeats to a client.
     *
     * @param intervalNs default 100 ms.
     * @return this.
     */
    public AcceptorContext heartbeatIntervalNs(final long intervalNs) {
        return this;
    }

    /**
     * Sets how long a client may be silent.
     *
     * @param timeoutNs default 5 s.
     * @return this.
     */
    public AcceptorContext sessionTimeoutNs(final long timeoutNs) {
        return this;
    }

    /**
     * Describes the node to its clients.
     *
     * @param nodeName for people.
     * @param incarnation of this run.
     * @param durabilityMode for people: how bytes are made durable.
     * @param maxEventLength in bytes of payload.
     * @return this.
     */
    public AcceptorContext node(
            final String nodeName, final long incarnation, final String durabilityMode, final int maxEventLength) {
        return this;
    }

    /**
     * Sets who judges credentials.
     *
     * @param authenticator default {@link Authenticator#ACCEPT_ALL}.
     * @return this.
     */
    public AcceptorContext authenticator(final Authenticator authenticator) {
        return this;
    }
}
