/**
 * The deterministic state of one chain: segments, writers, open fragments, and where the bytes of a segment lie in the
 * chain log. Committed records go into {@link ChainState}; the head validates against {@link PendingOverlay}.
 *
 * <p>Threads: none of its own; one thread owns a chain. Owns the meaning of the records of {@code millrace-log.xml}.
 * Nothing here does I/O, reads a clock, or answers from a state that depends on a limit: replaying the same records
 * gives the same {@link ChainState#stateHash()}. Start with {@link ChainState#apply}.
 */
@NullMarked
package io.millrace.store;

import org.jspecify.annotations.NullMarked;
