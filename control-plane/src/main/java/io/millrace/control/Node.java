package io.millrace.control;

import java.util.UUID;

/**
 * A node by its last NodeStarted.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param device UUID of its device, the same at every start (P5).
 * @param incarnation of its last start, from 1.
 * @param endpoint host:port where clients reach it.
 */
record Node(UUID device, long incarnation, String endpoint) {}
