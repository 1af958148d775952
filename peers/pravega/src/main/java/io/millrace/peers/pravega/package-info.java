/**
 * Pravega as a peer: ZooKeeper, one real bookie with a synced journal, controller and segment store in one JVM of their
 * own; one segment a stream.
 *
 * <p>Threads: the rig's offers; Pravega's client acknowledges on threads of its own; a thread of ours reads the tail.
 *
 * <p>Owns: the servers' process and its directory, given by the rig.
 *
 * <p>May not: use the in-memory log, with which Pravega's own "standalone" measures nothing durable. Start with
 * {@link io.millrace.peers.pravega.PravegaSystem}.
 */
@NullMarked
package io.millrace.peers.pravega;

import org.jspecify.annotations.NullMarked;
