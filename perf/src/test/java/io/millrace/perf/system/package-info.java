/**
 * Tests of the rig itself.
 *
 * <p>Threads: the test's own. Clocks are manual; nothing sleeps. Start with {@code RunQueueTest}.
 */
@NullMarked
package io.millrace.perf.system;

import org.jspecify.annotations.NullMarked;
