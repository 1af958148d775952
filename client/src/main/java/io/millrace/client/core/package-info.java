/**
 * How the client works: {@link io.millrace.client.core.ClientConductor} owns everything and turns the duty cycle,
 * {@link io.millrace.client.core.SegmentWriter} is exactly-once for one (writer, segment),
 * {@link io.millrace.client.core.SegmentReader} the continuity of one segment read.
 *
 * <p>Threads: whoever holds the conductor's guard; nothing here is safe without it. Speaks the client's half of schema
 * {@code millrace-wire} through the port {@link io.millrace.client.core.NodeLink}. No allocation in the steady state of
 * writing and reading; no logging, no sleeping under the guard. Not for users. Start with {@code SegmentWriter}.
 */
@NullMarked
package io.millrace.client.core;

import org.jspecify.annotations.NullMarked;
