package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.FrameStatus;
import io.millrace.codec.chain.InstalledDecoder;
import io.millrace.codec.chain.LearnerCompleteDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.NodeHeartbeatDecoder;
import io.millrace.codec.chain.NodeRegisterDecoder;
import io.millrace.codec.chain.RetiredDecoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.control.GroupSettingsDecoder;
import io.millrace.codec.control.TickDecoder;
import io.millrace.codec.wire.RefusalCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The part of the control plane that knows nodes and replicated chains: takes what nodes report and operators order,
 * and keeps every chain served by replicas that hold what was acknowledged.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> a pure function of the commands applied; an incarnation is issued
 * once; every command may come late and twice.
 */
final class Cluster {
    /** Number of the heartbeat of a node that ends in order: its chains need not wait for the end of its lease. */
    static final long LAST_HEARTBEAT = Long.MAX_VALUE;

    /** Heartbeats tell the silence of a neighbour in tenths of a second. */
    private static final long SILENCE_UNIT_NS = 100_000_000;

    /** Most members of a chain. */
    static final int MAX_REPLICATION_FACTOR = 8;

    private static final UUID NO_ID = new UUID(0, 0);

    final ClusterNodes nodes;
    final List<ReplicatedChain> chains = new ArrayList<>();
    long lastIncarnation;
    ClusterTerms terms = new ClusterTerms(0, 0);

    /** What the control plane's group was made with, all 0: it is no group. */
    UUID clusterId = NO_ID;

    long settingsHash;

    /** Whether the state began with that of a node that ran alone. */
    boolean isImported;

    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final io.millrace.codec.control.MessageHeaderDecoder controlHeader =
            new io.millrace.codec.control.MessageHeaderDecoder();
    private final TickDecoder tick = new TickDecoder();
    private final GroupSettingsDecoder groupSettings = new GroupSettingsDecoder();
    private final NodeRegisterDecoder nodeRegister = new NodeRegisterDecoder();
    private final NodeHeartbeatDecoder nodeHeartbeat = new NodeHeartbeatDecoder();
    private final InstalledDecoder installed = new InstalledDecoder();
    private final LearnerCompleteDecoder learnerComplete = new LearnerCompleteDecoder();
    private final RetiredDecoder retired = new RetiredDecoder();

    private final ControlLimits controlLimits;
    private final ReconfigurationLimits limits;
    private final ControlRules rules;
    private final ChainMessages messages;
    private final Map<UUID, Node> alone;
    private long detail;

    /**
     * Starts without nodes.
     *
     * @param controlLimits of the control plane.
     * @param limits of times.
     * @param rules that hold.
     * @param alone nodes whose state was taken over, as the control state has them.
     */
    Cluster(
            final ControlLimits controlLimits,
            final ReconfigurationLimits limits,
            final ControlRules rules,
            final Map<UUID, Node> alone) {
        this.alone = alone;
        this.controlLimits = controlLimits;
        this.limits = limits;
        this.rules = rules;
        nodes = new ClusterNodes(limits);
        messages = new ChainMessages(nodes);
    }

    /** Tells whether no command of a cluster was ever applied: such a state is that of a single node. */
    boolean isEmpty() {
        return nodes.nodes.isEmpty()
                && chains.isEmpty()
                && nodes.lastTickNs() == 0
                && lastIncarnation == 0
                && !isGroup();
    }

    /** Tells whether anything of {@link GroupSettingsDecoder} and after was set. */
    boolean isGroup() {
        return !clusterId.equals(NO_ID) || settingsHash != 0 || nodes.featureLevel != FeatureLevel.FIRST || isImported;
    }

    /** Returns what is known of the group. */
    GroupView group() {
        return new GroupView(clusterId, settingsHash, nodes.featureLevel, isImported, nodes.nodes.size());
    }

    /**
     * Applies a command of the group itself.
     *
     * @param templateId Tick or GroupSettings.
     * @param command buffer with the message.
     * @param offset of its SBE header.
     * @param effects told.
     * @return a code of {@link ControlStatus}.
     */
    int onGroupCommand(final int templateId, final DirectBuffer command, final int offset, final Effects effects) {
        if (templateId == TickDecoder.TEMPLATE_ID) {
            return onTick(
                    tick.wrapAndApplyHeader(command, offset, controlHeader).timeNs(), effects);
        }
        return onGroupSettings(groupSettings.wrapAndApplyHeader(command, offset, controlHeader));
    }

    /**
     * Takes what the group is made with; the first one holds.
     *
     * @param settings proposed.
     * @return a code of {@link ControlStatus}.
     */
    int onGroupSettings(final GroupSettingsDecoder settings) {
        final UUID proposed = new UUID(settings.clusterIdHigh(), settings.clusterIdLow());
        if (!clusterId.equals(NO_ID) || proposed.equals(NO_ID)) {
            return ControlStatus.IGNORED;
        }
        clusterId = proposed;
        settingsHash = settings.settingsHash();
        return ControlStatus.DONE;
    }

    /**
     * Raises the feature level.
     *
     * @param level to rise to.
     * @return a code of {@link ControlStatus} or a refusal.
     * @throws IllegalStateException when this program does not know it: the others may.
     */
    int raiseFeatureLevel(final int level) {
        if (level > FeatureLevel.KNOWN) {
            throw new IllegalStateException("the control plane was raised to feature level " + level
                    + ", this program knows " + FeatureLevel.KNOWN);
        }
        if (level <= nodes.featureLevel) {
            return level == nodes.featureLevel
                    ? ControlStatus.ALREADY
                    : refuse(RefusalCode.LIMIT_REACHED, nodes.featureLevel);
        }
        nodes.featureLevel = level;
        return ControlStatus.DONE;
    }

    /** Returns the number that helps to understand the last refusal. */
    long detail() {
        return detail;
    }

    /** Returns the limits of reconfiguration. */
    ReconfigurationLimits limits() {
        return limits;
    }

    /** Returns what encodes messages. */
    ChainMessages messages() {
        return messages;
    }

    /**
     * Finds a replicated chain.
     *
     * @param chain data chain, from 1.
     * @return the chain, or null.
     */
    @Nullable
    ReplicatedChain chain(final int chain) {
        return chain >= 1 && chain <= chains.size() ? chains.get(chain - 1) : null;
    }

    /**
     * Finds a chain that is replicated.
     *
     * @param chain data chain, from 1.
     * @return the chain.
     * @throws IllegalArgumentException when it is not replicated.
     */
    ReplicatedChain requireChain(final int chain) {
        final ReplicatedChain found = chain(chain);
        if (found == null) {
            throw new IllegalArgumentException("chain " + chain + " is not replicated");
        }
        return found;
    }

    /**
     * Makes an empty chain for a snapshot to fill.
     *
     * @param chain data chain, from 1.
     * @return the chain, not yet one of {@link #chains}.
     */
    ReplicatedChain newChain(final int chain) {
        return new ReplicatedChain(chain, limits, rules, nodes, messages);
    }

    /**
     * Applies what a node reports.
     *
     * @param buffer with a message of {@code millrace-chain.xml}.
     * @param offset of its SBE header.
     * @param length in bytes.
     * @param effects told.
     * @return a code of {@link ControlStatus}.
     * @throws IllegalStateException when the bytes are no such message.
     */
    int onReport(final DirectBuffer buffer, final int offset, final int length, final Effects effects) {
        final int templateId = ChainFrames.check(buffer, offset, length);
        if (templateId < 0) {
            throw new IllegalStateException("chain 0 holds a report that is " + FrameStatus.toText(templateId));
        }
        switch (templateId) {
            case NodeRegisterDecoder.TEMPLATE_ID -> {
                nodeRegister.wrapAndApplyHeader(buffer, offset, messageHeader);
                return onRegister(nodeRegister, effects);
            }
            case NodeHeartbeatDecoder.TEMPLATE_ID -> {
                nodeHeartbeat.wrapAndApplyHeader(buffer, offset, messageHeader);
                return onHeartbeat(nodeHeartbeat, effects);
            }
            case SealedDecoder.TEMPLATE_ID -> {
                final SealedReport report = SealedReport.read(buffer, offset, length, limits.maxHistory());
                final ReplicatedChain chain = report == null ? null : chain(report.chain());
                return report == null || chain == null ? ControlStatus.IGNORED : chain.onSealed(report, terms, effects);
            }
            case InstalledDecoder.TEMPLATE_ID -> {
                installed.wrapAndApplyHeader(buffer, offset, messageHeader);
                final ReplicatedChain chain = chain(installed.chain());
                return chain == null
                        ? ControlStatus.IGNORED
                        : chain.onInstalled(
                                new ReplicaId(
                                        new UUID(installed.nodeIdHigh(), installed.nodeIdLow()),
                                        new UUID(installed.deviceUuidHigh(), installed.deviceUuidLow())),
                                installed.incarnation(),
                                installed.chainEpoch());
            }
            case LearnerCompleteDecoder.TEMPLATE_ID -> {
                learnerComplete.wrapAndApplyHeader(buffer, offset, messageHeader);
                final ReplicatedChain chain = chain(learnerComplete.chain());
                return chain == null
                        ? ControlStatus.IGNORED
                        : chain.onLearnerComplete(
                                new ReplicaId(
                                        new UUID(learnerComplete.nodeIdHigh(), learnerComplete.nodeIdLow()),
                                        new UUID(learnerComplete.deviceUuidHigh(), learnerComplete.deviceUuidLow())),
                                learnerComplete.incarnation(),
                                learnerComplete.chainEpoch(),
                                learnerComplete.lastPosition());
            }
            case RetiredDecoder.TEMPLATE_ID -> {
                retired.wrapAndApplyHeader(buffer, offset, messageHeader);
                final ReplicatedChain chain = chain(retired.chain());
                return chain == null
                        ? ControlStatus.IGNORED
                        : chain.onRetired(
                                new ReplicaId(
                                        new UUID(retired.nodeIdHigh(), retired.nodeIdLow()),
                                        new UUID(retired.deviceUuidHigh(), retired.deviceUuidLow())),
                                retired.sinceEpoch());
            }
            default ->
                throw new IllegalStateException("chain 0 holds template " + templateId + ", which no node reports");
        }
    }

    /**
     * Lets time pass.
     *
     * @param clockNs of who ticks.
     * @param effects told.
     * @return {@link ControlStatus#DONE}.
     */
    int onTick(final long clockNs, final Effects effects) {
        final long stepNs = nodes.tick(clockNs);
        if (!chains.isEmpty()) {
            place();
            for (final ReplicatedChain chain : chains) {
                chain.onTick(stepNs, terms, effects);
            }
        }
        return ControlStatus.DONE;
    }

    /**
     * Says again what nodes have not answered.
     *
     * @param effects told.
     */
    void forEachPending(final Effects effects) {
        for (final ReplicatedChain chain : chains) {
            chain.forEachPending(effects);
        }
    }

    /** Returns how many orders to replicas are not answered. */
    int pendingCount() {
        int count = 0;
        for (final ReplicatedChain chain : chains) {
            count += chain.pendingCount();
        }
        return count;
    }

    /**
     * Makes the data chains, or lets those of one replica each grow to several.
     *
     * @param chainCount of them.
     * @param replicationFactor members of each.
     * @param minimum below which they take no appends.
     * @param effects told.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int configure(final int chainCount, final int replicationFactor, final int minimum, final Effects effects) {
        final ClusterTerms asked = new ClusterTerms(replicationFactor, minimum);
        if (!chains.isEmpty() && chainCount == chains.size() && asked.equals(terms)) {
            return ControlStatus.ALREADY;
        }
        if (!chains.isEmpty() && (chainCount != chains.size() || !terms.mayGrowTo(asked))) {
            return refuse(RefusalCode.CHAINS_CONFIGURED, chains.size());
        }
        if (chainCount < 1 || chainCount > controlLimits.maxChains()) {
            return refuse(RefusalCode.LIMIT_REACHED, controlLimits.maxChains());
        }
        if (replicationFactor < 1 || replicationFactor > MAX_REPLICATION_FACTOR) {
            return refuse(RefusalCode.LIMIT_REACHED, MAX_REPLICATION_FACTOR);
        }
        if (minimum < 1 || minimum > replicationFactor) {
            return refuse(RefusalCode.LIMIT_REACHED, replicationFactor);
        }
        final List<ReplicaId> devices = usableDevices();
        devices.removeIf(device -> !nodes.isAlive(device.node()));
        if (devices.size() < replicationFactor) {
            return refuse(RefusalCode.DEVICES_TOO_FEW, devices.size());
        }
        terms = asked;
        if (!chains.isEmpty()) {
            return ControlStatus.DONE; // each grows on its own, from the next Tick on
        }
        final List<List<ReplicaId>> nothing = new ArrayList<>();
        for (int i = 0; i < chainCount; i++) {
            nothing.add(List.of());
        }
        final List<List<ReplicaId>> placed = ChainPlacer.place(nothing, devices, replicationFactor);
        for (int i = 0; i < chainCount; i++) {
            final ReplicatedChain chain = newChain(i + 1);
            chains.add(chain);
            chain.create(placed.get(i), minimum, effects);
        }
        return ControlStatus.DONE;
    }

    /**
     * Takes over the chains of a node that was alone: each stays where it is, with this one replica, which was a member
     * of the first epoch from its start.
     *
     * @param node its id.
     * @param device that has all of them.
     * @param chainCount of them.
     * @param effects told.
     */
    void adopt(final UUID node, final UUID device, final int chainCount, final Effects effects) {
        isImported = true;
        terms = ClusterTerms.ALONE;
        addNode(node);
        for (int i = 0; i < chainCount; i++) {
            final ReplicatedChain chain = newChain(i + 1);
            chains.add(chain);
            chain.adopt(new ReplicaId(node, device), effects);
        }
    }

    /**
     * Lets a node carry replicas.
     *
     * @param node its id; it may not have registered yet.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int addNode(final UUID node) {
        ClusterNode known = nodes.nodes.get(node);
        if (known == null) {
            if (nodes.nodes.size() >= controlLimits.maxNodes()) {
                return refuse(RefusalCode.LIMIT_REACHED, controlLimits.maxNodes());
            }
            known = new ClusterNode(node);
            nodes.nodes.put(node, known);
        }
        if (known.standing == ClusterNode.Standing.ADDED) {
            return ControlStatus.ALREADY;
        }
        known.standing = ClusterNode.Standing.ADDED;
        return ControlStatus.DONE;
    }

    /**
     * Moves the replicas of a node elsewhere, from the next Tick on.
     *
     * @param node its id.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int drainNode(final UUID node) {
        final ClusterNode known = nodes.nodes.get(node);
        if (known == null) {
            return refuse(RefusalCode.NODE_UNKNOWN, 0);
        }
        if (known.standing == ClusterNode.Standing.DRAINING) {
            return ControlStatus.ALREADY;
        }
        known.standing = ClusterNode.Standing.DRAINING;
        return ControlStatus.DONE;
    }

    /**
     * Forgets a node.
     *
     * @param node its id.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int removeNode(final UUID node) {
        if (!nodes.nodes.containsKey(node)) {
            return refuse(RefusalCode.NODE_UNKNOWN, 0);
        }
        for (final ReplicatedChain chain : chains) {
            if (chain.isOn(node)) {
                return refuse(RefusalCode.NODE_IN_USE, chain.chain);
            }
        }
        chains.forEach(chain -> chain.forget(node));
        nodes.nodes.remove(node);
        return ControlStatus.DONE;
    }

    /**
     * Moves the replicas of a device to another one of the same node.
     *
     * @param old device.
     * @param replacement device.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int replaceDevice(final ReplicaId old, final UUID replacement) {
        final ClusterNode node = nodes.nodes.get(old.node());
        final ClusterNode.Device device = node == null ? null : node.devices.get(old.device());
        final ReplicaId next = new ReplicaId(old.node(), replacement);
        if (device == null || !nodes.isPresent(next) || next.equals(old)) {
            return refuse(RefusalCode.NODE_UNKNOWN, 0);
        }
        if (replacement.equals(device.replacement)) {
            return ControlStatus.ALREADY;
        }
        device.replacement = replacement;
        for (final ReplicatedChain chain : chains) {
            final List<ReplicaId> targets = new ArrayList<>(chain.targets);
            final int at = targets.indexOf(old);
            if (at >= 0 && !targets.contains(next)) {
                targets.set(at, next);
                chain.targets = List.copyOf(targets);
            }
        }
        return ControlStatus.DONE;
    }

    /**
     * Installs what an operator names.
     *
     * @param chainNumber which chain.
     * @param chainEpoch the sealed one.
     * @param members named.
     * @param effects told.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int forceInstall(
            final int chainNumber, final long chainEpoch, final List<ReplicaId> members, final Effects effects) {
        final ReplicatedChain chain = chain(chainNumber);
        if (chain == null || chain.phase != ChainPhase.SEALING || chain.sealEpoch != chainEpoch) {
            return refuse(RefusalCode.CHAIN_NOT_SEALED, chain == null ? 0 : chain.sealEpoch);
        }
        return chain.force(members, effects) ? ControlStatus.DONE : refuse(RefusalCode.REPLICA_NOT_SEALED, 0);
    }

    private int onRegister(final NodeRegisterDecoder register, final Effects effects) {
        final UUID id = new UUID(register.nodeIdHigh(), register.nodeIdLow());
        final UUID startId = new UUID(register.startIdHigh(), register.startIdLow());
        final long previous = register.previousIncarnation();
        final TreeMap<UUID, ClusterNode.Device> devices = new TreeMap<>();
        final NodeRegisterDecoder.DevicesDecoder entries = register.devices();
        final int deviceCount = entries.count();
        String endpoint = "";
        while (entries.hasNext()) {
            entries.next();
            final UUID uuid = new UUID(entries.deviceUuidHigh(), entries.deviceUuidLow());
            final long capacityBytes = entries.capacityBytes();
            final String place = entries.endpoint();
            endpoint = devices.isEmpty() ? place : endpoint;
            devices.put(uuid, new ClusterNode.Device(uuid, place, capacityBytes));
        }
        final Node formerly = alone.get(id);
        if (formerly != null) {
            messages.stateTaken(id, endpoint, formerly, clusterId, effects);
        }
        ClusterNode node = nodes.nodes.get(id);
        if (node != null && node.incarnation > 0 && node.startId.equals(startId)) {
            messages.registered(id, endpoint, startId, clusterId, node.incarnation, chains.size(), 0, effects);
            return ControlStatus.ALREADY;
        }
        if ((node != null && nodes.isOutdated(node, previous)) || previous < 0 || previous == Long.MAX_VALUE) {
            return ControlStatus.IGNORED;
        }
        final boolean isOneTooMany = node == null && nodes.nodes.size() >= controlLimits.maxNodes();
        if (isOneTooMany || deviceCount > limits.maxDevicesPerNode() || deviceCount != devices.size()) {
            messages.registered(
                    id, endpoint, startId, clusterId, 0, chains.size(), RefusalCode.LIMIT_REACHED.value(), effects);
            return ControlStatus.NODE_LIMIT;
        }
        if (node == null) {
            node = new ClusterNode(id);
            nodes.nodes.put(id, node);
        }
        if (rules.incarnationIssuedOnce() || node.incarnation == 0) {
            lastIncarnation = Math.max(lastIncarnation, previous) + 1;
            node.incarnation = lastIncarnation;
        }
        node.startId = startId;
        node.previousIncarnation = previous;
        node.heartbeatNumber = 0;
        node.lastSeenNs = nodes.timeNs();
        takeDevices(node, devices);
        messages.registered(id, endpoint, startId, clusterId, node.incarnation, chains.size(), 0, effects);
        for (final ReplicatedChain chain : chains) {
            chain.onRestart(id, effects);
        }
        return ControlStatus.DONE;
    }

    /** A device that the node does not name any more is remembered only while it has a replacement or replicas. */
    private void takeDevices(final ClusterNode node, final Map<UUID, ClusterNode.Device> devices) {
        for (final ClusterNode.Device known : List.copyOf(node.devices.values())) {
            final ClusterNode.Device now = devices.get(known.uuid);
            if (now != null) {
                now.replacement = known.replacement;
            } else if (isTarget(new ReplicaId(node.id, known.uuid))) {
                known.isPresent = false;
                devices.put(known.uuid, known);
            }
        }
        node.devices.clear();
        node.devices.putAll(devices);
    }

    private boolean isTarget(final ReplicaId replica) {
        for (final ReplicatedChain chain : chains) {
            if (chain.targets.contains(replica)) {
                return true;
            }
        }
        return false;
    }

    private int onHeartbeat(final NodeHeartbeatDecoder heartbeat, final Effects effects) {
        final UUID id = new UUID(heartbeat.nodeIdHigh(), heartbeat.nodeIdLow());
        final long incarnation = heartbeat.incarnation();
        final long number = heartbeat.heartbeatNumber();
        final ClusterNode node = nodes.nodes.get(id);
        if (node == null || node.incarnation != incarnation) {
            final long expected = node == null ? 0 : node.incarnation;
            messages.heartbeatSeen(id, endpoint(node), incarnation, number, expected, effects);
            return ControlStatus.IGNORED;
        }
        if (number <= node.heartbeatNumber) {
            return ControlStatus.IGNORED;
        }
        node.heartbeatNumber = number;
        if (number == LAST_HEARTBEAT) {
            node.lastSeenNs = Math.max(0, nodes.timeNs() - limits.leaseNs() - 1);
            for (final ReplicatedChain chain : chains) {
                chain.onTick(0, terms, effects);
            }
            messages.heartbeatSeen(id, endpoint(node), incarnation, number, incarnation, effects);
            return ControlStatus.DONE;
        }
        node.lastSeenNs = nodes.timeNs();
        final NodeHeartbeatDecoder.ReplicasDecoder replicas = heartbeat.replicas();
        while (replicas.hasNext()) {
            replicas.next();
            final ReplicatedChain chain = chain(replicas.chain());
            if (chain != null) {
                final long unitNs = nodes.isSilenceTold() ? SILENCE_UNIT_NS : 0;
                final int suspects = (replicas.suspectPredecessor() != 0 ? Replica.PREDECESSOR : 0)
                        | (replicas.suspectSuccessor() != 0 ? Replica.SUCCESSOR : 0);
                chain.onHeartbeat(
                        new ReplicaId(id, new UUID(replicas.deviceUuidHigh(), replicas.deviceUuidLow())),
                        new ReplicaBeat(
                                replicas.chainEpoch(),
                                replicas.lastPosition(),
                                replicas.durablePosition(),
                                replicas.commitPosition(),
                                replicas.basePosition(),
                                replicas.durableLagNs(),
                                replicas.stallNs(),
                                suspects,
                                replicas.suspectPredecessor() * unitNs,
                                replicas.suspectSuccessor() * unitNs));
            }
        }
        messages.heartbeatSeen(id, endpoint(node), incarnation, number, incarnation, effects);
        return ControlStatus.DONE;
    }

    private static String endpoint(final @Nullable ClusterNode node) {
        if (node != null) {
            for (final ClusterNode.Device device : node.devices.values()) {
                if (device.isPresent) {
                    return device.endpoint;
                }
            }
        }
        return "";
    }

    private List<ReplicaId> usableDevices() {
        final List<ReplicaId> usable = new ArrayList<>();
        for (final ClusterNode node : nodes.nodes.values()) {
            for (final ClusterNode.Device device : node.devices.values()) {
                if (nodes.isUsable(node, device)) {
                    usable.add(new ReplicaId(node.id, device.uuid));
                }
            }
        }
        return usable;
    }

    /** Places anew when a target cannot be used, a chain is short of one, or devices are unevenly loaded. */
    private void place() {
        final List<ReplicaId> usable = usableDevices();
        if (usable.isEmpty() || !isPlacementDue(usable)) {
            return;
        }
        final List<List<ReplicaId>> current = new ArrayList<>();
        for (final ReplicatedChain chain : chains) {
            current.add(chain.targets);
        }
        final List<List<ReplicaId>> placed = ChainPlacer.place(current, usable, terms.replicationFactor());
        for (int i = 0; i < placed.size(); i++) {
            final ReplicatedChain chain = chains.get(i);
            // Another order alone is not worth a change of the chain.
            if (!new TreeSet<>(placed.get(i)).equals(new TreeSet<>(chain.targets))) {
                chain.targets = List.copyOf(placed.get(i));
            }
        }
    }

    private boolean isPlacementDue(final List<ReplicaId> usable) {
        final TreeMap<ReplicaId, Integer> loads = new TreeMap<>();
        usable.forEach(device -> loads.put(device, 0));
        final int most = Math.min(terms.replicationFactor(), usable.size());
        for (final ReplicatedChain chain : chains) {
            for (final ReplicaId target : chain.targets) {
                if (loads.computeIfPresent(target, (device, load) -> load + 1) == null) {
                    return true;
                }
            }
            if (chain.targets.size() < most) {
                return true;
            }
        }
        int least = Integer.MAX_VALUE;
        int greatest = 0;
        for (final int load : loads.values()) {
            least = Math.min(least, load);
            greatest = Math.max(greatest, load);
        }
        return greatest > least + 1;
    }

    private int refuse(final RefusalCode code, final long number) {
        detail = number;
        return -code.value();
    }
}
