/**
 * Redis Streams as a peer: XADD into an append-only file, synced before every answer ({@code redis-always}) or once a
 * second ({@code redis}).
 *
 * <p>Threads: the rig's; the server is Debian's {@code redis-server} in a process of its own.
 *
 * <p>Owns: the server and its files in the directory given by the rig.
 *
 * <p>May not: wait for an answer before it sends the next command: commands are pipelined, as many as are due in one
 * write. Start with {@link io.millrace.peers.redis.RedisSystem}.
 */
@NullMarked
package io.millrace.peers.redis;

import org.jspecify.annotations.NullMarked;
