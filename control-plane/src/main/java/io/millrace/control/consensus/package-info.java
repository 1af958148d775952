/**
 * The control plane's group: members that agree on one log of commands by Aeron Cluster and apply it to the same
 * {@link io.millrace.control.ControlState}, and the nodes' sessions with them.
 *
 * <p>Threads: per member the media driver, the archive, the consensus module, the service with {@code ControlReplica},
 * and one that looks after them; per {@link io.millrace.control.consensus.ControlClient} one. All of them park when
 * idle; none is a device thread.
 *
 * <p>Owns the directories {@code archive} and {@code cluster} of a member and the messages 60 to 62 and 76 of
 * {@code millrace-control.xml}. What a command does may depend on nothing but the log: no clock, no configuration that
 * is not in {@code GroupSettings}, no order of a hash table.
 *
 * <p>Start with {@link io.millrace.control.consensus.ControlMember}, then {@code ControlReplica}; ADR 15 says why.
 */
@NullMarked
package io.millrace.control.consensus;

import org.jspecify.annotations.NullMarked;
