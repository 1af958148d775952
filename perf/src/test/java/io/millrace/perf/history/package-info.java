/** Tests of the checks of what was read back. */
@NullMarked
package io.millrace.perf.history;

import org.jspecify.annotations.NullMarked;
