/**
 * {@code bench compare}: every system under the same loop, in turns, one process a run, judged and told as one table,
 * one JSON object and one page.
 *
 * <p>Threads: the command's. A run ({@link io.millrace.perf.compare.DriveCommand}) is a JVM of its own with the class
 * path of its system, whose rig thread everything runs on.
 *
 * <p>Owns: the directory of a report and, while it runs, the directories and processes of its runs.
 *
 * <p>May not: call durable what did not flush the device, leave a disturbed run unmarked, give a figure without its
 * environment. Start with {@link io.millrace.perf.compare.CompareCommand}, then {@link io.millrace.perf.compare.Drive}.
 */
@NullMarked
package io.millrace.perf.compare;

import org.jspecify.annotations.NullMarked;
