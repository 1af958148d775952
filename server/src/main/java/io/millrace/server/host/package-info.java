/**
 * What the host offers and what a node needs: read once at the start, each shortfall with the command that mends it.
 *
 * <p>Threads: the main thread. Files: reads {@code /proc} and {@code /sys} below a root that tests replace. Not here:
 * changing anything on the host. Start reading at {@link io.millrace.server.host.HostChecks}.
 */
@NullMarked
package io.millrace.server.host;

import org.jspecify.annotations.NullMarked;
