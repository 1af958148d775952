/**
 * Aeron Archive as a peer: publications recorded with file sync level 1, over UDP and over IPC. An event is
 * acknowledged when the archive's recording position counter has passed its end.
 *
 * <p>Threads: the rig's, on which Aeron's client conductor runs as an invoker; the server's one thread in its own
 * process, on which media driver and archive take turns.
 *
 * <p>Owns: the driver's directory in shared memory and the archive's directory, both given by the rig.
 *
 * <p>May not: let driver and archive of the two variants share anything. Start with
 * {@link io.millrace.peers.archive.ArchiveSystem}.
 */
@NullMarked
package io.millrace.peers.archive;

import org.jspecify.annotations.NullMarked;
