/**
 * A device in memory, for tests and the simulation: keeps nothing, and says so.
 *
 * <p>Threads: one at a time. Nothing here sleeps, reads a clock or knows batches and superblocks. Start with
 * {@code MemoryDevice}; the backend in {@code faulty} is the one that breaks.
 */
@NullMarked
package io.millrace.journal.memory;

import org.jspecify.annotations.NullMarked;
