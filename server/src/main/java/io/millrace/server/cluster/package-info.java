/**
 * A node as a member of a cluster: registers with the control plane, renews its lease, hands on clients' metadata
 * requests, and brings the control plane's orders to the device.
 *
 * <p>Threads: {@code NodeRole} and what it owns belong to the device thread; {@code ClusterStanding} is read by any.
 * The control plane's own threads are behind {@link io.millrace.control.ControlPlaneLink}. Messages: NodeRegister,
 * NodeHeartbeat, EffectCommitted, SegmentAnswer of {@code millrace-chain.xml}. Not here: anything that decides about
 * epochs or members; that is the control plane's. Start reading at {@link io.millrace.server.cluster.NodeRole}.
 */
@NullMarked
package io.millrace.server.cluster;

import org.jspecify.annotations.NullMarked;
