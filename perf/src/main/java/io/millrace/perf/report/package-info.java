/**
 * How results are told: words, JSON, pictures, and the machine they were taken on.
 *
 * <p>Threads: one. May not: give a figure without its environment. Start with
 * {@link io.millrace.perf.report.Environment}.
 */
@NullMarked
package io.millrace.perf.report;

import org.jspecify.annotations.NullMarked;
