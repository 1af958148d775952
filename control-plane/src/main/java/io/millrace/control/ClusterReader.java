package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.control.ChainSnapshotDecoder;
import io.millrace.codec.control.ClusterSnapshotDecoder;
import io.millrace.codec.control.DeviceSnapshotDecoder;
import io.millrace.codec.control.GroupSnapshotDecoder;
import io.millrace.codec.control.MemberSnapshotDecoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.ReplicaSnapshotDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads the cluster's part of a snapshot. What {@link SnapshotReader} says of untrusted bytes holds here too.
 *
 * <p><b>Threading:</b> one thread; one reader for one snapshot.
 */
final class ClusterReader {
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final ClusterSnapshotDecoder clusterSnapshot = new ClusterSnapshotDecoder();
    private final MemberSnapshotDecoder memberSnapshot = new MemberSnapshotDecoder();
    private final DeviceSnapshotDecoder deviceSnapshot = new DeviceSnapshotDecoder();
    private final ChainSnapshotDecoder chainSnapshot = new ChainSnapshotDecoder();
    private final ReplicaSnapshotDecoder replicaSnapshot = new ReplicaSnapshotDecoder();
    private final GroupSnapshotDecoder groupSnapshot = new GroupSnapshotDecoder();
    private final SnapshotReader reader;
    private final ControlLimits limits;
    private final Cluster cluster;

    /**
     * Continues a snapshot.
     *
     * @param reader of it.
     * @param limits of the control plane.
     * @param cluster empty, to be filled.
     */
    ClusterReader(final SnapshotReader reader, final ControlLimits limits, final Cluster cluster) {
        this.reader = reader;
        this.limits = limits;
        this.cluster = cluster;
    }

    /**
     * Reads a cluster.
     *
     * @param chainCount data chains of the snapshot.
     * @param isGroup whether GroupSnapshot ends it.
     */
    void read(final int chainCount, final boolean isGroup) {
        clusterSnapshot.wrapAndApplyHeader(
                reader.buffer(), reader.expect(ClusterSnapshotDecoder.TEMPLATE_ID, "ClusterSnapshot"), messageHeader);
        cluster.nodes.restoreTime(
                reader.checkCounter(clusterSnapshot.timeNs(), "time of the control plane"),
                clusterSnapshot.lastTickNs());
        cluster.lastIncarnation = reader.checkCounter(clusterSnapshot.lastIncarnation(), "last incarnation");
        final int memberCount = reader.checkCount(clusterSnapshot.memberCount(), 0, limits.maxNodes(), "members");
        final int replicated = reader.checkCount(clusterSnapshot.chainCount(), 0, chainCount, "replicated chains");
        if (replicated != 0 && replicated != chainCount) {
            throw reader.invalid(replicated + " of " + chainCount + " chains are replicated");
        }
        final int least = replicated == 0 ? 0 : 1;
        final int factor = reader.checkCount(
                clusterSnapshot.replicationFactor(), least, Cluster.MAX_REPLICATION_FACTOR, "as replication factor");
        cluster.terms = new ClusterTerms(
                factor, reader.checkCount(clusterSnapshot.minimum(), least, factor, "as minimum of replicas"));
        for (int i = 0; i < memberCount; i++) {
            readNode();
        }
        for (int i = 0; i < replicated; i++) {
            readChain(i + 1);
        }
        if (isGroup) {
            readGroup();
        }
        if (cluster.isEmpty() || cluster.isGroup() != isGroup) {
            throw reader.invalid("it is of a version for more than it holds");
        }
    }

    private void readGroup() {
        groupSnapshot.wrapAndApplyHeader(
                reader.buffer(), reader.expect(GroupSnapshotDecoder.TEMPLATE_ID, "GroupSnapshot"), messageHeader);
        cluster.clusterId = new UUID(groupSnapshot.clusterIdHigh(), groupSnapshot.clusterIdLow());
        cluster.settingsHash = groupSnapshot.settingsHash();
        final int level = groupSnapshot.featureLevel();
        if (level > FeatureLevel.KNOWN) {
            throw new MillraceException(
                    ErrorCode.FORMAT_VERSION,
                    "the snapshot of the control plane has feature level " + level + ", this program knows up to "
                            + FeatureLevel.KNOWN);
        }
        cluster.nodes.featureLevel =
                reader.checkCount(level, FeatureLevel.FIRST, FeatureLevel.KNOWN, "as feature level");
        cluster.isImported = reader.checkFlag(groupSnapshot.isImported(), "isImported");
    }

    private void readNode() {
        memberSnapshot.wrapAndApplyHeader(
                reader.buffer(), reader.expect(MemberSnapshotDecoder.TEMPLATE_ID, "MemberSnapshot"), messageHeader);
        final UUID id = new UUID(memberSnapshot.nodeIdHigh(), memberSnapshot.nodeIdLow());
        final ClusterNode node = new ClusterNode(id);
        node.startId = new UUID(memberSnapshot.startIdHigh(), memberSnapshot.startIdLow());
        node.incarnation = reader.checkCounter(memberSnapshot.incarnation(), "incarnation");
        node.previousIncarnation = reader.checkCounter(memberSnapshot.previousIncarnation(), "previous incarnation");
        node.heartbeatNumber = memberSnapshot.heartbeatNumber();
        node.lastSeenNs = reader.checkCounter(memberSnapshot.lastSeenNs(), "time of a heartbeat");
        node.standing = pick(ClusterNode.Standing.values(), memberSnapshot.standing(), "standing");
        if (node.lastSeenNs > cluster.nodes.timeNs() || node.incarnation > cluster.lastIncarnation) {
            throw reader.invalid("node " + id + " is of a later time than the snapshot");
        }
        // Devices that were replaced are kept besides those that a node may have.
        final int deviceCount = reader.checkCount(
                memberSnapshot.deviceCount(),
                0,
                2L * cluster.limits().maxDevicesPerNode() * limits.maxChains(),
                "devices");
        if (cluster.nodes.nodes.put(id, node) != null) {
            throw reader.invalid("node " + id + " comes twice");
        }
        for (int i = 0; i < deviceCount; i++) {
            readDevice(node);
        }
    }

    private void readDevice(final ClusterNode node) {
        deviceSnapshot.wrapAndApplyHeader(
                reader.buffer(), reader.expect(DeviceSnapshotDecoder.TEMPLATE_ID, "DeviceSnapshot"), messageHeader);
        final UUID uuid = new UUID(deviceSnapshot.deviceUuidHigh(), deviceSnapshot.deviceUuidLow());
        final UUID replacement = new UUID(deviceSnapshot.replacementUuidHigh(), deviceSnapshot.replacementUuidLow());
        final long capacityBytes = deviceSnapshot.capacityBytes();
        final boolean isPresent = reader.checkFlag(deviceSnapshot.isPresent(), "isPresent");
        final ClusterNode.Device device = new ClusterNode.Device(uuid, deviceSnapshot.endpoint(), capacityBytes);
        device.isPresent = isPresent;
        device.replacement = replacement.equals(new UUID(0, 0)) ? null : replacement;
        if (node.devices.put(uuid, device) != null) {
            throw reader.invalid("device " + uuid + " comes twice");
        }
    }

    private void readChain(final int number) {
        chainSnapshot.wrapAndApplyHeader(
                reader.buffer(), reader.expect(ChainSnapshotDecoder.TEMPLATE_ID, "ChainSnapshot"), messageHeader);
        if (chainSnapshot.chain() != number) {
            throw reader.invalid("chain " + chainSnapshot.chain() + " stands where chain " + number + " should");
        }
        final ReplicatedChain chain = cluster.newChain(number);
        chain.epoch = reader.checkCounter(chainSnapshot.chainEpoch(), "chain epoch");
        chain.sealEpoch = reader.checkCounter(chainSnapshot.sealEpoch(), "sealed epoch");
        chain.startPosition = reader.checkCounter(chainSnapshot.startPosition(), "start position");
        chain.floorPosition = reader.checkCounter(chainSnapshot.floorPosition(), "floor position");
        chain.sinceNs = reader.checkCounter(chainSnapshot.sinceNs(), "time of a phase");
        chain.lastOrderNumber = reader.checkCounter(chainSnapshot.orderNumber(), "order number");
        chain.forcedEpoch = reader.checkCounter(chainSnapshot.forcedEpoch(), "forced epoch");
        chain.minimum = reader.checkCount(chainSnapshot.minimum(), 1, Cluster.MAX_REPLICATION_FACTOR, "as minimum");
        chain.phase = pick(ChainPhase.values(), chainSnapshot.phase(), "phase");
        chain.block = reader.checkCount(chainSnapshot.block(), 0, ReplicaChoice.HISTORY_FULL, "as reason of a block");
        chain.cause = pick(SealCause.values(), chainSnapshot.cause(), "cause");
        final int replicaCount = reader.checkCount(
                chainSnapshot.replicaCount(),
                1,
                Cluster.MAX_REPLICATION_FACTOR + 2L * cluster.limits().maxReplicas(),
                "replicas");
        final boolean isSealing = chain.phase == ChainPhase.SEALING;
        if (chain.epoch < 1 || isSealing != chain.sealEpoch > chain.epoch || chain.sinceNs > cluster.nodes.timeNs()) {
            throw reader.invalid("the epochs of chain " + number + " do not fit its phase");
        }
        final ChainSnapshotDecoder.HistoryDecoder history = chainSnapshot.history();
        reader.checkCount(history.count(), 0, cluster.limits().maxHistory(), "epochs of history");
        while (history.hasNext()) {
            history.next();
            final long epoch = history.epoch();
            final long start = history.startPosition();
            final int count = chain.history.count();
            final boolean rises = count == 0 || epoch > chain.history.epoch(count - 1);
            if (epoch < 1 || epoch > chain.epoch || start < 1 || !rises) {
                throw reader.invalid("the history of chain " + number + " does not rise");
            }
            chain.history.add(epoch, start);
        }
        final List<ReplicaId> targets = new ArrayList<>();
        final ChainSnapshotDecoder.TargetsDecoder entries = chainSnapshot.targets();
        reader.checkCount(entries.count(), 0, Cluster.MAX_REPLICATION_FACTOR, "targets");
        while (entries.hasNext()) {
            entries.next();
            targets.add(new ReplicaId(
                    new UUID(entries.nodeIdHigh(), entries.nodeIdLow()),
                    new UUID(entries.deviceUuidHigh(), entries.deviceUuidLow())));
        }
        chain.targets = List.copyOf(targets);
        cluster.chains.add(chain);
        for (int i = 0; i < replicaCount; i++) {
            readReplica(chain);
        }
        if (chain.members.isEmpty()) {
            throw reader.invalid("chain " + number + " has no members");
        }
    }

    private void readReplica(final ReplicatedChain chain) {
        replicaSnapshot.wrapAndApplyHeader(
                reader.buffer(), reader.expect(ReplicaSnapshotDecoder.TEMPLATE_ID, "ReplicaSnapshot"), messageHeader);
        final ReplicaId id = new ReplicaId(
                new UUID(replicaSnapshot.nodeIdHigh(), replicaSnapshot.nodeIdLow()),
                new UUID(replicaSnapshot.deviceUuidHigh(), replicaSnapshot.deviceUuidLow()));
        final Replica.Role role = pick(Replica.Role.values(), replicaSnapshot.role(), "role");
        final Replica replica = new Replica(
                id,
                reader.checkCounter(replicaSnapshot.sinceEpoch(), "epoch of membership"),
                role,
                reader.checkCounter(replicaSnapshot.incarnation(), "incarnation"));
        replica.orderNumber = reader.checkCounter(replicaSnapshot.orderNumber(), "order number");
        replica.lastPosition = replicaSnapshot.lastPosition();
        replica.durablePosition = replicaSnapshot.durablePosition();
        replica.commitPosition = replicaSnapshot.commitPosition();
        replica.basePosition = replicaSnapshot.basePosition();
        replica.slowNs = reader.checkCounter(replicaSnapshot.slowNs(), "slow time");
        replica.suspectedNs = reader.checkCounter(replicaSnapshot.suspectedNs(), "suspected time");
        replica.durableLagNs = replicaSnapshot.durableLagNs();
        replica.stallNs = replicaSnapshot.stallNs();
        replica.reportedNs = replicaSnapshot.reportedNs();
        replica.isInstalled = reader.checkFlag(replicaSnapshot.isInstalled(), "isInstalled");
        replica.isComplete = reader.checkFlag(replicaSnapshot.isComplete(), "isComplete");
        replica.isSlow = reader.checkFlag(replicaSnapshot.isSlow(), "isSlow");
        replica.suspects = reader.checkCount(replicaSnapshot.suspects(), 0, Replica.ALL_BITS, "suspects");
        replica.report = readReport(chain, replica);
        if (replica.orderNumber > chain.lastOrderNumber) {
            throw reader.invalid("order " + replica.orderNumber + " of chain " + chain.chain + " was never given");
        }
        boolean isDouble = chain.others.containsKey(id);
        for (final Replica member : chain.members) {
            isDouble |= member.id.equals(id);
        }
        if (isDouble || (role == Replica.Role.MEMBER && !chain.others.isEmpty())) {
            throw reader.invalid("a replica of chain " + chain.chain + " comes twice or out of order");
        }
        if (role == Replica.Role.MEMBER) {
            chain.members.add(replica);
        } else {
            chain.others.put(id, replica);
        }
    }

    private @Nullable SealedReport readReport(final ReplicatedChain chain, final Replica replica) {
        final int length = replicaSnapshot.sealedReportLength();
        if (length == 0) {
            return null;
        }
        final byte[] bytes = new byte[length];
        replicaSnapshot.getSealedReport(bytes, 0, length);
        final UnsafeBuffer buffer = new UnsafeBuffer(bytes);
        final SealedReport report = ChainFrames.check(buffer, 0, length) == SealedDecoder.TEMPLATE_ID
                ? SealedReport.read(buffer, 0, length, cluster.limits().maxHistory())
                : null;
        if (report == null || !report.replica().equals(replica.id) || report.chain() != chain.chain) {
            throw reader.invalid("what a replica of chain " + chain.chain + " answered is no answer of it");
        }
        return report;
    }

    private <T extends Numbered> T pick(final T[] values, final short number, final String what) {
        for (final T value : values) {
            if (value.value() == number) {
                return value;
            }
        }
        throw reader.invalid(number + " as " + what + " is unknown");
    }
}
