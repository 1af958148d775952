/** Benchmarks of the ring. */
@NullMarked
package io.millrace.journal.uring;

import org.jspecify.annotations.NullMarked;
