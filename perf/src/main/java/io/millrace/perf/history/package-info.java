/**
 * What was written and what was read back: keyed, numbered, summed events, and the checks that count what is lost,
 * doubled or out of order among them.
 *
 * <p>Threads: whoever owns an object; nothing is shared.
 *
 * <p>Owns: the layout of such an event's payload.
 *
 * <p>May not: ask a node what it has. Start with {@link io.millrace.perf.history.SequenceCheck}.
 */
@NullMarked
package io.millrace.perf.history;

import org.jspecify.annotations.NullMarked;
