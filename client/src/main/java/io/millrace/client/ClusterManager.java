package io.millrace.client;

import io.millrace.codec.MillraceException;
import java.util.List;
import java.util.UUID;

/**
 * The administration of a cluster: its nodes, and the chains that keep the bytes of streams.
 *
 * <p>Each order is executed once, also when it had to be sent again; it returns false when it changed nothing because
 * it had been carried out before. What it brings about goes on by itself and shows in {@link #describe()}.
 *
 * <p><b>Threading</b>: as {@link Millrace}; every method waits for its answer.
 */
public interface ClusterManager {
    /**
     * Describes the cluster.
     *
     * @return its nodes and chains as the control plane knows them now; of a node alone with leaderMember −1
     * @throws MillraceException {@code NOT_READY} when the control plane has no leader, {@code UNREACHABLE},
     *     {@code TIMED_OUT}
     */
    ClusterInfo describe();

    /**
     * Makes the chains of a new cluster, once and for ever.
     *
     * @param chainCount number of chains
     * @param replicationFactor members of each
     * @param minimum members below which a chain takes no appends
     * @return false when they had been made with the same numbers
     * @throws MillraceException {@code CHAINS_CONFIGURED} when they had been made with other numbers,
     *     {@code DEVICES_TOO_FEW} when too few added nodes are alive, {@code LIMIT_REACHED}
     */
    boolean configureChains(int chainCount, int replicationFactor, int minimum);

    /**
     * Lets a node carry replicas, or takes back that it is drained.
     *
     * @param nodeId of the node
     * @return false when it may already
     * @throws MillraceException {@code LIMIT_REACHED}
     */
    boolean addNode(UUID nodeId);

    /**
     * Moves the replicas of a node to other ones.
     *
     * @param nodeId of the node
     * @return false when it is being drained already
     * @throws MillraceException {@code NODE_UNKNOWN}
     */
    boolean drainNode(UUID nodeId);

    /**
     * Forgets a node.
     *
     * @param nodeId of the node
     * @return false when that had been done
     * @throws MillraceException {@code NODE_UNKNOWN}, {@code NODE_IN_USE} while it has replicas
     */
    boolean removeNode(UUID nodeId);

    /**
     * Moves the replicas of a device to another one of the same node.
     *
     * @param nodeId of the node
     * @param device that is given up
     * @param replacement that the node has
     * @return false when that had been ordered
     * @throws MillraceException {@code NODE_UNKNOWN} when node or device are not known
     */
    boolean replaceDevice(UUID nodeId, UUID device, UUID replacement);

    /**
     * Goes on with a chain whose seal finds too few replicas: what only the others hold is lost.
     *
     * @param chain number
     * @param chainEpoch the sealed one
     * @param members node and device of each, from head to tail
     * @param reason kept with the order
     * @return false when that had been ordered
     * @throws MillraceException {@code CHAIN_NOT_SEALED}, {@code REPLICA_NOT_SEALED}
     */
    boolean forceInstall(int chain, long chainEpoch, List<ClusterInfo.ReplicaId> members, String reason);

    /**
     * Lets the control plane behave as a newer version of it, once every member of it runs that one.
     *
     * @param featureLevel above the current one
     * @return false when it is the current one
     * @throws MillraceException {@code LIMIT_REACHED} when some version does not know it
     */
    boolean setFeatureLevel(int featureLevel);
}
