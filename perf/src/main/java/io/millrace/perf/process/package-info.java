/**
 * Processes, what they use of the machine, and undoing what a command did.
 *
 * <p>Threads: the command's; readers of child processes' output are daemons; the shutdown hook closes what is left.
 *
 * <p>Owns: temporary directories named {@code millrace-*} and the child processes started here. Never touches a process
 * or a file of others, except {@code kernel.sched_autogroup_enabled}, which it restores. Start with
 * {@link io.millrace.perf.process.Cleanup}.
 */
@NullMarked
package io.millrace.perf.process;

import org.jspecify.annotations.NullMarked;
