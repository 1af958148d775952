package io.millrace.transport;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;

/** The settings of a {@link SessionAcceptor}. */
public final class AcceptorContext {
    private static final int SESSION_LIMIT_MAX = 4096;
    private static final int FRAGMENT_LIMIT_MAX = 4096;
    private static final long NS_PER_MS = 1_000_000;

    private String listenEndpoint = "";
    private boolean isIpcListening = true;
    private int sessionLimit = 64;
    private long sessionMemory = Long.MAX_VALUE;
    private int termLength;
    private int fragmentLimit = 64;
    private long heartbeatIntervalNs = 100 * NS_PER_MS;
    private long sessionTimeoutNs = 5_000 * NS_PER_MS;
    private String nodeName = "";
    private long incarnation;
    private String durabilityMode = "";
    private int maxEventLength = 1 << 20;
    private Authenticator authenticator = Authenticator.ACCEPT_ALL;

    /** Default settings. */
    public AcceptorContext() {}

    /**
     * Sets the UDP address to listen on.
     *
     * @param endpoint host:port; empty for ipc alone; port 0 takes a free one, see
     *     {@link SessionAcceptor#boundEndpoint()}.
     * @return this.
     */
    public AcceptorContext listenEndpoint(final String endpoint) {
        this.listenEndpoint = endpoint;
        return this;
    }

    /**
     * Listens on ipc as well.
     *
     * @param listen default {@code true}.
     * @return this.
     */
    public AcceptorContext listenIpc(final boolean listen) {
        this.isIpcListening = listen;
        return this;
    }

    /**
     * Limits the sessions; one more is refused with {@code SESSION_LIMIT}.
     *
     * @param count default 64.
     * @return this.
     */
    public AcceptorContext sessionLimit(final int count) {
        this.sessionLimit = count;
        return this;
    }

    /**
     * Limits the shared memory that the terms of all sessions take, both ways; a session beyond it is refused with
     * {@code SESSION_MEMORY}.
     *
     * @param limitBytes default: no limit.
     * @return this.
     */
    public AcceptorContext sessionMemory(final long limitBytes) {
        this.sessionMemory = limitBytes;
        return this;
    }

    /**
     * Sets the term length of the publications to clients, and the most a client may ask for.
     *
     * @param lengthBytes default: the transport's.
     * @return this.
     */
    public AcceptorContext termLength(final int lengthBytes) {
        this.termLength = lengthBytes;
        return this;
    }

    /**
     * Limits the fragments read in one turn.
     *
     * @param count default 64.
     * @return this.
     */
    public AcceptorContext fragmentLimit(final int count) {
        this.fragmentLimit = count;
        return this;
    }

    /**
     * Sets the time between heartbeats to a client.
     *
     * @param intervalNs default 100 ms.
     * @return this.
     */
    public AcceptorContext heartbeatIntervalNs(final long intervalNs) {
        this.heartbeatIntervalNs = intervalNs;
        return this;
    }

    /**
     * Sets how long a client may be silent.
     *
     * @param timeoutNs default 5 s.
     * @return this.
     */
    public AcceptorContext sessionTimeoutNs(final long timeoutNs) {
        this.sessionTimeoutNs = timeoutNs;
        return this;
    }

    /**
     * Describes the node to its clients.
     *
     * @param name of the node, for people.
     * @param nodeIncarnation of this run.
     * @param mode for people: how bytes are made durable.
     * @param eventLength of the longest event taken, in bytes of payload.
     * @return this.
     */
    public AcceptorContext node(
            final String name, final long nodeIncarnation, final String mode, final int eventLength) {
        this.nodeName = name;
        this.incarnation = nodeIncarnation;
        this.durabilityMode = mode;
        this.maxEventLength = eventLength;
        return this;
    }

    /**
     * Sets who judges credentials.
     *
     * @param judge default {@link Authenticator#ACCEPT_ALL}.
     * @return this.
     */
    public AcceptorContext authenticator(final Authenticator judge) {
        this.authenticator = judge;
        return this;
    }

    /** Returns the UDP address to listen on; empty: ipc alone. */
    String listenEndpoint() {
        return listenEndpoint;
    }

    /** Returns whether to listen on ipc. */
    boolean isIpcListening() {
        return isIpcListening;
    }

    /** Returns the limit of sessions. */
    int sessionLimit() {
        return sessionLimit;
    }

    /** Returns the limit of the memory of all sessions, in bytes. */
    long sessionMemory() {
        return sessionMemory;
    }

    /** Returns the term length of publications to clients, in bytes; 0: the transport's. */
    int termLength() {
        return termLength;
    }

    /** Returns the limit of fragments in one turn. */
    int fragmentLimit() {
        return fragmentLimit;
    }

    /** Returns the time between heartbeats, in nanoseconds. */
    long heartbeatIntervalNs() {
        return heartbeatIntervalNs;
    }

    /** Returns how long a client may be silent, in nanoseconds. */
    long sessionTimeoutNs() {
        return sessionTimeoutNs;
    }

    /** Returns the node's name. */
    String nodeName() {
        return nodeName;
    }

    /** Returns the node's incarnation. */
    long incarnation() {
        return incarnation;
    }

    /** Returns how the node makes bytes durable. */
    String durabilityMode() {
        return durabilityMode;
    }

    /** Returns the longest event, in bytes of payload. */
    int maxEventLength() {
        return maxEventLength;
    }

    /** Returns who judges credentials. */
    Authenticator authenticator() {
        return authenticator;
    }

    /**
     * Checks the ranges.
     *
     * @return this.
     */
    AcceptorContext conclude() {
        Transport.Context.check("sessionLimit", sessionLimit, 1, SESSION_LIMIT_MAX);
        Transport.Context.check("fragmentLimit", fragmentLimit, 1, FRAGMENT_LIMIT_MAX);
        if (termLength != 0) {
            Transport.Context.checkTerm("termLength", termLength);
        }
        if (heartbeatIntervalNs < NS_PER_MS || sessionTimeoutNs < 2 * heartbeatIntervalNs) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "heartbeatIntervalNs is " + heartbeatIntervalNs + ", sessionTimeoutNs " + sessionTimeoutNs
                            + "; needed are at least 1 ms, and twice the interval");
        }
        return this;
    }
}
