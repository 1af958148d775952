/**
 * A node of Millrace as a process of its own: started, killed, started again, and what it tells of itself.
 *
 * <p>Threads: the owner's. May not: import the server. Start with {@link io.millrace.perf.node.BenchNode}.
 */
@NullMarked
package io.millrace.perf.node;

import org.jspecify.annotations.NullMarked;
