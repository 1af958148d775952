/** Tests of the flame graphs. */
@NullMarked
package io.millrace.perf.flame;

import org.jspecify.annotations.NullMarked;
