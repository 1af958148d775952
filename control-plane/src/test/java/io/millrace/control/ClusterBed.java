package io.millrace.control;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ControlFrames;
import io.millrace.codec.chain.InstallDecoder;
import io.millrace.codec.chain.InstalledEncoder;
import io.millrace.codec.chain.LearnDecoder;
import io.millrace.codec.chain.LearnerCompleteEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.NodeHeartbeatEncoder;
import io.millrace.codec.chain.NodeHeartbeatSeenDecoder;
import io.millrace.codec.chain.NodeRegisterEncoder;
import io.millrace.codec.chain.NodeRegisteredDecoder;
import io.millrace.codec.chain.RetireDecoder;
import io.millrace.codec.chain.RetiredEncoder;
import io.millrace.codec.chain.SealDecoder;
import io.millrace.codec.chain.SealedEncoder;
import io.millrace.codec.chain.StateTakenDecoder;
import io.millrace.codec.control.AddNodeCommandEncoder;
import io.millrace.codec.control.ConfigureChainsCommandEncoder;
import io.millrace.codec.control.DrainNodeCommandEncoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.ForceInstallCommandEncoder;
import io.millrace.codec.control.RemoveNodeCommandEncoder;
import io.millrace.codec.control.ReplaceDeviceCommandEncoder;
import io.millrace.codec.control.SetFeatureLevelCommandEncoder;
import io.millrace.codec.control.TickEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A control state and the simplest nodes that obey it: logs are lists of epochs, one device a node. Every command is
 * applied to a second state as well, which is now and then replaced by one restored from a snapshot; the two must say
 * the same. Messages to nodes lie in a list until a test delivers them.
 */
final class ClusterBed implements Effects {
    static final long MS = 1_000_000;
    static final ReconfigurationLimits LIMITS = new ReconfigurationLimits(
            1_000 * MS,
            200 * MS,
            200 * MS,
            3_000 * MS,
            1_000 * MS,
            300 * MS,
            100 * MS,
            2_000 * MS,
            5_000 * MS,
            20_000 * MS,
            500 * MS,
            1_024,
            4,
            4);

    final List<byte[]> outbox = new ArrayList<>();
    final List<byte[]> commands = new ArrayList<>();
    final List<Integer> answers = new ArrayList<>();
    final TreeMap<Long, FakeNode> nodes = new TreeMap<>();
    final TreeMap<String, String> installContents = new TreeMap<>();
    final ControlState state;
    ControlState twin;
    long clockNs = 1_000_000 * MS;
    long requestId;
    int configurations;

    private final ControlRules rules;
    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer();
    private final MessageHeaderEncoder chainHeader = new MessageHeaderEncoder();
    private final MessageHeaderDecoder chainDecoder = new MessageHeaderDecoder();
    private final io.millrace.codec.control.MessageHeaderEncoder controlHeader =
            new io.millrace.codec.control.MessageHeaderEncoder();
    private final List<byte[]> twinOutbox = new ArrayList<>();
    private long startCounter;

    /** A record of a log: two with one epoch and position must be the same one. */
    record Entry(long epoch, long writer) {}

    /** A replica on the only device of a node. */
    static final class FakeReplica {
        final List<Entry> log = new ArrayList<>();
        int durable;
        int commit;
        long promised;
        long installed;
        long since;
        boolean isSealed = true;
        boolean isLearner = true;
        boolean isUncertain;
        boolean isDamaged;
        boolean isComplete;
        List<Long> members = List.of();
        List<Long> incarnations = List.of();

        private void truncate(final EpochHistory history) {
            final EpochHistory own = own();
            final int valid = (int) history.validPosition(own, 0, 0, log.size());
            while (log.size() > valid) {
                log.remove(log.size() - 1);
            }
            durable = log.size();
            commit = Math.min(commit, durable);
        }

        EpochHistory own() {
            final EpochHistory own = new EpochHistory();
            long epoch = 0;
            for (int i = 0; i < log.size(); i++) {
                if (log.get(i).epoch() != epoch) {
                    epoch = log.get(i).epoch();
                    own.add(epoch, i + 1);
                }
            }
            return own;
        }
    }

    /** A node. */
    final class FakeNode {
        final UUID id;
        UUID device;
        UUID startId = new UUID(0, 0);
        long durableIncarnation;
        long incarnation;
        long heartbeat;
        boolean isUp;
        final TreeMap<Integer, FakeReplica> replicas = new TreeMap<>();

        private FakeNode(final long number) {
            id = new UUID(0, number);
            device = new UUID(number, ++startCounter);
        }

        long number() {
            return id.getLeastSignificantBits();
        }

        FakeReplica replica(final int chain) {
            return replicas.computeIfAbsent(chain, c -> new FakeReplica());
        }
    }

    ClusterBed(final int nodeCount, final ControlRules rules) {
        this.rules = rules;
        state = new ControlState(ControlLimits.DEFAULT, LIMITS, rules);
        twin = new ControlState(ControlLimits.DEFAULT, LIMITS, rules);
        for (long i = 1; i <= nodeCount; i++) {
            nodes.put(i, new FakeNode(i));
            start(i);
            addNode(i);
        }
        deliverAll();
    }

    static ClusterBed configured(
            final int nodeCount, final int chains, final int factor, final int minimum, final ControlRules rules) {
        final ClusterBed bed = new ClusterBed(nodeCount, rules);
        final int result = bed.configure(chains, factor, minimum);
        if (result != ControlStatus.DONE) {
            throw new AssertionError("not configured: " + result);
        }
        bed.deliverAll();
        return bed;
    }

    ChainView view(final int chain) {
        final ChainView view = state.chainView(chain);
        if (view == null) {
            throw new AssertionError("no chain " + chain);
        }
        return view;
    }

    List<Long> members(final int chain) {
        return view(chain).members().stream()
                .map(member -> member.replica().node().getLeastSignificantBits())
                .toList();
    }

    /** Returns a node that exists. */
    FakeNode node(final long number) {
        return Objects.requireNonNull(nodes.get(number), "no such node");
    }

    FakeReplica replica(final long node, final int chain) {
        return node(node).replica(chain);
    }

    // ---- commands ----

    int apply(final byte[] command) {
        commands.add(command);
        final int from = outbox.size();
        twinOutbox.clear();
        final int result = state.apply(new UnsafeBuffer(command), 0, command.length, clockNs, this);
        final int again = twin.apply(new UnsafeBuffer(command), 0, command.length, clockNs, new Twin());
        if (result != again || outbox.size() - from != twinOutbox.size()) {
            throw new AssertionError("two copies differ: " + result + " and " + again);
        }
        for (int i = 0; i < twinOutbox.size(); i++) {
            if (!java.util.Arrays.equals(twinOutbox.get(i), outbox.get(from + i))) {
                throw new AssertionError("two copies say different things");
            }
        }
        return result;
    }

    /** Replaces the second copy by one from a snapshot, whose bytes must be the same again. */
    void checkSnapshot() {
        final byte[] bytes = snapshot(state);
        final ControlState restored = new ControlState(ControlLimits.DEFAULT, LIMITS, rules);
        restored.restore(new UnsafeBuffer(bytes), 0, bytes.length);
        if (!java.util.Arrays.equals(bytes, snapshot(restored))) {
            throw new AssertionError("a snapshot of a restored state differs");
        }
        if (restored.stateHash() != state.stateHash() || twin.stateHash() != state.stateHash()) {
            throw new AssertionError("state hashes differ");
        }
        twin = restored;
    }

    static byte[] snapshot(final ControlState state) {
        final ExpandableArrayBuffer target = new ExpandableArrayBuffer();
        final byte[] bytes = new byte[state.encode(target, 0)];
        target.getBytes(0, bytes);
        return bytes;
    }

    /** Has both copies take over the state of a node that was alone. */
    boolean takeOver(final byte[] alone) {
        final UnsafeBuffer buffer = new UnsafeBuffer(alone);
        final boolean isTaken = state.takeOver(
                new SnapshotReader(ControlLimits.DEFAULT, state.newCluster(), buffer, 0, alone.length), this);
        final boolean again = twin.takeOver(
                new SnapshotReader(ControlLimits.DEFAULT, twin.newCluster(), buffer, 0, alone.length), new Twin());
        if (isTaken != again) {
            throw new AssertionError("two copies differ");
        }
        return isTaken;
    }

    int configure(final int chains, final int factor, final int minimum) {
        return applyControl(new ConfigureChainsCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .chainCount(chains)
                .replicationFactor(factor)
                .minimum(minimum)
                .encodedLength());
    }

    int addNode(final long node) {
        return applyControl(new AddNodeCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .nodeIdLow(node)
                .nodeIdHigh(0)
                .encodedLength());
    }

    int drainNode(final long node) {
        return applyControl(new DrainNodeCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .nodeIdLow(node)
                .nodeIdHigh(0)
                .encodedLength());
    }

    int setFeatureLevel(final int level) {
        return applyControl(new SetFeatureLevelCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .featureLevel(level)
                .encodedLength());
    }

    int removeNode(final long node) {
        return applyControl(new RemoveNodeCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .nodeIdLow(node)
                .nodeIdHigh(0)
                .encodedLength());
    }

    int replaceDevice(final long node, final UUID old, final UUID replacement) {
        return applyControl(new ReplaceDeviceCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .nodeIdHigh(0)
                .nodeIdLow(node)
                .deviceUuidHigh(old.getMostSignificantBits())
                .deviceUuidLow(old.getLeastSignificantBits())
                .newDeviceUuidHigh(replacement.getMostSignificantBits())
                .newDeviceUuidLow(replacement.getLeastSignificantBits())
                .encodedLength());
    }

    int forceInstall(final int chain, final long epoch, final long... named) {
        final ForceInstallCommandEncoder force = new ForceInstallCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .requestId(++requestId)
                .chainEpoch(epoch)
                .chain(chain);
        final ForceInstallCommandEncoder.MembersEncoder members = force.membersCount(named.length);
        for (final long node : named) {
            final UUID device = node(node).device;
            members.next()
                    .nodeIdHigh(0)
                    .nodeIdLow(node)
                    .deviceUuidHigh(device.getMostSignificantBits())
                    .deviceUuidLow(device.getLeastSignificantBits());
        }
        force.reason("a test");
        return applyControl(force.encodedLength());
    }

    void tick(final long stepNs) {
        clockNs += stepNs;
        applyControl(new TickEncoder()
                .wrapAndApplyHeader(buffer, 0, controlHeader)
                .timeNs(clockNs)
                .encodedLength());
    }

    /** Ticks, heartbeats of nodes that are up, and delivery, for some time. */
    void run(final long forNs) {
        for (long t = 0; t < forNs; t += 100 * MS) {
            for (final FakeNode node : nodes.values()) {
                heartbeat(node, 0, 0, 0);
            }
            tick(100 * MS);
            deliverAll();
        }
    }

    private int applyControl(final int encodedLength) {
        final int length = io.millrace.codec.control.MessageHeaderEncoder.ENCODED_LENGTH + encodedLength;
        if (ControlFrames.check(buffer, 0, length) < 0) {
            throw new AssertionError("no command");
        }
        return apply(bytes(length));
    }

    private int applyReport(final int encodedLength) {
        return apply(report(encodedLength));
    }

    private byte[] report(final int encodedLength) {
        final int length = MessageHeaderEncoder.ENCODED_LENGTH + encodedLength;
        if (ChainFrames.check(buffer, 0, length) < 0) {
            throw new AssertionError("no report");
        }
        return bytes(length);
    }

    private byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(0, bytes);
        return bytes;
    }

    // ---- what nodes do ----

    void start(final long number) {
        final FakeNode node = node(number);
        node.isUp = true;
        node.incarnation = 0;
        node.heartbeat = 0;
        node.startId = new UUID(number, ++startCounter);
        register(node);
    }

    void crash(final long number) {
        final FakeNode node = node(number);
        node.isUp = false;
        for (final FakeReplica replica : node.replicas.values()) {
            while (replica.log.size() > replica.durable) {
                replica.log.remove(replica.log.size() - 1);
            }
            replica.installed = 0;
            replica.isSealed = true;
            replica.members = List.of();
            replica.commit = 0;
        }
    }

    /** The node comes back with an empty device. */
    void wipe(final long number) {
        final FakeNode node = node(number);
        node.device = new UUID(number, ++startCounter);
        node.replicas.clear();
    }

    int register(final FakeNode node) {
        final NodeRegisterEncoder register = new NodeRegisterEncoder()
                .wrapAndApplyHeader(buffer, 0, chainHeader)
                .nodeIdHigh(0)
                .nodeIdLow(node.number())
                .startIdHigh(node.startId.getMostSignificantBits())
                .startIdLow(node.startId.getLeastSignificantBits())
                .previousIncarnation(node.durableIncarnation);
        register.devicesCount(1)
                .next()
                .deviceUuidHigh(node.device.getMostSignificantBits())
                .deviceUuidLow(node.device.getLeastSignificantBits())
                .capacityBytes(1L << 30)
                .endpoint("node-" + node.number() + ":7700");
        return applyReport(register.encodedLength());
    }

    int heartbeat(final FakeNode node, final long lagNs, final long stallNs, final int suspects) {
        return heartbeat(node, lagNs, stallNs, suspects & Replica.PREDECESSOR, (suspects & Replica.SUCCESSOR) >> 1);
    }

    int heartbeat(
            final FakeNode node,
            final long lagNs,
            final long stallNs,
            final int predecessorTenths,
            final int successorTenths) {
        if (!node.isUp) {
            return ControlStatus.IGNORED;
        }
        if (node.incarnation == 0) {
            return register(node);
        }
        final NodeHeartbeatEncoder heartbeat = new NodeHeartbeatEncoder()
                .wrapAndApplyHeader(buffer, 0, chainHeader)
                .nodeIdHigh(0)
                .nodeIdLow(node.number())
                .incarnation(node.incarnation)
                .heartbeatNumber(++node.heartbeat);
        final NodeHeartbeatEncoder.ReplicasEncoder replicas = heartbeat.replicasCount(node.replicas.size());
        node.replicas.forEach((chain, replica) -> replicas.next()
                .deviceUuidHigh(node.device.getMostSignificantBits())
                .deviceUuidLow(node.device.getLeastSignificantBits())
                .chainEpoch(replica.installed)
                .lastPosition(replica.log.size())
                .durablePosition(replica.durable)
                .commitPosition(replica.commit)
                .basePosition(0)
                .durableLagNs(lagNs)
                .stallNs(stallNs)
                .chain(chain)
                .isSealed((short) (replica.isSealed ? 1 : 0))
                .suspectPredecessor((short) predecessorTenths)
                .suspectSuccessor((short) successorTenths));
        return applyReport(heartbeat.encodedLength());
    }

    /** Delivers what is in the outbox, and what the answers to it bring about, in order. */
    void deliverAll() {
        while (!outbox.isEmpty()) {
            final byte[] answer = deliver(outbox.remove(0));
            if (answer != null) {
                apply(answer);
            }
        }
    }

    /** Delivers a message; returns the node's answer, null: none. */
    byte @Nullable [] deliver(final byte[] message) {
        final UnsafeBuffer in = new UnsafeBuffer(message);
        final int templateId = ChainFrames.check(in, 0, message.length);
        return switch (templateId) {
            case NodeRegisteredDecoder.TEMPLATE_ID -> onRegistered(in);
            case StateTakenDecoder.TEMPLATE_ID -> null;
            case NodeHeartbeatSeenDecoder.TEMPLATE_ID -> onHeartbeatSeen(in);
            case SealDecoder.TEMPLATE_ID -> onSeal(in);
            case InstallDecoder.TEMPLATE_ID -> onInstall(in);
            case LearnDecoder.TEMPLATE_ID -> onLearn(in);
            case RetireDecoder.TEMPLATE_ID -> onRetire(in);
            default -> throw new AssertionError("template " + templateId);
        };
    }

    private byte @Nullable [] onRegistered(final DirectBuffer in) {
        final NodeRegisteredDecoder registered = new NodeRegisteredDecoder();
        registered.wrapAndApplyHeader(in, 0, chainDecoder);
        final FakeNode node = node(registered.nodeIdLow());
        final UUID startId = new UUID(registered.startIdHigh(), registered.startIdLow());
        final boolean isRefused = registered.incarnation() == 0; // it asks again
        if (node.isUp && node.startId.equals(startId) && node.incarnation == 0 && !isRefused) {
            node.incarnation = registered.incarnation();
            node.durableIncarnation = registered.incarnation();
        }
        return null;
    }

    private byte @Nullable [] onHeartbeatSeen(final DirectBuffer in) {
        final NodeHeartbeatSeenDecoder seen = new NodeHeartbeatSeenDecoder();
        seen.wrapAndApplyHeader(in, 0, chainDecoder);
        final FakeNode node = node(seen.nodeIdLow());
        if (node.isUp && node.incarnation == seen.incarnation() && seen.expected() > node.incarnation) {
            crash(node.number());
            start(node.number());
        }
        return null;
    }

    private @Nullable FakeNode addressee(final long nodeId, final long high, final long low, final long incarnation) {
        final FakeNode node = node(nodeId);
        return node.isUp && node.device.equals(new UUID(high, low)) && node.incarnation == incarnation ? node : null;
    }

    private byte @Nullable [] onSeal(final DirectBuffer in) {
        final SealDecoder seal = new SealDecoder();
        seal.wrapAndApplyHeader(in, 0, chainDecoder);
        final FakeNode node =
                addressee(seal.nodeIdLow(), seal.deviceUuidHigh(), seal.deviceUuidLow(), seal.incarnation());
        if (node == null) {
            return null;
        }
        final FakeReplica replica = node.replica(seal.chain());
        if (seal.chainEpoch() <= replica.installed || seal.chainEpoch() < replica.promised) {
            return null;
        }
        replica.promised = seal.chainEpoch();
        replica.isSealed = true;
        replica.durable = replica.log.size();
        final SealedEncoder sealed = new SealedEncoder()
                .wrapAndApplyHeader(buffer, 0, chainHeader)
                .chainEpoch(seal.chainEpoch())
                .nodeIdHigh(0)
                .nodeIdLow(node.number())
                .deviceUuidHigh(node.device.getMostSignificantBits())
                .deviceUuidLow(node.device.getLeastSignificantBits())
                .incarnation(node.incarnation)
                .sinceEpoch(replica.since)
                .installedEpoch(replica.installed)
                .basePosition(0)
                .baseEpoch(0)
                .baseHash(0)
                .lastPosition(replica.log.size())
                .lastHash(0)
                .durablePosition(replica.durable)
                .commitPosition(replica.commit)
                .orderNumber(seal.orderNumber())
                .chain(seal.chain())
                .amnesia((short) (replica.since == seal.sinceEpoch() ? 0 : 1))
                .complete((short) (replica.isComplete ? 1 : 0))
                .damaged((short) (replica.isDamaged ? 1 : 0))
                .uncertainTail((short) (replica.isUncertain ? 1 : 0))
                .learner((short) (replica.isLearner ? 1 : 0));
        final EpochHistory own = replica.own();
        final SealedEncoder.HistoryEncoder history = sealed.historyCount(own.count());
        for (int i = 0; i < own.count(); i++) {
            history.next().epoch(own.epoch(i)).startPosition(own.start(i));
        }
        sealed.damagedRangesCount(0);
        return report(sealed.encodedLength());
    }

    private byte @Nullable [] onInstall(final DirectBuffer in) {
        final InstallDecoder install = new InstallDecoder();
        install.wrapAndApplyHeader(in, 0, chainDecoder);
        final long epoch = install.chainEpoch();
        final FakeNode node = addressee(
                install.nodeIdLow(), install.deviceUuidHigh(), install.deviceUuidLow(), install.incarnation());
        final int chain = install.chain();
        final long order = install.orderNumber();
        final long start = install.startPosition();
        final List<Long> members = new ArrayList<>();
        final List<Long> incarnations = new ArrayList<>();
        long since = -1;
        for (final InstallDecoder.MembersDecoder member : install.members()) {
            members.add(member.nodeIdLow());
            incarnations.add(member.incarnation());
            if (node != null && member.nodeIdLow() == node.number()) {
                since = member.sinceEpoch();
            }
            member.endpoint();
        }
        for (final InstallDecoder.LearnersDecoder learner : install.learners()) {
            learner.endpoint();
        }
        final EpochHistory history = new EpochHistory();
        for (final InstallDecoder.HistoryDecoder entry : install.history()) {
            history.add(entry.epoch(), entry.startPosition());
        }
        final String content = members + " " + incarnations + " " + start;
        final String known = installContents.putIfAbsent(chain + "/" + epoch, content);
        if (known != null && !known.equals(content)) {
            throw new Violation("I4: epoch " + epoch + " is " + known + " and " + content);
        }
        if (node == null || since < 0) {
            return null;
        }
        final FakeReplica replica = node.replica(chain);
        if (epoch < replica.promised || epoch < replica.installed) {
            return null;
        }
        if (epoch > replica.installed) {
            if (replica.since == 0) {
                replica.since = since;
            }
            replica.promised = epoch;
            replica.installed = epoch;
            replica.isSealed = false;
            replica.isLearner = false;
            replica.isComplete = true;
            replica.isUncertain = false;
            replica.members = List.copyOf(members);
            replica.incarnations = List.copyOf(incarnations);
            replica.truncate(history);
        }
        return report(new InstalledEncoder()
                .wrapAndApplyHeader(buffer, 0, chainHeader)
                .chainEpoch(epoch)
                .nodeIdHigh(0)
                .nodeIdLow(node.number())
                .deviceUuidHigh(node.device.getMostSignificantBits())
                .deviceUuidLow(node.device.getLeastSignificantBits())
                .incarnation(node.incarnation)
                .lastPosition(replica.log.size())
                .orderNumber(order)
                .chain(chain)
                .encodedLength());
    }

    /** A learner takes the source's durable log at once, when the source is there in that epoch. */
    private byte @Nullable [] onLearn(final DirectBuffer in) {
        final LearnDecoder learn = new LearnDecoder();
        learn.wrapAndApplyHeader(in, 0, chainDecoder);
        final FakeNode node =
                addressee(learn.nodeIdLow(), learn.deviceUuidHigh(), learn.deviceUuidLow(), learn.incarnation());
        final FakeNode source = node(learn.sourceNodeIdLow());
        if (node == null) {
            return null;
        }
        final FakeReplica replica = node.replica(learn.chain());
        final FakeReplica from = source.replica(learn.chain());
        if (learn.chainEpoch() < replica.promised || learn.chainEpoch() <= replica.installed) {
            return null;
        }
        if (replica.since != learn.sinceEpoch()) {
            replica.log.clear();
            replica.durable = 0;
            replica.since = learn.sinceEpoch();
        }
        replica.isComplete = false;
        replica.isLearner = true;
        replica.isSealed = true;
        replica.promised = learn.chainEpoch();
        if (!source.isUp || from.installed != learn.chainEpoch() || from.isSealed || from.isDamaged) {
            return null;
        }
        replica.log.clear();
        replica.log.addAll(from.log.subList(0, from.durable));
        replica.durable = replica.log.size();
        replica.isDamaged = false;
        replica.isUncertain = false;
        replica.isComplete = true;
        return report(new LearnerCompleteEncoder()
                .wrapAndApplyHeader(buffer, 0, chainHeader)
                .chainEpoch(learn.chainEpoch())
                .nodeIdHigh(0)
                .nodeIdLow(node.number())
                .deviceUuidHigh(node.device.getMostSignificantBits())
                .deviceUuidLow(node.device.getLeastSignificantBits())
                .incarnation(node.incarnation)
                .basePosition(0)
                .baseEpoch(0)
                .baseHash(0)
                .lastPosition(replica.log.size())
                .orderNumber(learn.orderNumber())
                .chain(learn.chain())
                .encodedLength());
    }

    private byte @Nullable [] onRetire(final DirectBuffer in) {
        final RetireDecoder retire = new RetireDecoder();
        retire.wrapAndApplyHeader(in, 0, chainDecoder);
        final FakeNode node =
                addressee(retire.nodeIdLow(), retire.deviceUuidHigh(), retire.deviceUuidLow(), retire.incarnation());
        if (node == null) {
            return null;
        }
        final FakeReplica replica = node.replicas.get(retire.chain());
        if (replica != null && replica.since == retire.sinceEpoch()) {
            node.replicas.remove(retire.chain());
        }
        return report(new RetiredEncoder()
                .wrapAndApplyHeader(buffer, 0, chainHeader)
                .chainEpoch(retire.chainEpoch())
                .nodeIdHigh(0)
                .nodeIdLow(node.number())
                .deviceUuidHigh(node.device.getMostSignificantBits())
                .deviceUuidLow(node.device.getLeastSignificantBits())
                .incarnation(node.incarnation)
                .sinceEpoch(retire.sinceEpoch())
                .orderNumber(retire.orderNumber())
                .chain(retire.chain())
                .encodedLength());
    }

    // ---- effects ----

    @Override
    public void onNodeMessage(
            final long nodeIdHigh,
            final long nodeIdLow,
            final String endpoint,
            final DirectBuffer message,
            final int offset,
            final int length) {
        final byte[] bytes = new byte[length];
        message.getBytes(offset, bytes);
        outbox.add(bytes);
    }

    @Override
    public void onEffect(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long keyLow,
            final long keyHigh,
            final long startOffset) {}

    @Override
    public void onEffectDone(final int chain, final long effectNumber) {}

    @Override
    public void onAnswer(
            final long clientIdHigh,
            final long clientIdLow,
            final long id,
            final long commandHash,
            final int result,
            final long streamId,
            final long detail) {
        answers.add(result);
    }

    /** What the second copy says. */
    private final class Twin implements Effects {
        @Override
        public void onNodeMessage(
                final long nodeIdHigh,
                final long nodeIdLow,
                final String endpoint,
                final DirectBuffer message,
                final int offset,
                final int length) {
            final byte[] bytes = new byte[length];
            message.getBytes(offset, bytes);
            twinOutbox.add(bytes);
        }

        @Override
        public void onEffect(
                final int chain,
                final long effectNumber,
                final EffectAction action,
                final long streamId,
                final long segmentId,
                final long keyLow,
                final long keyHigh,
                final long startOffset) {}

        @Override
        public void onEffectDone(final int chain, final long effectNumber) {}

        @Override
        public void onAnswer(
                final long clientIdHigh,
                final long clientIdLow,
                final long id,
                final long commandHash,
                final int result,
                final long streamId,
                final long detail) {}
    }

    /** An invariant of the protocol is broken. */
    static final class Violation extends RuntimeException {
        private static final long serialVersionUID = 1L;

        Violation(final String what) {
            super(what);
        }
    }
}
