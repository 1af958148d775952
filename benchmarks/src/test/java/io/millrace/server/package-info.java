/** Benchmarks of a whole node in one process. */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
