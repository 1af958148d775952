/**
 * The device thread: takes appends and reads from sessions, gives every record its position, fills the journal, and
 * acknowledges what is committed.
 *
 * <p>Threads: one per device; everything here belongs to it. Messages: the writing and reading part of
 * {@code millrace-wire.xml}; records of {@code millrace-log.xml} on their way in. No lock, allocation, future or log
 * line per event; nothing here answers from state that is not committed (PROTOCOL P2).
 *
 * <p>Start with {@link io.millrace.replication.DeviceAgent}; then {@link io.millrace.replication.AppendAdapter} (an
 * event's way in), {@link io.millrace.replication.ChainReplica} (its place in the chain log),
 * {@link io.millrace.replication.AckProxy} (the way back) and {@link io.millrace.replication.ReadAdapter}.
 */
@NullMarked
package io.millrace.replication;

import org.jspecify.annotations.NullMarked;
