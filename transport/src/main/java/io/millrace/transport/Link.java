package io.millrace.transport;

import io.aeron.logbuffer.BufferClaim;
import org.agrona.DirectBuffer;

/**
 * One session to one node, at the client: opened, watched, and opened again for ever.
 *
 * <p><b>Threading</b>: one thread calls everything.
 */
public final class Link implements AutoCloseable {
    /** Where a link stands. */
    public enum State {
        /** Trying to open a session. */
        CONNECTING,
        /** Frames can be sent. */
        OPEN,
        /** The session was lost or refused for now; waits before the next attempt. */
        LOST,
        /** The node refused for good; only {@link Link#close()} is left. */
        REFUSED,
        /** Closed by its owner. */
        CLOSED
    }

    /**
     * Makes a link; the first {@link #doWork(long)} starts connecting.
     *
     * @param transport the media.
     * @param context settings.
     * @param handler of the session and its frames.
     */
    public Link(final Transport transport, final LinkContext context, final LinkHandler handler) {}

    /**
     * Moves the session on, reads at most the limit of fragments, sends heartbeats.
     *
     * @param nowNs the turn's monotonic time.
     * @return work count.
     */
    public int doWork(final long nowNs) {
        return 0;
    }

    /** Returns where the link stands. */
    public State state() {
        return State.CONNECTING;
    }

    /** Returns the number of sessions opened so far; a new one means: set everything up again. */
    public long generation() {
        return 0;
    }

    /** Returns the node's number of the session, 0 when there is none. */
    public long sessionId() {
        return 0;
    }

    /** Returns the incarnation of the node of the newest session. */
    public long nodeIncarnation() {
        return 0;
    }

    /** Returns the name of the node of the newest session. */
    public String nodeName() {
        return "";
    }

    /** Returns how the node of the newest session makes bytes durable, for people. */
    public String durabilityMode() {
        return "";
    }

    /** Returns the node's address as configured. */
    public String endpoint() {
        return "";
    }

    /** Returns the newest round trip measured by heartbeats, in nanoseconds of the client's clock; -1 when none. */
    public long roundTripNs() {
        return -1;
    }

    /** Returns why the newest attempt failed or the newest session was lost, in words; empty when none did. */
    public String lastFailure() {
        return "";
    }

    /** Returns the longest frame {@link #tryClaim(int, BufferClaim)} takes, in bytes; 0 when not open. */
    public int maxFrameLength() {
        return 0;
    }

    /** Returns the longest event the node takes, in bytes of payload; 0 before the first session. */
    public int maxEventLength() {
        return 0;
    }

    /**
     * Claims room for one frame to the node.
     *
     * @param length of the frame, ≤ {@link #maxFrameLength()}.
     * @param claim to be committed or aborted before anything else is sent.
     * @return &gt; 0, or a negative code of {@link io.aeron.Publication}: {@code BACK_PRESSURED}, {@code NOT_CONNECTED}
     *     (also when not open), {@code ADMIN_ACTION} (try again), {@code CLOSED}.
     */
    public long tryClaim(final int length, final BufferClaim claim) {
        return 0;
    }

    /**
     * Sends one frame to the node, in pieces when it is longer than {@link #maxFrameLength()}.
     *
     * @param buffer holding the frame.
     * @param offset of the frame.
     * @param length of the frame, at most 16 KiB.
     * @return &gt; 0, or a negative code as {@link #tryClaim(int, BufferClaim)}.
     */
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        return 0;
    }

    /**
     * Goes on over another transport after the old one closed.
     *
     * @param transport the new media.
     */
    public void rebind(final Transport transport) {}

    /** Tells the node and closes the session; idempotent. */
    @Override
    public void close() {}
}
