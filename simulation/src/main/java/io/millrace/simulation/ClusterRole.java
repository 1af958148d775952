package io.millrace.simulation;

import io.millrace.codec.chain.ChainMapDecoder;
import io.millrace.codec.chain.EffectCommittedEncoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.NodeHeartbeatEncoder;
import io.millrace.codec.chain.NodeHeartbeatSeenDecoder;
import io.millrace.codec.chain.NodeRegisterEncoder;
import io.millrace.codec.chain.NodeRegisteredDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.control.ControlService;
import io.millrace.replication.ChainCluster;
import io.millrace.replication.ChainLimits;
import io.millrace.replication.ChainView;
import io.millrace.replication.ControlChain;
import io.millrace.replication.ControlLink;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.PeerLink;
import io.millrace.replication.PeerLinks;
import io.millrace.replication.ReplicaAddress;
import io.millrace.transport.Session;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a node does as a member of a cluster besides its own work: links to its peers and to the control plane, its
 * registration and heartbeats, and the way of clients' metadata requests.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class ClusterRole implements PeerLinks, ControlLink, ControlChain {
    private static final int MAX_FRAME_LENGTH = 128 << 10;
    private static final long RETRY_NS = 100_000_000;
    private static final int REQUEST_TRIES = 40;

    private final World world;
    private final SimNode node;
    private final ClusterControl control;
    private final long startId;
    private final TreeMap<Integer, Peer> peers = new TreeMap<>();
    private final ArrayDeque<Inbound> inbound = new ArrayDeque<>();
    private final List<byte[]> reports = new ArrayList<>();
    private final List<Request> requests = new ArrayList<>();
    private @Nullable DeviceAgent agent;
    private boolean isAnswered;
    private long previousIncarnation;
    private long incarnation;
    private long heartbeatNumber;
    private long nextReportNs;

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record Inbound(int from, byte[] frame) {}

    /** A client's metadata request that waits for its answer. */
    private static final class Request {
        private final SimSession session;
        private final byte[] frame;
        private int tries;
        private long nextTryNs;

        private Request(final SimSession session, final byte[] frame) {
            this.session = session;
            this.frame = frame;
        }
    }

    /** The way to one peer. */
    private final class Peer implements PeerLink {
        private final int place;
        private final List<byte[]> outbox = new ArrayList<>();
        private FrameStream stream;
        private int generation;

        private Peer(final int place) {
            this.place = place;
            stream = open();
        }

        private FrameStream open() {
            final int own = ++generation;
            return new FrameStream(world.scheduler(), world.wires(), node.place(), place, frame -> {
                if (own == generation) {
                    world.nodeOf(place).onPeerFrame(node.place(), frame);
                }
            });
        }

        private void lose() {
            stream.end();
            stream = open();
        }

        private void flush() {
            for (final byte[] frame : outbox) {
                world.watch().onPeerFrame(node, place, frame);
                if (!world.passes(node.place(), place, frame)) {
                    continue;
                }
                if (world.scenario().cluster().isOverDatagrams()) {
                    world.wires()
                            .send(node.place(), place, () -> world.nodeOf(place).onPeerFrame(node.place(), frame));
                } else {
                    stream.send(frame);
                }
            }
            outbox.clear();
        }

        @Override
        public long offer(final DirectBuffer buffer, final int offset, final int length) {
            if (world.isBackPressured() || !stream.hasRoom(length)) {
                return -2;
            }
            outbox.add(copy(buffer, offset, length));
            return 1;
        }

        @Override
        public int preferredFrameLength() {
            return world.scenario().maxFrameLength();
        }

        @Override
        public int maxFrameLength() {
            return MAX_FRAME_LENGTH;
        }
    }

    /** Begins a run of a node: it does not know its incarnation yet. */
    ClusterRole(final World world, final SimNode node, final ClusterControl control, final long startId) {
        this.world = world;
        this.node = node;
        this.control = control;
        this.startId = startId;
    }

    /** Returns what the agent is given. */
    ChainCluster cluster() {
        return new ChainCluster(
                node.nodeId().getMostSignificantBits(),
                node.nodeId().getLeastSignificantBits(),
                world.rules().chain(),
                world.scenario().cluster().chainLimits(),
                this,
                this);
    }

    /** Takes over the agent. */
    void join(final DeviceAgent joined) {
        agent = joined;
        joined.controlChain(this);
    }

    private DeviceAgent agent() {
        final DeviceAgent joined = agent;
        if (joined == null) {
            throw new IllegalStateException("no agent has joined");
        }
        return joined;
    }

    /** Tells whether the control plane has issued an incarnation. */
    boolean isRegistered() {
        return incarnation > 0;
    }

    /** Takes a frame of a peer, or of the control plane, for the next turn. */
    void onArrival(final int from, final byte[] frame) {
        inbound.add(new Inbound(from, frame));
    }

    /** Loses the session to every peer, with what is under way. */
    void loseSessions() {
        peers.values().forEach(Peer::lose);
    }

    /** Does what is due before the agent's turn. */
    int work(final long nowNs) {
        int work = 0;
        for (Inbound next = inbound.poll(); next != null; next = inbound.poll()) {
            final UnsafeBuffer buffer = new UnsafeBuffer(next.frame);
            if (next.from != Wires.CONTROL) {
                if (isRegistered()) {
                    agent().onPeerFrame(peer(next.from), buffer, 0, next.frame.length);
                }
            } else {
                onControlFrame(buffer, next.frame.length);
            }
            work++;
        }
        if (nowNs >= nextReportNs) {
            nextReportNs = nowNs + world.scenario().cluster().nodeHeartbeatNs();
            report(isRegistered() ? heartbeat() : isAnswered ? register() : question());
            isAnswered = false;
            work++;
        }
        for (int i = requests.size() - 1; i >= 0; i--) {
            final Request request = requests.get(i);
            if (!request.session.isOpen() || request.tries == REQUEST_TRIES) {
                requests.remove(i);
            } else if (nowNs >= request.nextTryNs) {
                request.tries++;
                request.nextTryNs = nowNs + RETRY_NS;
                world.wires()
                        .send(
                                node.place(),
                                Wires.CONTROL,
                                () -> control.onClientFrame(
                                        new ForwardedSession(node, request.session), request.frame));
            }
        }
        return work;
    }

    private void onControlFrame(final UnsafeBuffer buffer, final int length) {
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, 0);
        switch (header.templateId()) {
            case NodeRegisteredDecoder.TEMPLATE_ID -> {
                final NodeRegisteredDecoder registered =
                        new NodeRegisteredDecoder().wrapAndApplyHeader(buffer, 0, header);
                if (!isRegistered() && registered.startIdLow() == startId && registered.incarnation() > 0) {
                    incarnation = registered.incarnation();
                    world.note(() -> "node " + node.place() + ": registered, incarnation " + incarnation);
                    agent().incarnation(incarnation);
                    nextReportNs = 0;
                }
            }
            case NodeHeartbeatSeenDecoder.TEMPLATE_ID ->
                onHeartbeatSeen(new NodeHeartbeatSeenDecoder().wrapAndApplyHeader(buffer, 0, header));
            case ChainMapDecoder.TEMPLATE_ID -> {
                // a node needs none here
            }
            default -> {
                if (isRegistered()) {
                    agent().onControlFrame(buffer, 0, length);
                }
            }
        }
    }

    private void onHeartbeatSeen(final NodeHeartbeatSeenDecoder seen) {
        if (seen.incarnation() != incarnation) {
            return;
        }
        if (!isRegistered()) {
            isAnswered = true;
            previousIncarnation = seen.expected();
            nextReportNs = 0;
        } else if (seen.expected() != incarnation) {
            throw new Violation(
                    "P5",
                    "node " + node.place() + " runs in incarnation " + incarnation + ", " + seen.expected()
                            + " was issued to another start of it");
        }
    }

    /** Asks which incarnation the control plane knows of this node. */
    private byte[] question() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(64);
        final NodeHeartbeatEncoder encoder =
                new NodeHeartbeatEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        encoder.nodeIdHigh(node.nodeId().getMostSignificantBits())
                .nodeIdLow(node.nodeId().getLeastSignificantBits())
                .incarnation(0)
                .heartbeatNumber(++heartbeatNumber)
                .replicasCount(0);
        return copy(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength());
    }

    private byte[] register() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(256);
        final NodeRegisterEncoder encoder =
                new NodeRegisterEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        encoder.nodeIdHigh(node.nodeId().getMostSignificantBits())
                .nodeIdLow(node.nodeId().getLeastSignificantBits())
                .startIdHigh(node.place())
                .startIdLow(startId)
                .previousIncarnation(previousIncarnation)
                .devicesCount(1)
                .next()
                .deviceUuidHigh(node.medium().uuid().getMostSignificantBits())
                .deviceUuidLow(node.medium().uuid().getLeastSignificantBits())
                .capacityBytes(world.scenario().deviceLength())
                .endpoint(node.endpoint());
        return copy(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength());
    }

    private byte[] heartbeat() {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(1024);
        final NodeHeartbeatEncoder encoder =
                new NodeHeartbeatEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        final int chains = world.scenario().chainCount();
        final NodeHeartbeatEncoder.ReplicasEncoder replicas = encoder.nodeIdHigh(
                        node.nodeId().getMostSignificantBits())
                .nodeIdLow(node.nodeId().getLeastSignificantBits())
                .incarnation(incarnation)
                .heartbeatNumber(++heartbeatNumber)
                .replicasCount(chains);
        final ChainLimits chainLimits = world.scenario().cluster().chainLimits();
        for (int chain = 1; chain <= chains; chain++) {
            final ChainView view = agent().chainView(chain);
            replicas.next()
                    .deviceUuidHigh(node.medium().uuid().getMostSignificantBits())
                    .deviceUuidLow(node.medium().uuid().getLeastSignificantBits())
                    .chainEpoch(view.chainEpoch())
                    .lastPosition(view.lastPosition())
                    .durablePosition(view.durablePosition())
                    .commitPosition(view.commitPosition())
                    .basePosition(view.basePosition())
                    .durableLagNs(view.durableLagNs())
                    .stallNs(agent().journal().oldestInFlightNs(node.clock().nanoTime()))
                    .chain(chain)
                    .isSealed((short) (view.isSealed() ? 1 : 0))
                    .suspectPredecessor(chainLimits.silenceTenths(view.predecessorSilenceNs()))
                    .suspectSuccessor(chainLimits.silenceTenths(view.successorSilenceNs()));
        }
        return copy(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength());
    }

    private void report(final byte[] frame) {
        reports.add(frame);
    }

    /** Sends what was said in this turn. */
    void flush() {
        for (final Peer peer : peers.values()) {
            peer.flush();
        }
        for (final byte[] frame : reports) {
            world.watch().onReport(node, frame);
            if (!world.passes(node.place(), Wires.CONTROL, frame)) {
                continue;
            }
            world.wires().send(node.place(), Wires.CONTROL, () -> control.onReport(frame));
        }
        reports.clear();
    }

    /** Takes the control plane's answer to a client. */
    void onReply(final SimSession session, final byte[] frame) {
        if (session.isOpen()) {
            session.offer(new UnsafeBuffer(frame), 0, frame.length);
            requests.removeIf(request -> request.session == session && control.isAnswer(request.frame, frame));
            node.wake(world.turnDelayNs());
        }
    }

    private Peer peer(final int place) {
        return peers.computeIfAbsent(place, Peer::new);
    }

    @Override
    public PeerLink link(final ReplicaAddress to) {
        return peer((int) to.nodeIdHigh());
    }

    @Override
    public int doWork(final long nowNs) {
        return 0; // of links and of chain 0's carrier alike: both are moved by this class' owner
    }

    @Override
    public boolean offer(final DirectBuffer buffer, final int offset, final int length) {
        if (world.isBackPressured()) {
            return false;
        }
        report(copy(buffer, offset, length));
        return true;
    }

    /** Copies a frame. */
    static byte[] copy(final DirectBuffer buffer, final int offset, final int length) {
        final byte[] bytes = new byte[length];
        buffer.getBytes(offset, bytes);
        return bytes;
    }

    @Override
    public boolean handles(final int templateId) {
        return ControlService.handles(templateId);
    }

    @Override
    public boolean onFrame(
            final Session session,
            final int templateId,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        requests.add(new Request((SimSession) session, copy(buffer, offset, length)));
        return true;
    }

    @Override
    public void onSessionClosed(final Session session) {
        requests.removeIf(request -> request.session == session);
    }

    @Override
    public void onCommitted(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        throw new IllegalStateException("a member of a cluster has no commands on chain 0");
    }

    @Override
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        return 0;
    }

    @Override
    public void restore(final DirectBuffer buffer, final int offset, final int length) {
        if (length != 0) {
            throw new IllegalStateException("a member of a cluster has no state of chain 0");
        }
    }

    @Override
    public void onEffectCommitted(
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(256);
        new EffectCommittedEncoder()
                .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                .chainEpoch(agent().chainEpoch(chain))
                .nodeIdHigh(node.nodeId().getMostSignificantBits())
                .nodeIdLow(node.nodeId().getLeastSignificantBits())
                .deviceUuidHigh(node.medium().uuid().getMostSignificantBits())
                .deviceUuidLow(node.medium().uuid().getLeastSignificantBits())
                .incarnation(incarnation)
                .effectNumber(effectNumber)
                .streamId(streamId)
                .segmentId(segmentId)
                .finalLength(finalLength)
                .chain(chain)
                .action(action.value());
        report(copy(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + EffectCommittedEncoder.BLOCK_LENGTH));
    }

    @Override
    public void onFenced() {
        // seen by the schedule of faults
    }
}
