/**
 * Runs the benchmarks of the pieces and prints what they gave. The benchmarks stand in the packages of what they
 * measure.
 */
@NullMarked
package io.millrace.benchmarks;

import org.jspecify.annotations.NullMarked;
