package io.millrace.replication;

import io.millrace.transport.Session;
import org.agrona.DirectBuffer;

/**
 * Another device that has opened a session to this one: answers go back by it.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class SessionPeer implements PeerLink {
    private final Session session;

    /** Answers by a session. */
    SessionPeer(final Session session) {
        this.session = session;
    }

    @Override
    public long offer(final DirectBuffer buffer, final int offset, final int length) {
        return session.offer(buffer, offset, length);
    }

    @Override
    public int preferredFrameLength() {
        return session.maxFrameLength();
    }

    @Override
    public int maxFrameLength() {
        return session.maxOfferLength();
    }
}
