/** Tests of the comparison with an earlier commit. */
@NullMarked
package io.millrace.perf.guard;

import org.jspecify.annotations.NullMarked;
