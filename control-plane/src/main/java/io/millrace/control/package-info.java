/**
 * The control plane: which scopes, streams and segments exist, on which chains they lie, and what was answered to whom.
 *
 * <p>Threads: the device thread that carries chain 0, off the event path, or a member's of the group in
 * {@code io.millrace.control.consensus}; metadata commands may allocate.
 *
 * <p>Owns the messages of {@code millrace-control.xml} (records of chain 0, snapshots) and the metadata messages 10 to
 * 24 of {@code millrace-wire.xml}. May not read a clock, do I/O, block, or depend on the order of a hash table: the
 * same commands must give the same state on every member and at every replay.
 *
 * <p>Start with {@link io.millrace.control.ControlState} (pure), then {@link io.millrace.control.ControlService} (its
 * carrier) and the ports {@link io.millrace.control.ControlLog}, {@link io.millrace.control.EffectSink},
 * {@link io.millrace.control.Reply} and {@link io.millrace.control.SegmentLengths}.
 */
@NullMarked
package io.millrace.control;

import org.jspecify.annotations.NullMarked;
