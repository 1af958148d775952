package io.millrace.peers.redis;

/**
 * Redis that syncs its append-only file before it answers.
 *
 * <p><b>Threading:</b> as {@link RedisSystem}.
 */
public final class RedisAlways extends RedisSystem {
    /** Does nothing: the service loader makes one of each. */
    public RedisAlways() {
        super("redis-always", "always");
    }
}
