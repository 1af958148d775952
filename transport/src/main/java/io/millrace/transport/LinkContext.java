package io.millrace.transport;

/** The settings of a {@link Link}. */
public final class LinkContext {
    /** The endpoint that names a node on the same driver. */
    public static final String IPC = "ipc";

    /** Default settings. */
    public LinkContext() {}

    /**
     * Sets the node's address.
     *
     * @param endpoint host:port, or {@link #IPC}.
     * @return this.
     */
    public LinkContext endpoint(final String endpoint) {
        return this;
    }

    /**
     * Sets the address at which the node reaches this client.
     *
     * @param host IP literal; default: the local address of the route to the node.
     * @return this.
     */
    public LinkContext replyHost(final String host) {
        return this;
    }

    /**
     * Names the client.
     *
     * @param clientName for people.
     * @param clientIdHigh upper half of its id.
     * @param clientIdLow lower half of its id.
     * @return this.
     */
    public LinkContext client(final String clientName, final long clientIdHigh, final long clientIdLow) {
        return this;
    }

    /**
     * Sets what the node's authenticator gets to see.
     *
     * @param credentials at most 512 bytes.
     * @return this.
     */
    public LinkContext credentials(final byte[] credentials) {
        return this;
    }

    /**
     * Sets the term length of the publication to the node.
     *
     * @param lengthBytes default: the transport's.
     * @return this.
     */
    public LinkContext termLength(final int lengthBytes) {
        return this;
    }

    /**
     * Limits the fragments read in one turn.
     *
     * @param count default 64.
     * @return this.
     */
    public LinkContext fragmentLimit(final int count) {
        return this;
    }

    /**
     * Sets how long the node may be silent before the session counts as lost.
     *
     * @param timeoutNs default 2 s.
     * @return this.
     */
    public LinkContext linkTimeoutNs(final long timeoutNs) {
        return this;
    }

    /**
     * Sets the time between this client's heartbeats.
     *
     * @param intervalNs default 100 ms.
     * @return this.
     */
    public LinkContext heartbeatIntervalNs(final long intervalNs) {
        return this;
    }

    /**
     * Sets the waits between attempts, doubled from the first to the last.
     *
     * @param firstNs default 10 ms.
     * @param lastNs default 1 s.
     * @return this.
     */
    public LinkContext backoffNs(final long firstNs, final long lastNs) {
        return this;
    }
}
