/**
 * A device in memory that breaks as told: late, out of order, short, failing, lying, and torn by a power cut.
 *
 * <p>Threads: one at a time. Everything random comes from a seed. Nothing here sleeps, reads a clock or knows batches
 * and superblocks. Start with {@code FaultyDevice}; what it can do stands in {@code Fault}.
 */
@NullMarked
package io.millrace.journal.faulty;

import org.jspecify.annotations.NullMarked;
