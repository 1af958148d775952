package io.millrace.peers.nats;

/**
 * NATS JetStream as it comes: a message is acknowledged when it is in the page cache.
 *
 * <p><b>Threading:</b> as {@link NatsSystem}.
 */
public final class NatsDefault extends NatsSystem {
    /** Does nothing: the service loader makes one of each. */
    public NatsDefault() {
        super("nats", false);
    }
}
