package io.millrace.peers.nats;

/**
 * NATS JetStream that syncs every message, where the installed server can.
 *
 * <p><b>Threading:</b> as {@link NatsSystem}.
 */
public final class NatsSync extends NatsSystem {
    /** Does nothing: the service loader makes one of each. */
    public NatsSync() {
        super("nats-sync", true);
    }
}
