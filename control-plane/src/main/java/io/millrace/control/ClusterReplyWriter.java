package io.millrace.control;

import io.millrace.codec.wire.ClusterDescriptionEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Encodes ClusterDescription: what nodes and chains a control plane knows, page by page.
 *
 * <p><b>Threading:</b> one thread. <b>Invariant:</b> a page fits into the reply; it holds at least one node or chain
 * that was asked for.
 */
final class ClusterReplyWriter {
    private static final int TEXT_HEADER_LENGTH = ClusterDescriptionEncoder.NodesEncoder.endpointHeaderLength();
    private static final int MIN_LENGTH = MessageHeaderEncoder.ENCODED_LENGTH
            + ClusterDescriptionEncoder.BLOCK_LENGTH
            + 4 * ClusterDescriptionEncoder.NodesEncoder.HEADER_SIZE;

    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final ClusterDescriptionEncoder description = new ClusterDescriptionEncoder();
    private final MutableDirectBuffer buffer;
    private final List<ClusterNode> nodes = new ArrayList<>();
    private final List<ReplicatedChain> chains = new ArrayList<>();
    private int nextNode;
    private int nextChain;

    /**
     * Writes into a buffer.
     *
     * @param buffer as long as a reply may be.
     */
    ClusterReplyWriter(final MutableDirectBuffer buffer) {
        this.buffer = buffer;
    }

    /**
     * Encodes one page.
     *
     * @param request DescribeCluster.
     * @param state to describe.
     * @param leaderTerm of the control plane's leader.
     * @param leaderMember its index, -1: the node runs alone.
     * @return bytes of the message.
     */
    int description(
            final MetadataRequest request, final ControlState state, final long leaderTerm, final int leaderMember) {
        final Cluster cluster = state.cluster();
        final int fromNode = request.fromNode();
        final int fromChain = request.fromChain();
        fillPage(cluster, fromNode, fromChain);
        final UUID clusterId = cluster.clusterId;
        description
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .requestId(request.requestId())
                .clusterIdHigh(clusterId.getMostSignificantBits())
                .clusterIdLow(clusterId.getLeastSignificantBits())
                .leaderTerm(leaderTerm)
                .timeNs(cluster.nodes.timeNs())
                .leaderMember(leaderMember)
                .featureLevel(cluster.nodes.featureLevel)
                .nodeCount(cluster.nodes.nodes.size())
                .chainCount(state.chainCount())
                .replicationFactor(cluster.terms.replicationFactor())
                .minimum(cluster.terms.minimum())
                .nextNode(nextNode)
                .nextChain(nextChain);
        writeNodes(cluster);
        writeChains(cluster);
        nodes.clear();
        chains.clear();
        return MessageHeaderEncoder.ENCODED_LENGTH + description.encodedLength();
    }

    private void fillPage(final Cluster cluster, final int fromNode, final int fromChain) {
        int length = MIN_LENGTH;
        nextNode = -1;
        nextChain = -1;
        int index = 0;
        for (final ClusterNode node : cluster.nodes.nodes.values()) {
            if (fromNode >= 0 && index >= fromNode) {
                length += lengthOf(node);
                if (length > buffer.capacity()) {
                    nextNode = index;
                    nextChain = fromChain;
                    return;
                }
                nodes.add(node);
            }
            index++;
        }
        for (int i = fromChain; i >= 0 && i < cluster.chains.size(); i++) {
            final ReplicatedChain chain = cluster.chains.get(i);
            length += lengthOf(cluster, chain);
            if (length > buffer.capacity()) {
                nextChain = i;
                return;
            }
            chains.add(chain);
        }
    }

    private static int lengthOf(final ClusterNode node) {
        int length = ClusterDescriptionEncoder.NodesEncoder.sbeBlockLength()
                + TEXT_HEADER_LENGTH
                + endpointOf(node).length();
        for (final ClusterNode.Device device : node.devices.values()) {
            length += ClusterDescriptionEncoder.DevicesEncoder.sbeBlockLength()
                    + TEXT_HEADER_LENGTH
                    + shown(device.endpoint).length();
        }
        return length;
    }

    private static int lengthOf(final Cluster cluster, final ReplicatedChain chain) {
        int length = ClusterDescriptionEncoder.ChainsEncoder.sbeBlockLength();
        for (final Replica member : chain.members) {
            length += lengthOf(cluster, member);
        }
        for (final Replica other : chain.others.values()) {
            length += lengthOf(cluster, other);
        }
        return length;
    }

    private static int lengthOf(final Cluster cluster, final Replica replica) {
        return ClusterDescriptionEncoder.ReplicasEncoder.sbeBlockLength()
                + TEXT_HEADER_LENGTH
                + shown(cluster.nodes.endpoint(replica.id)).length();
    }

    private void writeNodes(final Cluster cluster) {
        final ClusterDescriptionEncoder.NodesEncoder group = description.nodesCount(nodes.size());
        int deviceCount = 0;
        for (final ClusterNode node : nodes) {
            deviceCount += node.devices.size();
            group.next()
                    .nodeIdHigh(node.id.getMostSignificantBits())
                    .nodeIdLow(node.id.getLeastSignificantBits())
                    .incarnation(node.incarnation)
                    .silentNs(cluster.nodes.timeNs() - node.lastSeenNs)
                    .standing((short) node.standing.value())
                    .isAlive((short) (cluster.nodes.isAlive(node.id) ? 1 : 0))
                    .endpoint(endpointOf(node));
        }
        final ClusterDescriptionEncoder.DevicesEncoder devices = description.devicesCount(deviceCount);
        for (final ClusterNode node : nodes) {
            for (final ClusterNode.Device device : node.devices.values()) {
                final @Nullable UUID replacement = device.replacement;
                devices.next()
                        .nodeIdHigh(node.id.getMostSignificantBits())
                        .nodeIdLow(node.id.getLeastSignificantBits())
                        .deviceUuidHigh(device.uuid.getMostSignificantBits())
                        .deviceUuidLow(device.uuid.getLeastSignificantBits())
                        .capacityBytes(device.capacityBytes)
                        .replacementUuidHigh(replacement == null ? 0 : replacement.getMostSignificantBits())
                        .replacementUuidLow(replacement == null ? 0 : replacement.getLeastSignificantBits())
                        .isPresent((short) (device.isPresent ? 1 : 0))
                        .endpoint(shown(device.endpoint));
            }
        }
    }

    private void writeChains(final Cluster cluster) {
        final ClusterDescriptionEncoder.ChainsEncoder group = description.chainsCount(chains.size());
        int replicaCount = 0;
        for (final ReplicatedChain chain : chains) {
            replicaCount += chain.members.size() + chain.others.size();
            final boolean isWhole = chain.phase == ChainPhase.NORMAL
                    && chain.members.size() >= cluster.terms.replicationFactor()
                    && chain.members.stream().allMatch(member -> cluster.nodes.isReachable(member.id));
            group.next()
                    .chainEpoch(chain.epoch)
                    .sealEpoch(chain.sealEpoch)
                    .phaseNs(cluster.nodes.timeNs() - chain.sinceNs)
                    .chain(chain.chain)
                    .minimum(chain.minimum)
                    .phase((short) chain.phase.value())
                    .block((short) chain.block)
                    .cause((short) chain.cause.value())
                    .isUnderReplicated((short) (isWhole ? 0 : 1));
        }
        final ClusterDescriptionEncoder.ReplicasEncoder replicas = description.replicasCount(replicaCount);
        for (final ReplicatedChain chain : chains) {
            for (final Replica member : chain.members) {
                write(replicas.next(), cluster, chain, member);
            }
            for (final Replica other : chain.others.values()) {
                write(replicas.next(), cluster, chain, other);
            }
        }
    }

    private static void write(
            final ClusterDescriptionEncoder.ReplicasEncoder entry,
            final Cluster cluster,
            final ReplicatedChain chain,
            final Replica replica) {
        entry.nodeIdHigh(replica.id.node().getMostSignificantBits())
                .nodeIdLow(replica.id.node().getLeastSignificantBits())
                .deviceUuidHigh(replica.id.device().getMostSignificantBits())
                .deviceUuidLow(replica.id.device().getLeastSignificantBits())
                .sinceEpoch(replica.sinceEpoch)
                .lastPosition(replica.lastPosition)
                .durablePosition(replica.durablePosition)
                .commitPosition(replica.commitPosition)
                .chain(chain.chain)
                .role((short) replica.role.value())
                .isInstalled((short) (replica.isInstalled ? 1 : 0))
                .isComplete((short) (replica.isComplete ? 1 : 0))
                .isSlow((short) (replica.isSlow ? 1 : 0))
                .isTarget((short) (chain.targets.contains(replica.id) ? 1 : 0))
                .endpoint(shown(cluster.nodes.endpoint(replica.id)));
    }

    private static String endpointOf(final ClusterNode node) {
        for (final ClusterNode.Device device : node.devices.values()) {
            return shown(device.endpoint);
        }
        return "";
    }

    private static String shown(final String endpoint) {
        return ReplyWriter.printable(endpoint);
    }
}
