/**
 * System and crash tests: real node processes on loopback, killed and restarted. {@link io.millrace.server.NodeProcess}
 * is the harness; it fails a test whose node logged an error or left something behind.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
