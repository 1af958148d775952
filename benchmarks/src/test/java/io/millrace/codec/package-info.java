/** Benchmarks of the formats. */
@NullMarked
package io.millrace.codec;

import org.jspecify.annotations.NullMarked;
