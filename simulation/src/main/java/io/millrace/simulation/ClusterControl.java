package io.millrace.simulation;

import io.millrace.codec.WireFrames;
import io.millrace.codec.chain.EffectCommittedDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.control.AddNodeCommandEncoder;
import io.millrace.codec.control.ConfigureChainsCommandEncoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.SetFeatureLevelCommandEncoder;
import io.millrace.codec.control.TickEncoder;
import io.millrace.codec.wire.RefusalDecoder;
import io.millrace.control.ChainPlaces;
import io.millrace.control.ChainView;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlLog;
import io.millrace.control.ControlService;
import io.millrace.control.ControlState;
import io.millrace.control.EffectSink;
import io.millrace.control.Effects;
import io.millrace.control.FeatureLevel;
import io.millrace.control.Reply;
import io.millrace.control.SegmentLengths;
import io.millrace.replication.DeviceAgent;
import io.millrace.store.Segment;
import java.util.ArrayDeque;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The control plane of a cluster: the real {@link ControlState} and {@link ControlService} over a simulated consensus.
 * A command is applied atomically, some time after it was proposed; when the leader changes, commands under way are
 * lost, applied, or applied twice, answers and orders are lost, and the next leader starts from a snapshot of the
 * state.
 *
 * <p><b>Threading</b>: the simulation's thread.
 *
 * <p><b>Invariants</b> checked here: I18, at every change of the leader and against a second copy of the state.
 */
final class ClusterControl
        implements ControlLog, EffectSink, Reply<ForwardedSession>, SegmentLengths, ChainPlaces, Effects {
    private static final long TURN_NS = 2_000_000;
    private static final long MS = 1_000_000;
    private static final UUID SELF = new UUID(0, 0x434f4e54);

    private final World world;
    private final NodeClock clock;
    private final Randomness.Stream random;
    private final ArrayDeque<Proposal> proposals = new ArrayDeque<>();
    private final ControlState follower;
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private ControlService<ForwardedSession> service;
    private long lastPosition;
    private long appliedCount;
    private long lastDueNs;
    private long nextTickNs;
    private long leaderlessUntilNs;
    private long leaderChangeCount;
    private long requestId;
    private int setupStep;

    @SuppressWarnings("ArrayRecordComponent") // handed on, never compared
    private record Proposal(long dueNs, byte[] command) {}

    /** Starts the control plane. */
    ClusterControl(final World world) {
        this.world = world;
        random = world.randomness().stream("control");
        clock = new NodeClock(world.scheduler(), 1, random.between(-100, 100), random.between(-50 * MS, 50 * MS));
        service = lead();
        follower = new ControlState(
                ControlLimits.DEFAULT,
                world.scenario().cluster().reconfigurationLimits(),
                world.rules().control());
    }

    private ControlService<ForwardedSession> lead() {
        final ControlService<ForwardedSession> leading = new ControlService<>(
                ControlLimits.DEFAULT,
                world.scenario().cluster().reconfigurationLimits(),
                world.rules().control(),
                this,
                this,
                this,
                this,
                this);
        leading.nodeMessages(this::sendToNode);
        return leading;
    }

    /** Begins its turns. */
    void begin() {
        turn();
    }

    /** Returns the clock of who ticks. */
    NodeClock clock() {
        return clock;
    }

    /** Returns the state. */
    ControlState state() {
        return service.state();
    }

    /** Returns how often the leader changed. */
    long leaderChangeCount() {
        return leaderChangeCount;
    }

    /** Tells whether the chains are configured and metadata requests are taken. */
    boolean isReady() {
        return setupStep > world.scenario().nodeCount() + 2 && service.isReady() && hasLeader();
    }

    private boolean hasLeader() {
        return world.scheduler().nowNs() >= leaderlessUntilNs;
    }

    private void turn() {
        final long nowNs = world.scheduler().nowNs();
        world.scheduler().after(TURN_NS, this::turn);
        applyDue(nowNs);
        if (!hasLeader()) {
            return;
        }
        if (nowNs >= nextTickNs) {
            nextTickNs = nowNs + world.scenario().cluster().tickNs();
            final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(64);
            new TickEncoder()
                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .timeNs(clock.epoch().nanoTime());
            tryAppend(buffer, MessageHeaderEncoder.ENCODED_LENGTH + TickEncoder.BLOCK_LENGTH);
        }
        setUp();
        service.doWork(clock.nanoTime());
    }

    /** The operator's first commands: nodes, chains, then the service itself. */
    private void setUp() {
        final int nodeCount = world.scenario().nodeCount();
        final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(128);
        if (setupStep < nodeCount) {
            final UUID id = world.nodes().get(setupStep).nodeId();
            new AddNodeCommandEncoder()
                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .clientIdHigh(1)
                    .clientIdLow(1)
                    .requestId(++requestId)
                    .nodeIdHigh(id.getMostSignificantBits())
                    .nodeIdLow(id.getLeastSignificantBits());
            tryAppend(buffer, MessageHeaderEncoder.ENCODED_LENGTH + AddNodeCommandEncoder.BLOCK_LENGTH);
            setupStep++;
        } else if (setupStep == nodeCount) {
            if (world.nodes().stream().allMatch(SimNode::isRegistered)) {
                new ConfigureChainsCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                        .clientIdHigh(1)
                        .clientIdLow(1)
                        .requestId(++requestId)
                        .chainCount(world.scenario().chainCount())
                        .replicationFactor(world.scenario().cluster().replicationFactor())
                        .minimum(world.scenario().cluster().minimum());
                tryAppend(buffer, MessageHeaderEncoder.ENCODED_LENGTH + ConfigureChainsCommandEncoder.BLOCK_LENGTH);
                setupStep++;
            }
        } else if (setupStep == nodeCount + 1) {
            new SetFeatureLevelCommandEncoder()
                    .wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder())
                    .clientIdHigh(1)
                    .clientIdLow(1)
                    .requestId(++requestId)
                    .featureLevel(FeatureLevel.KNOWN);
            tryAppend(buffer, MessageHeaderEncoder.ENCODED_LENGTH + SetFeatureLevelCommandEncoder.BLOCK_LENGTH);
            setupStep++;
        } else if (!service.isReady()
                && service.tryStartNode(
                        SELF, SELF, leaderChangeCount + 1, world.scenario().chainCount(), "control")) {
            setupStep = Math.max(setupStep, nodeCount + 3);
        }
    }

    private void applyDue(final long nowNs) {
        while (!proposals.isEmpty() && proposals.peek().dueNs <= nowNs) {
            apply(proposals.remove().command);
        }
    }

    private void apply(final byte[] command) {
        final UnsafeBuffer buffer = new UnsafeBuffer(command);
        final long timestampNs = clock.epoch().nanoTime();
        world.trace().add(command.length);
        service.onCommitted(++lastPosition, timestampNs, buffer, 0, command.length);
        follower.apply(buffer, 0, command.length, timestampNs, this);
        if (++appliedCount % 64 == 0) {
            requireSame(follower, "the follower's");
        }
    }

    private void requireSame(final ControlState other, final String whose) {
        if (service.state().stateHash() != other.stateHash()) {
            throw new Violation("I18", whose + " control state differs after " + appliedCount + " commands");
        }
    }

    /** Changes the leader: nothing is decided for a while, and what was under way is lost, kept, or doubled. */
    void changeLeader(final long withoutNs) {
        leaderChangeCount++;
        world.note(() -> "control plane: its leader is gone");
        final ArrayDeque<Proposal> underWay = new ArrayDeque<>(proposals);
        proposals.clear();
        leaderlessUntilNs = world.scheduler().nowNs() + withoutNs;
        for (final Proposal proposal : underWay) {
            final int copies = random.below(3);
            for (int i = 0; i < copies; i++) {
                apply(proposal.command);
            }
        }
        final ExpandableArrayBuffer snapshot = new ExpandableArrayBuffer(64 << 10);
        final int length = service.encode(snapshot, 0);
        final ControlService<ForwardedSession> next = lead();
        next.restore(snapshot, 0, length);
        requireSame(next.state(), "the next leader's");
        service = next;
    }

    @Override
    public long tryAppend(final DirectBuffer command, final int length) {
        if (!hasLeader()) {
            return ControlLog.BACK_PRESSURED;
        }
        lastDueNs = Math.max(lastDueNs, world.scheduler().nowNs() + random.between(MS / 5, 4 * MS));
        proposals.add(new Proposal(lastDueNs, ClusterRole.copy(command, 0, length)));
        return lastPosition + proposals.size();
    }

    /** Takes what a node reports. */
    void onReport(final byte[] frame) {
        if (!hasLeader()) {
            return;
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        header.wrap(buffer, 0);
        if (header.templateId() == EffectCommittedDecoder.TEMPLATE_ID) {
            world.note(() -> "control plane: an effect is committed");
            final EffectCommittedDecoder done = new EffectCommittedDecoder().wrapAndApplyHeader(buffer, 0, header);
            service.onEffectCommitted(
                    done.chain(),
                    done.effectNumber(),
                    EffectAction.get(done.action()),
                    done.streamId(),
                    done.segmentId(),
                    done.finalLength());
        } else {
            tryAppend(buffer, frame.length);
        }
    }

    /** Tells whether a frame answers a request: both name it in their first field but a refusal. */
    boolean isAnswer(final byte[] request, final byte[] reply) {
        final UnsafeBuffer answer = new UnsafeBuffer(reply);
        final long asked = new UnsafeBuffer(request).getLong(MessageHeaderEncoder.ENCODED_LENGTH);
        if (WireFrames.check(answer, 0, reply.length) == RefusalDecoder.TEMPLATE_ID) {
            return new RefusalDecoder()
                            .wrapAndApplyHeader(answer, 0, new io.millrace.codec.wire.MessageHeaderDecoder())
                            .correlationId()
                    == asked;
        }
        return answer.getLong(MessageHeaderEncoder.ENCODED_LENGTH) == asked;
    }

    /** Takes a client's request that a node forwards. */
    void onClientFrame(final ForwardedSession session, final byte[] frame) {
        if (!hasLeader()) {
            return;
        }
        final UnsafeBuffer buffer = new UnsafeBuffer(frame);
        final int templateId = WireFrames.check(buffer, 0, frame.length);
        world.note(() -> "control plane: request " + templateId + " of client "
                + session.session().link().place());
        service.onFrame(
                session,
                session.session().clientIdHigh(),
                session.session().clientIdLow(),
                templateId,
                buffer,
                0,
                frame.length);
    }

    private boolean sendToNode(
            final long nodeIdHigh,
            final long nodeIdLow,
            final String endpoint,
            final DirectBuffer message,
            final int offset,
            final int length) {
        final byte[] frame = ClusterRole.copy(message, offset, length);
        final SimNode node = world.nodeOf((int) nodeIdHigh);
        world.watch().onOrder(frame);
        if (!world.passes(Wires.CONTROL, node.place(), frame)) {
            return true;
        }
        world.wires().send(Wires.CONTROL, node.place(), () -> node.onControlFrame(frame));
        return true;
    }

    @Override
    public boolean trySend(
            final int chain,
            final long effectNumber,
            final DirectBuffer segmentEffect,
            final int offset,
            final int length) {
        final SimNode head = headOf(chain);
        world.note(() -> "control plane: effect " + effectNumber + " of chain " + chain + " to "
                + (head == null ? 0 : head.place()));
        if (head != null) {
            final ExpandableArrayBuffer order = new ExpandableArrayBuffer(512);
            final int orderLength =
                    service.state().encodeEffectOrder(chain, effectNumber, segmentEffect, offset, length, order);
            final byte[] frame = ClusterRole.copy(order, 0, orderLength);
            if (!world.passes(Wires.CONTROL, head.place(), frame)) {
                return true;
            }
            world.wires().send(Wires.CONTROL, head.place(), () -> head.onControlFrame(frame));
        }
        return true;
    }

    private @Nullable SimNode headOf(final int chain) {
        final ChainView view = service.state().chainView(chain);
        return view == null || view.members().isEmpty()
                ? null
                : world.nodeOf((int) view.members().get(0).replica().node().getMostSignificantBits());
    }

    @Override
    public int tryReply(final ForwardedSession session, final DirectBuffer buffer, final int offset, final int length) {
        final byte[] frame = ClusterRole.copy(buffer, offset, length);
        world.wires().send(Wires.CONTROL, session.node().place(), () -> session.node()
                .onReply(session.session(), frame));
        return Reply.SENT;
    }

    @Override
    public boolean ask(
            final long queryId, final int index, final int chain, final long streamId, final long segmentId) {
        final ChainView view = service.state().chainView(chain);
        final ChainView.Member asked = view == null ? null : view.head();
        if (asked == null) {
            return true;
        }
        final SimNode head = world.nodeOf((int) asked.replica().node().getMostSignificantBits());
        final ControlService<ForwardedSession> asking = service;
        world.wires().send(Wires.CONTROL, head.place(), () -> {
            final DeviceAgent agent = head.agent();
            if (agent == null) {
                return;
            }
            final Segment segment = agent.state(chain).segment(streamId, segmentId);
            if (segment == null && agent.chainView(chain).isSealed()) {
                return; // it may not have heard of it yet: asked again
            }
            final long epoch = agent.chainEpoch(chain);
            final long length = segment == null || segment.isDeleted() ? SegmentLengths.ABSENT : segment.length();
            final long startOffset = segment == null ? 0 : segment.startOffset();
            final boolean isSealed = segment != null && segment.isSealed();
            world.wires().send(head.place(), Wires.CONTROL, () -> {
                if (asking == service) {
                    asking.onSegmentLength(queryId, index, epoch, length, startOffset, isSealed);
                }
            });
        });
        return true;
    }

    @Override
    public String head(final int chain) {
        final ChainView view = service.state().chainView(chain);
        final ChainView.Member member = view == null ? null : view.head();
        return member == null ? "" : member.endpoint();
    }

    @Override
    public String tail(final int chain) {
        final ChainView view = service.state().chainView(chain);
        final ChainView.Member member = view == null ? null : view.tail();
        return member == null ? "" : member.endpoint();
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
            final long startOffset) {
        // the follower's: only a leader sends
    }

    @Override
    public void onEffectDone(final int chain, final long effectNumber) {
        // the follower's
    }

    @Override
    public void onAnswer(
            final long clientIdHigh,
            final long clientIdLow,
            final long id,
            final long commandHash,
            final int result,
            final long streamId,
            final long detail) {
        // the follower's
    }
}
