package io.millrace.transport;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.net.InetAddress;

/** The settings of a {@link Link}. */
public final class LinkContext {
    /** The endpoint that names a node on the same driver. */
    public static final String IPC = "ipc";

    private static final int FRAGMENT_LIMIT_MAX = 4096;
    private static final long NS_PER_MS = 1_000_000;

    private String endpoint = "";
    private String replyHost = "";
    private String clientName = "";
    private long clientIdHigh;
    private long clientIdLow;
    private byte[] credentials = new byte[0];
    private int termLength;
    private int replyTermLength;
    private int fragmentLimit = 64;
    private long linkTimeoutNs = 2_000 * NS_PER_MS;
    private long heartbeatIntervalNs = 100 * NS_PER_MS;
    private long firstBackoffNs = 10 * NS_PER_MS;
    private long lastBackoffNs = 1_000 * NS_PER_MS;

    /** Default settings. */
    public LinkContext() {}

    /**
     * Sets the node's address.
     *
     * @param address host:port, or {@link #IPC}.
     * @return this.
     */
    public LinkContext endpoint(final String address) {
        this.endpoint = address;
        return this;
    }

    /**
     * Sets the address at which the node reaches this client.
     *
     * @param host IP literal; default: the local address of the route to the node.
     * @return this.
     */
    public LinkContext replyHost(final String host) {
        this.replyHost = host;
        return this;
    }

    /**
     * Names the client.
     *
     * @param name for people, at most 128 bytes.
     * @param idHigh upper half of its id.
     * @param idLow lower half of its id.
     * @return this.
     */
    public LinkContext client(final String name, final long idHigh, final long idLow) {
        this.clientName = name;
        this.clientIdHigh = idHigh;
        this.clientIdLow = idLow;
        return this;
    }

    /**
     * Sets what the node's authenticator gets to see.
     *
     * @param bytes at most 512 bytes.
     * @return this.
     */
    public LinkContext credentials(final byte[] bytes) {
        this.credentials = bytes.clone();
        return this;
    }

    /**
     * Asks for another term length of the node's publication to this client than that of its own.
     *
     * @param lengthBytes default: that of {@link #termLength(int)}.
     * @return this.
     */
    LinkContext replyTermLength(final int lengthBytes) {
        this.replyTermLength = lengthBytes;
        return this;
    }

    /** Returns what the node is asked for, in bytes; 0: its own choice. */
    int replyTermLength() {
        return replyTermLength == 0 ? termLength : replyTermLength;
    }

    /**
     * Sets the term length of the publication to the node, and asks for the same of the node's publication to this
     * client. A client that mostly waits costs the node least with 64 KiB: messages then travel in pieces of at most 8
     * KiB, and at most 32 KiB are under way.
     *
     * @param lengthBytes a power of two from 64 KiB; default: the transport's, and of the answers the node's.
     * @return this.
     */
    public LinkContext termLength(final int lengthBytes) {
        this.termLength = lengthBytes;
        return this;
    }

    /**
     * Limits the fragments read in one turn.
     *
     * @param count default 64.
     * @return this.
     */
    public LinkContext fragmentLimit(final int count) {
        this.fragmentLimit = count;
        return this;
    }

    /**
     * Sets how long the node may be silent before the session counts as lost.
     *
     * @param timeoutNs default 2 s.
     * @return this.
     */
    public LinkContext linkTimeoutNs(final long timeoutNs) {
        this.linkTimeoutNs = timeoutNs;
        return this;
    }

    /**
     * Sets the time between this client's heartbeats.
     *
     * @param intervalNs default 100 ms.
     * @return this.
     */
    public LinkContext heartbeatIntervalNs(final long intervalNs) {
        this.heartbeatIntervalNs = intervalNs;
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
        this.firstBackoffNs = firstNs;
        this.lastBackoffNs = lastNs;
        return this;
    }

    /** Returns the node's address. */
    String endpoint() {
        return endpoint;
    }

    /** Returns whether the node shares this client's driver. */
    boolean isIpc() {
        return IPC.equals(endpoint);
    }

    /** Returns the address for answers; empty: found by the route to the node. */
    String replyHost() {
        return replyHost;
    }

    /** Returns the client's name. */
    String clientName() {
        return clientName;
    }

    /** Returns the upper half of the client's id. */
    long clientIdHigh() {
        return clientIdHigh;
    }

    /** Returns the lower half of the client's id. */
    long clientIdLow() {
        return clientIdLow;
    }

    /** Returns the credentials. */
    byte[] credentials() {
        return credentials;
    }

    /** Returns the term length of the publication to the node, in bytes; 0: the transport's. */
    int termLength() {
        return termLength;
    }

    /** Returns the limit of fragments in one turn. */
    int fragmentLimit() {
        return fragmentLimit;
    }

    /** Returns how long the node may be silent, in nanoseconds. */
    long linkTimeoutNs() {
        return linkTimeoutNs;
    }

    /** Returns the time between heartbeats, in nanoseconds. */
    long heartbeatIntervalNs() {
        return heartbeatIntervalNs;
    }

    /** Returns the first wait between attempts, in nanoseconds. */
    long firstBackoffNs() {
        return firstBackoffNs;
    }

    /** Returns the last wait between attempts, in nanoseconds. */
    long lastBackoffNs() {
        return lastBackoffNs;
    }

    /**
     * Checks the ranges.
     *
     * @return this.
     */
    LinkContext conclude() {
        if (!isIpc() && HostPort.parse(endpoint, ErrorCode.BAD_ADDRESS).port() == 0) {
            throw new MillraceException(ErrorCode.BAD_ADDRESS, "'" + endpoint + "' has no port");
        }
        if (!replyHost.isEmpty()) {
            final InetAddress address = new HostPort(replyHost, 0).literal();
            if (address == null || !ReplyChannel.isUnicast(address)) {
                throw new MillraceException(
                        ErrorCode.BAD_ADDRESS, "reply host '" + replyHost + "' is not the IP address of one host");
            }
        }
        if (credentials.length > SessionFrames.CREDENTIALS_LENGTH_MAX) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "credentials have " + credentials.length + " bytes, allowed are "
                            + SessionFrames.CREDENTIALS_LENGTH_MAX);
        }
        Transport.Context.check("fragmentLimit", fragmentLimit, 1, FRAGMENT_LIMIT_MAX);
        if (termLength != 0) {
            Transport.Context.checkTerm("termLength", termLength);
        }
        if (heartbeatIntervalNs < NS_PER_MS
                || linkTimeoutNs < heartbeatIntervalNs
                || firstBackoffNs < 1
                || lastBackoffNs < firstBackoffNs) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "times of a link are out of range: heartbeatIntervalNs " + heartbeatIntervalNs + ", linkTimeoutNs "
                            + linkTimeoutNs + ", backoffNs " + firstBackoffNs + " to " + lastBackoffNs);
        }
        return this;
    }
}
