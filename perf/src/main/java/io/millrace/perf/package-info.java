/**
 * The measuring rig and the demonstration: an open-loop client with latency from the scheduled send time, the physical
 * limit measured beside it, and the proof that nothing acknowledged is lost by a kill.
 *
 * <p>Threads: one thread per process runs everything ({@code perf}); readers of child processes' output are daemons.
 *
 * <p>Owns: temporary directories named {@code millrace-*} and the child processes it started (nodes by their command
 * line, the echo by its main class); both are removed whatever happens. Never touches a process or a file of others,
 * except {@code kernel.sched_autogroup_enabled}, which it restores.
 *
 * <p>May not: import the server (a node is a process here), print a figure without the environment it was taken in.
 * Start with {@link io.millrace.perf.PerfMain}, then {@link io.millrace.perf.load.OpenLoop}.
 */
@NullMarked
package io.millrace.perf;

import org.jspecify.annotations.NullMarked;
