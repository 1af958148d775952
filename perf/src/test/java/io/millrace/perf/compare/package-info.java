/**
 * Tests of the rig itself.
 *
 * <p>Threads: the test's own. Clocks are manual; nothing sleeps. Start with {@code RoundsTest}.
 */
@NullMarked
package io.millrace.perf.compare;

import org.jspecify.annotations.NullMarked;
