/**
 * Tests of what is read from the kernel.
 *
 * <p>Threads: the test's own. Files stand for the kernel. Start with {@code ProcessorTimeTest}.
 */
@NullMarked
package io.millrace.perf.process;

import org.jspecify.annotations.NullMarked;
