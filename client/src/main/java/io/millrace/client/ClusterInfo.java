package io.millrace.client;

import java.util.List;
import java.util.UUID;

/**
 * A cluster as its control plane knows it.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param clusterId drawn when the cluster was made
 * @param leaderMember index of the control plane's member that leads; −1: a node alone
 * @param leaderTerm of the leader
 * @param featureLevel that the control plane behaves by
 * @param chainCount data chains, 0: not configured
 * @param replicationFactor members that each chain is to have; 0: chains are not replicated
 * @param minimum members below which a chain takes no appends
 * @param nodes in the order of their ids
 * @param chains in the order of their numbers; empty where they are not replicated
 */
public record ClusterInfo(
        UUID clusterId,
        int leaderMember,
        long leaderTerm,
        int featureLevel,
        int chainCount,
        int replicationFactor,
        int minimum,
        List<Node> nodes,
        List<Chain> chains) {
    /** Copies the lists. */
    public ClusterInfo {
        nodes = List.copyOf(nodes);
        chains = List.copyOf(chains);
    }

    /** Whether a node may carry replicas. */
    public enum Standing {
        /** It has registered, and nobody has added it. */
        CANDIDATE,
        /** It may. */
        ADDED,
        /** Its replicas move elsewhere. */
        DRAINING
    }

    /** What a chain does. */
    public enum Phase {
        /** Every member is in the epoch. */
        NORMAL,
        /** An epoch ends; the next is being decided. */
        SEALING,
        /** The next epoch is being installed. */
        INSTALLING,
        /** A value of a newer version. */
        UNKNOWN
    }

    /** What a replica is to its chain. */
    public enum Role {
        /** It takes part. */
        MEMBER,
        /** It fetches what it lacks. */
        LEARNER,
        /** It took part once. */
        FORMER,
        /** It was told to give its bytes free. */
        RETIRING,
        /** A value of a newer version. */
        UNKNOWN
    }

    /**
     * A node.
     *
     * @param nodeId of it
     * @param incarnation number of its last start, 0: it was added and has not come yet
     * @param silentNs since its last report
     * @param standing whether it may carry replicas
     * @param isAlive whether it holds its lease
     * @param endpoint host:port of its first device, empty: unknown
     * @param devices that it has or had
     */
    public record Node(
            UUID nodeId,
            long incarnation,
            long silentNs,
            Standing standing,
            boolean isAlive,
            String endpoint,
            List<Device> devices) {
        /** Copies the list. */
        public Node {
            devices = List.copyOf(devices);
        }
    }

    /**
     * A device of a node.
     *
     * @param device its UUID, made when it was formatted
     * @param capacityBytes of its journal
     * @param isPresent whether the node has it now
     * @param endpoint host:port where it is served
     */
    public record Device(UUID device, long capacityBytes, boolean isPresent, String endpoint) {}

    /**
     * Names a replica.
     *
     * @param nodeId of its node
     * @param device its UUID
     */
    public record ReplicaId(UUID nodeId, UUID device) {}

    /**
     * A chain.
     *
     * @param chain number, from 1
     * @param chainEpoch installed
     * @param sealEpoch of the last seal
     * @param phase what it does
     * @param phaseNs for how long
     * @param minimum of the installed epoch
     * @param block why a seal finds nobody to go on, 0: it does
     * @param cause number of the reason of the last seal
     * @param isUnderReplicated whether it has fewer members that are well than it is to have
     * @param replicas members from head to tail, then others
     */
    public record Chain(
            int chain,
            long chainEpoch,
            long sealEpoch,
            Phase phase,
            long phaseNs,
            int minimum,
            int block,
            int cause,
            boolean isUnderReplicated,
            List<Replica> replicas) {
        /** Copies the list. */
        public Chain {
            replicas = List.copyOf(replicas);
        }
    }

    /**
     * A replica of a chain.
     *
     * @param replica which one
     * @param role what it is to the chain
     * @param lastPosition of its log, as it said last, as the next two
     * @param durablePosition up to here it is durable
     * @param commitPosition up to here it knows the chain to be committed
     * @param isInstalled whether a member is in the epoch
     * @param isComplete whether it holds everything from the chain's beginning
     * @param isSlow whether it lags
     * @param isTarget whether it is to stay or become a member
     * @param endpoint host:port where it is served
     */
    public record Replica(
            ReplicaId replica,
            Role role,
            long lastPosition,
            long durablePosition,
            long commitPosition,
            boolean isInstalled,
            boolean isComplete,
            boolean isSlow,
            boolean isTarget,
            String endpoint) {}
}
