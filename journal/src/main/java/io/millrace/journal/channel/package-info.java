/**
 * The fallback backend over {@code FileChannel}: direct and synchronous, for where io_uring is forbidden, and read-only
 * for the offline tools.
 *
 * <p>Threads: one; every write and read blocks it, which is why the journal says loudly when it uses this backend. No
 * sockets are watched here. Nothing here knows batches or superblocks. Start with {@code ChannelDevice}.
 */
@NullMarked
package io.millrace.journal.channel;

import org.jspecify.annotations.NullMarked;
