package io.millrace.control;

import io.millrace.codec.control.ChainSnapshotEncoder;
import io.millrace.codec.control.ClusterSnapshotEncoder;
import io.millrace.codec.control.DeviceSnapshotEncoder;
import io.millrace.codec.control.GroupSnapshotEncoder;
import io.millrace.codec.control.MemberSnapshotEncoder;
import io.millrace.codec.control.ReplicaSnapshotEncoder;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Writes the cluster's part of a snapshot: messages 70 to 75 of {@code millrace-control.xml}. {@link ClusterReader}
 * reads it back.
 *
 * <p><b>Threading:</b> one thread; one writer for one snapshot.
 */
final class ClusterWriter {
    private final ClusterSnapshotEncoder clusterSnapshot = new ClusterSnapshotEncoder();
    private final MemberSnapshotEncoder memberSnapshot = new MemberSnapshotEncoder();
    private final DeviceSnapshotEncoder deviceSnapshot = new DeviceSnapshotEncoder();
    private final ChainSnapshotEncoder chainSnapshot = new ChainSnapshotEncoder();
    private final ReplicaSnapshotEncoder replicaSnapshot = new ReplicaSnapshotEncoder();
    private final GroupSnapshotEncoder groupSnapshot = new GroupSnapshotEncoder();
    private final SnapshotWriter writer;

    /**
     * Continues a snapshot.
     *
     * @param writer of it.
     */
    ClusterWriter(final SnapshotWriter writer) {
        this.writer = writer;
    }

    /**
     * Writes a cluster.
     *
     * @param cluster all of it.
     */
    void write(final Cluster cluster) {
        clusterSnapshot
                .wrapAndApplyHeader(writer.buffer(), writer.next(), writer.messageHeader())
                .timeNs(cluster.nodes.timeNs())
                .lastTickNs(cluster.nodes.lastTickNs())
                .lastIncarnation(cluster.lastIncarnation)
                .memberCount(cluster.nodes.nodes.size())
                .chainCount(cluster.chains.size())
                .replicationFactor(cluster.terms.replicationFactor())
                .minimum(cluster.terms.minimum());
        writer.finish(clusterSnapshot.encodedLength());
        cluster.nodes.nodes.values().forEach(this::node);
        cluster.chains.forEach(this::chain);
        if (cluster.isGroup()) {
            groupSnapshot
                    .wrapAndApplyHeader(writer.buffer(), writer.next(), writer.messageHeader())
                    .clusterIdHigh(cluster.clusterId.getMostSignificantBits())
                    .clusterIdLow(cluster.clusterId.getLeastSignificantBits())
                    .settingsHash(cluster.settingsHash)
                    .featureLevel(cluster.nodes.featureLevel)
                    .isImported((short) (cluster.isImported ? 1 : 0));
            writer.finish(groupSnapshot.encodedLength());
        }
    }

    private void node(final ClusterNode node) {
        memberSnapshot
                .wrapAndApplyHeader(writer.buffer(), writer.next(), writer.messageHeader())
                .nodeIdHigh(node.id.getMostSignificantBits())
                .nodeIdLow(node.id.getLeastSignificantBits())
                .startIdHigh(node.startId.getMostSignificantBits())
                .startIdLow(node.startId.getLeastSignificantBits())
                .incarnation(node.incarnation)
                .previousIncarnation(node.previousIncarnation)
                .heartbeatNumber(node.heartbeatNumber)
                .lastSeenNs(node.lastSeenNs)
                .deviceCount(node.devices.size())
                .standing((short) node.standing.value());
        writer.finish(memberSnapshot.encodedLength());
        node.devices.values().forEach(this::device);
    }

    private void device(final ClusterNode.Device device) {
        final UUID replacement = device.replacement;
        final byte[] endpoint = device.endpoint.getBytes(StandardCharsets.UTF_8);
        deviceSnapshot
                .wrapAndApplyHeader(writer.buffer(), writer.next(), writer.messageHeader())
                .deviceUuidHigh(device.uuid.getMostSignificantBits())
                .deviceUuidLow(device.uuid.getLeastSignificantBits())
                .capacityBytes(device.capacityBytes)
                .replacementUuidHigh(replacement == null ? 0 : replacement.getMostSignificantBits())
                .replacementUuidLow(replacement == null ? 0 : replacement.getLeastSignificantBits())
                .isPresent((short) (device.isPresent ? 1 : 0))
                .putEndpoint(endpoint, 0, endpoint.length);
        writer.finish(deviceSnapshot.encodedLength());
    }

    private void chain(final ReplicatedChain chain) {
        chainSnapshot
                .wrapAndApplyHeader(writer.buffer(), writer.next(), writer.messageHeader())
                .chainEpoch(chain.epoch)
                .sealEpoch(chain.sealEpoch)
                .startPosition(chain.startPosition)
                .floorPosition(chain.floorPosition)
                .sinceNs(chain.sinceNs)
                .orderNumber(chain.lastOrderNumber)
                .forcedEpoch(chain.forcedEpoch)
                .chain(chain.chain)
                .replicaCount(chain.members.size() + chain.others.size())
                .minimum(chain.minimum)
                .phase((short) chain.phase.value())
                .block((short) chain.block)
                .cause((short) chain.cause.value());
        final ChainSnapshotEncoder.HistoryEncoder history = chainSnapshot.historyCount(chain.history.count());
        for (int i = 0; i < chain.history.count(); i++) {
            history.next().epoch(chain.history.epoch(i)).startPosition(chain.history.start(i));
        }
        final ChainSnapshotEncoder.TargetsEncoder targets = chainSnapshot.targetsCount(chain.targets.size());
        for (final ReplicaId target : chain.targets) {
            targets.next()
                    .nodeIdHigh(target.node().getMostSignificantBits())
                    .nodeIdLow(target.node().getLeastSignificantBits())
                    .deviceUuidHigh(target.device().getMostSignificantBits())
                    .deviceUuidLow(target.device().getLeastSignificantBits());
        }
        writer.finish(chainSnapshot.encodedLength());
        chain.members.forEach(this::replica);
        chain.others.values().forEach(this::replica);
    }

    private void replica(final Replica replica) {
        final SealedReport report = replica.report;
        final byte[] bytes = report == null ? new byte[0] : report.bytes();
        replicaSnapshot
                .wrapAndApplyHeader(writer.buffer(), writer.next(), writer.messageHeader())
                .nodeIdHigh(replica.id.node().getMostSignificantBits())
                .nodeIdLow(replica.id.node().getLeastSignificantBits())
                .deviceUuidHigh(replica.id.device().getMostSignificantBits())
                .deviceUuidLow(replica.id.device().getLeastSignificantBits())
                .incarnation(replica.incarnation)
                .sinceEpoch(replica.sinceEpoch)
                .orderNumber(replica.orderNumber)
                .lastPosition(replica.lastPosition)
                .durablePosition(replica.durablePosition)
                .commitPosition(replica.commitPosition)
                .basePosition(replica.basePosition)
                .slowNs(replica.slowNs)
                .suspectedNs(replica.suspectedNs)
                .durableLagNs(replica.durableLagNs)
                .stallNs(replica.stallNs)
                .reportedNs(replica.reportedNs)
                .role((short) replica.role.value())
                .isInstalled((short) (replica.isInstalled ? 1 : 0))
                .isComplete((short) (replica.isComplete ? 1 : 0))
                .suspects((short) replica.suspects)
                .isSlow((short) (replica.isSlow ? 1 : 0))
                .putSealedReport(bytes, 0, bytes.length);
        writer.finish(replicaSnapshot.encodedLength());
    }
}
