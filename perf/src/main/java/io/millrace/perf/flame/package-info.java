/**
 * Flame graphs of a benchmark's processes: from JFR recordings to one HTML page that needs no network.
 *
 * <p>Threads: the rig's thread; JFR's own threads write the recordings.
 *
 * <p>Owns: the recordings it is given a directory for, and the page. The page's script is {@code flame.html} in the
 * resources of this package.
 *
 * <p>May not: be part of a judged run; sampling costs some percent. Start with
 * {@link io.millrace.perf.flame.FlameRecording}.
 */
@NullMarked
package io.millrace.perf.flame;

import org.jspecify.annotations.NullMarked;
