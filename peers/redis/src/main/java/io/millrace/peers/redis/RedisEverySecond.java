package io.millrace.peers.redis;

/**
 * Redis as most people run it with an append-only file: synced once a second, so that a power failure loses a second of
 * acknowledged events.
 *
 * <p><b>Threading:</b> as {@link RedisSystem}.
 */
public final class RedisEverySecond extends RedisSystem {
    /** Does nothing: the service loader makes one of each. */
    public RedisEverySecond() {
        super("redis", "everysec");
    }
}
