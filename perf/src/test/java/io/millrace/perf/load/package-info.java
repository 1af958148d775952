/**
 * Tests of the rig itself.
 *
 * <p>Threads: the test's own. Clocks are manual; nothing sleeps. Start with {@code OpenLoopTest}.
 */
@NullMarked
package io.millrace.perf.load;

import org.jspecify.annotations.NullMarked;
