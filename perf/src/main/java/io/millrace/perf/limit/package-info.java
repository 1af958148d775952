/**
 * The physical limit, measured beside what is judged by it: Aeron's round trip to an echo process, a durable write
 * through the journal's own port, and fio on the same file.
 *
 * <p>Threads: the rig's; the echo and fio are processes. Owns: the probe's file. Start with
 * {@link io.millrace.perf.limit.LimitProbe}.
 */
@NullMarked
package io.millrace.perf.limit;

import org.jspecify.annotations.NullMarked;
