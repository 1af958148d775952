/**
 * Chronicle Queue as a peer: a memory-mapped queue inside the driving process, as its users run it: no server, no
 * network, and no sync, so an acknowledged event survives a crash of the process but not a power failure.
 *
 * <p>Threads: the rig's, for the appender; a thread of ours spins in the tail's tailer, as its users do.
 *
 * <p>Owns: the queue's files in the directory given by the rig.
 *
 * <p>May not: claim durability. Start with {@link io.millrace.peers.chronicle.ChronicleQueueSystem}.
 */
@NullMarked
package io.millrace.peers.chronicle;

import org.jspecify.annotations.NullMarked;
