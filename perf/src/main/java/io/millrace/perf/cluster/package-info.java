/**
 * A cluster of real processes on this machine under load, with faults: {@code ./millrace cluster demo}.
 *
 * <p>Threads: the rig's thread orders the faults and waits; the load has a thread of its own, which writes, reads at
 * the tail and notes when what was disturbed is acknowledged again.
 *
 * <p>Owns: the processes, their directories, and, as root, network namespaces with a bridge; all gone at the end.
 *
 * <p>May not: believe a node. What is judged is what the client was told and what it reads back. Start with
 * {@link io.millrace.perf.cluster.ClusterDemoCommand}.
 */
@NullMarked
package io.millrace.perf.cluster;

import org.jspecify.annotations.NullMarked;
