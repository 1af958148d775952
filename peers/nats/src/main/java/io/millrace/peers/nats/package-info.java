/**
 * NATS JetStream as a peer: one stream in files. What it acknowledges is in the page cache ({@code nats}); versions of
 * the server from 2.10 on can sync every message ({@code nats-sync}), older ones are skipped there.
 *
 * <p>Threads: the rig's offers; jnats' reader thread acknowledges, its dispatcher feeds the tail.
 *
 * <p>Owns: Debian's {@code nats-server} in a process of its own and its directory, given by the rig.
 *
 * <p>May not: count a publication that was only sent. Start with {@link io.millrace.peers.nats.NatsSystem}.
 */
@NullMarked
package io.millrace.peers.nats;

import org.jspecify.annotations.NullMarked;
