/**
 * A small HTTP port for an operator's tools: {@code /health/live}, {@code /health/ready}, {@code /metrics}.
 *
 * <p>Threads: daemon threads of its own, never the device thread; it reads snapshots only. Messages: HTTP/1.1, GET and
 * HEAD. Not here: anything that changes the node; authorization, hence loopback by default. Start reading at
 * {@link io.millrace.server.http.HttpEndpoint}.
 */
@NullMarked
package io.millrace.server.http;

import org.jspecify.annotations.NullMarked;
