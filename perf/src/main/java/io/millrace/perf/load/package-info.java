/**
 * The open loop: a fixed schedule of sends and the latency from each event's scheduled send time.
 *
 * <p>Threads: the rig's one thread, on which the system's client runs too. May not: allocate per event, read a clock
 * for each of a run of events. Start with {@link io.millrace.perf.load.OpenLoop}.
 */
@NullMarked
package io.millrace.perf.load;

import org.jspecify.annotations.NullMarked;
