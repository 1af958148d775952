/**
 * The node: the only place where transport, journal, replication and control plane are put together.
 *
 * <p>Threads: the device thread, which runs everything after the start ({@code threading = single}), or one a device
 * beside those of the media driver ({@code dedicated}); and the daemons of {@code http}. Files: {@code identity},
 * {@code journal.millrace}, {@code errors}, {@code counters} in the data directory. Not here: anything that decides
 * about events; nobody imports this module. Start reading at {@link io.millrace.server.cli.MillraceCli}.
 */
@NullMarked
package io.millrace.server;

import org.jspecify.annotations.NullMarked;
