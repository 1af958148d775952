package io.millrace.client.core;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.wire.ClusterAction;
import io.millrace.codec.wire.ClusterDescriptionDecoder;
import io.millrace.codec.wire.DescribeClusterEncoder;
import io.millrace.codec.wire.MessageHeaderEncoder;
import io.millrace.codec.wire.OperateClusterEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;

/**
 * What operators order and ask, over {@link Requests}.
 *
 * <p><b>Threading</b>: the methods of {@link ClusterManager} any thread.
 */
public final class ClusterRequests implements ClusterManager {
    private static final int MAX_REASON_LENGTH = 200;

    private final Requests requests;
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();

    /** One page of a description. */
    record Page(ClusterInfo info, int nextNode, int nextChain) {}

    /** Fills in what an order is about. */
    @FunctionalInterface
    private interface Order {
        void fill(OperateClusterEncoder encoder);
    }

    /**
     * Makes the requests.
     *
     * @param requests that they go by
     */
    ClusterRequests(final Requests requests) {
        this.requests = requests;
    }

    @Override
    public ClusterInfo describe() {
        final List<ClusterInfo.Node> nodes = new ArrayList<>();
        final List<ClusterInfo.Chain> chains = new ArrayList<>();
        int fromNode = 0;
        int fromChain = 0;
        ClusterInfo last;
        do {
            final int node = fromNode;
            final int chain = fromChain;
            final Page page = requests.clusterPage("describe the cluster", (frame, id) -> new DescribeClusterEncoder()
                    .wrapAndApplyHeader(frame, 0, header)
                    .requestId(id)
                    .fromNode(node)
                    .fromChain(chain)
                    .encodedLength());
            last = page.info();
            nodes.addAll(last.nodes());
            chains.addAll(last.chains());
            final boolean isOn = page.nextNode() > fromNode || page.nextChain() > fromChain;
            fromNode = page.nextNode();
            fromChain = page.nextChain();
            if (!isOn) {
                break;
            }
        } while (fromNode >= 0 || fromChain >= 0);
        return new ClusterInfo(
                last.clusterId(),
                last.leaderMember(),
                last.leaderTerm(),
                last.featureLevel(),
                last.chainCount(),
                last.replicationFactor(),
                last.minimum(),
                nodes,
                chains);
    }

    @Override
    public boolean configureChains(final int chainCount, final int replicationFactor, final int minimum) {
        return order("configure the chains", ClusterAction.CONFIGURE_CHAINS, encoder -> encoder.chainCount(chainCount)
                .replicationFactor(replicationFactor)
                .minimum(minimum));
    }

    @Override
    public boolean addNode(final UUID nodeId) {
        return order("add node " + nodeId, ClusterAction.ADD_NODE, encoder -> node(encoder, nodeId));
    }

    @Override
    public boolean drainNode(final UUID nodeId) {
        return order("drain node " + nodeId, ClusterAction.DRAIN_NODE, encoder -> node(encoder, nodeId));
    }

    @Override
    public boolean removeNode(final UUID nodeId) {
        return order("remove node " + nodeId, ClusterAction.REMOVE_NODE, encoder -> node(encoder, nodeId));
    }

    @Override
    public boolean replaceDevice(final UUID nodeId, final UUID device, final UUID replacement) {
        return order("replace device " + device, ClusterAction.REPLACE_DEVICE, encoder -> {
            node(encoder, nodeId);
            encoder.deviceUuidHigh(device.getMostSignificantBits())
                    .deviceUuidLow(device.getLeastSignificantBits())
                    .newDeviceUuidHigh(replacement.getMostSignificantBits())
                    .newDeviceUuidLow(replacement.getLeastSignificantBits());
        });
    }

    @Override
    public boolean forceInstall(
            final int chain, final long chainEpoch, final List<ClusterInfo.ReplicaId> members, final String reason) {
        final byte[] why = reason.getBytes(StandardCharsets.UTF_8);
        if (why.length > MAX_REASON_LENGTH) {
            throw new MillraceException(
                    ErrorCode.BAD_INPUT, "the reason has " + why.length + " bytes, the limit is " + MAX_REASON_LENGTH);
        }
        return !requests.command("force chain " + chain, (frame, id) -> {
            final OperateClusterEncoder encoder = begin(frame, id, ClusterAction.FORCE_INSTALL);
            encoder.chain(chain).chainEpoch(chainEpoch);
            final OperateClusterEncoder.MembersEncoder group = encoder.membersCount(members.size());
            for (final ClusterInfo.ReplicaId member : members) {
                group.next()
                        .nodeIdHigh(member.nodeId().getMostSignificantBits())
                        .nodeIdLow(member.nodeId().getLeastSignificantBits())
                        .deviceUuidHigh(member.device().getMostSignificantBits())
                        .deviceUuidLow(member.device().getLeastSignificantBits());
            }
            return encoder.putReason(why, 0, why.length).encodedLength();
        });
    }

    @Override
    public boolean setFeatureLevel(final int featureLevel) {
        return order(
                "set the feature level",
                ClusterAction.SET_FEATURE_LEVEL,
                encoder -> encoder.featureLevel(featureLevel));
    }

    private boolean order(final String what, final ClusterAction action, final Order order) {
        return !requests.command(what, (frame, id) -> {
            final OperateClusterEncoder encoder = begin(frame, id, action);
            order.fill(encoder);
            encoder.membersCount(0);
            return encoder.reason("").encodedLength();
        });
    }

    private OperateClusterEncoder begin(
            final ExpandableArrayBuffer frame, final long requestId, final ClusterAction action) {
        return new OperateClusterEncoder()
                .wrapAndApplyHeader(frame, 0, header)
                .requestId(requestId)
                .nodeIdHigh(0)
                .nodeIdLow(0)
                .deviceUuidHigh(0)
                .deviceUuidLow(0)
                .newDeviceUuidHigh(0)
                .newDeviceUuidLow(0)
                .chainEpoch(0)
                .chain(0)
                .chainCount(0)
                .replicationFactor(0)
                .minimum(0)
                .featureLevel(0)
                .action(action);
    }

    private static void node(final OperateClusterEncoder encoder, final UUID nodeId) {
        encoder.nodeIdHigh(nodeId.getMostSignificantBits()).nodeIdLow(nodeId.getLeastSignificantBits());
    }

    /** Reads a page: groups in the order of the schema. */
    static Page read(final ClusterDescriptionDecoder page) {
        final UUID clusterId = new UUID(page.clusterIdHigh(), page.clusterIdLow());
        final int nextNode = page.nextNode();
        final int nextChain = page.nextChain();
        final List<ClusterInfo.Node> bare = new ArrayList<>();
        for (final ClusterDescriptionDecoder.NodesDecoder node : page.nodes()) {
            bare.add(new ClusterInfo.Node(
                    new UUID(node.nodeIdHigh(), node.nodeIdLow()),
                    node.incarnation(),
                    node.silentNs(),
                    of(ClusterInfo.Standing.values(), node.standing(), ClusterInfo.Standing.CANDIDATE),
                    node.isAlive() != 0,
                    node.endpoint(),
                    List.of()));
        }
        final List<ClusterInfo.Node> nodes = withDevices(page, bare);
        final List<ClusterInfo.Chain> bareChains = new ArrayList<>();
        for (final ClusterDescriptionDecoder.ChainsDecoder chain : page.chains()) {
            bareChains.add(new ClusterInfo.Chain(
                    chain.chain(),
                    chain.chainEpoch(),
                    chain.sealEpoch(),
                    of(ClusterInfo.Phase.values(), chain.phase(), ClusterInfo.Phase.UNKNOWN),
                    chain.phaseNs(),
                    chain.minimum(),
                    chain.block(),
                    chain.cause(),
                    chain.isUnderReplicated() != 0,
                    List.of()));
        }
        return new Page(
                new ClusterInfo(
                        clusterId,
                        page.leaderMember(),
                        page.leaderTerm(),
                        page.featureLevel(),
                        page.chainCount(),
                        page.replicationFactor(),
                        page.minimum(),
                        nodes,
                        withReplicas(page, bareChains)),
                nextNode,
                nextChain);
    }

    private static List<ClusterInfo.Node> withDevices(
            final ClusterDescriptionDecoder page, final List<ClusterInfo.Node> bare) {
        final List<UUID> owners = new ArrayList<>();
        final List<ClusterInfo.Device> devices = new ArrayList<>();
        for (final ClusterDescriptionDecoder.DevicesDecoder device : page.devices()) {
            owners.add(new UUID(device.nodeIdHigh(), device.nodeIdLow()));
            devices.add(new ClusterInfo.Device(
                    new UUID(device.deviceUuidHigh(), device.deviceUuidLow()),
                    device.capacityBytes(),
                    device.isPresent() != 0,
                    device.endpoint()));
        }
        final List<ClusterInfo.Node> nodes = new ArrayList<>();
        for (final ClusterInfo.Node node : bare) {
            final List<ClusterInfo.Device> own = new ArrayList<>();
            for (int i = 0; i < devices.size(); i++) {
                if (owners.get(i).equals(node.nodeId())) {
                    own.add(devices.get(i));
                }
            }
            nodes.add(new ClusterInfo.Node(
                    node.nodeId(),
                    node.incarnation(),
                    node.silentNs(),
                    node.standing(),
                    node.isAlive(),
                    node.endpoint(),
                    own));
        }
        return nodes;
    }

    private static List<ClusterInfo.Chain> withReplicas(
            final ClusterDescriptionDecoder page, final List<ClusterInfo.Chain> bare) {
        final List<Integer> owners = new ArrayList<>();
        final List<ClusterInfo.Replica> replicas = new ArrayList<>();
        for (final ClusterDescriptionDecoder.ReplicasDecoder replica : page.replicas()) {
            owners.add(replica.chain());
            replicas.add(new ClusterInfo.Replica(
                    new ClusterInfo.ReplicaId(
                            new UUID(replica.nodeIdHigh(), replica.nodeIdLow()),
                            new UUID(replica.deviceUuidHigh(), replica.deviceUuidLow())),
                    of(ClusterInfo.Role.values(), replica.role(), ClusterInfo.Role.UNKNOWN),
                    replica.lastPosition(),
                    replica.durablePosition(),
                    replica.commitPosition(),
                    replica.isInstalled() != 0,
                    replica.isComplete() != 0,
                    replica.isSlow() != 0,
                    replica.isTarget() != 0,
                    replica.endpoint()));
        }
        final List<ClusterInfo.Chain> chains = new ArrayList<>();
        for (final ClusterInfo.Chain chain : bare) {
            final List<ClusterInfo.Replica> own = new ArrayList<>();
            for (int i = 0; i < replicas.size(); i++) {
                if (owners.get(i) == chain.chain()) {
                    own.add(replicas.get(i));
                }
            }
            chains.add(new ClusterInfo.Chain(
                    chain.chain(),
                    chain.chainEpoch(),
                    chain.sealEpoch(),
                    chain.phase(),
                    chain.phaseNs(),
                    chain.minimum(),
                    chain.block(),
                    chain.cause(),
                    chain.isUnderReplicated(),
                    own));
        }
        return chains;
    }

    private static <T> T of(final T[] values, final int number, final T other) {
        return number < values.length ? values[number] : other;
    }
}
