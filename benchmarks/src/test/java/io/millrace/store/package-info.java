/** Benchmarks of the chain's state. */
@NullMarked
package io.millrace.store;

import org.jspecify.annotations.NullMarked;
