package io.millrace.control.consensus;

import io.aeron.ExclusivePublication;
import io.aeron.Image;
import io.aeron.cluster.codecs.CloseReason;
import io.aeron.cluster.service.ClientSession;
import io.aeron.cluster.service.Cluster;
import io.aeron.cluster.service.ClusterTerminationException;
import io.aeron.cluster.service.ClusteredService;
import io.aeron.logbuffer.Header;
import io.millrace.codec.ChainFrames;
import io.millrace.codec.ControlFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.WireFrames;
import io.millrace.codec.chain.EffectCommittedDecoder;
import io.millrace.codec.chain.ForwardedRequestDecoder;
import io.millrace.codec.chain.InstalledDecoder;
import io.millrace.codec.chain.LearnerCompleteDecoder;
import io.millrace.codec.chain.NodeHeartbeatDecoder;
import io.millrace.codec.chain.NodeRegisterDecoder;
import io.millrace.codec.chain.RetiredDecoder;
import io.millrace.codec.chain.SealedDecoder;
import io.millrace.codec.chain.SegmentAnswerDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.control.GroupSettingsDecoder;
import io.millrace.codec.control.GroupSettingsEncoder;
import io.millrace.codec.control.ImportPartDecoder;
import io.millrace.codec.control.MemberSavedDecoder;
import io.millrace.codec.control.MemberSavedEncoder;
import io.millrace.codec.control.MemberStateDecoder;
import io.millrace.codec.control.MemberStateEncoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.NodeStartedDecoder;
import io.millrace.codec.control.SegmentEffectDecoder;
import io.millrace.codec.control.TickDecoder;
import io.millrace.codec.control.TickEncoder;
import io.millrace.control.ChainView;
import io.millrace.control.ControlRules;
import io.millrace.control.ControlService;
import io.millrace.control.ControlState;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.DirectBuffer;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A member's copy of the control plane: applies what the group has agreed on, and, while its member leads, does what
 * the state asks for.
 *
 * <p>All that nodes say goes through the log. Their reports and the commands are applied by every member; what concerns
 * a leader alone (forwarded requests, news of effects and lengths) is left out by the others. The leader's own commands
 * come back to it as everybody's do: it proposes them by a session of its own, so what it decides by its clock enters
 * the log before it has any effect.
 *
 * <p><b>Threading:</b> the service's thread; {@link #signals} by any.
 *
 * <p><b>Invariants:</b> the state after a log is the same on every member. A message that is not well-formed changes
 * nothing anywhere. Before {@code GroupSettings} nothing is applied.
 */
final class ControlReplica implements ClusteredService {
    private static final long TICK_TIMER = 1;
    private static final long PROPOSAL_RETRY_NS = TimeUnit.MILLISECONDS.toNanos(500);

    private final GroupContext context;
    private final ErrorHandler errorHandler;
    private final NanoClock clock;
    private final UUID proposedClusterId;
    private final LeaderPorts ports = new LeaderPorts();
    private final ReplicaSignals signals = new ReplicaSignals();
    private final ReplicaSnapshots snapshots;
    private final StateComparison comparison;
    private final StateImport stateImport = new StateImport();
    private final io.millrace.codec.chain.MessageHeaderDecoder chainHeader =
            new io.millrace.codec.chain.MessageHeaderDecoder();
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final MessageHeaderEncoder headerEncoder = new MessageHeaderEncoder();
    private final NodeRegisterDecoder nodeRegister = new NodeRegisterDecoder();
    private final NodeHeartbeatDecoder nodeHeartbeat = new NodeHeartbeatDecoder();
    private final ForwardedRequestDecoder forwardedRequest = new ForwardedRequestDecoder();
    private final EffectCommittedDecoder effectCommitted = new EffectCommittedDecoder();
    private final SegmentAnswerDecoder segmentAnswer = new SegmentAnswerDecoder();
    private final MemberSavedDecoder memberSaved = new MemberSavedDecoder();
    private final MemberStateDecoder memberState = new MemberStateDecoder();
    private final ImportPartDecoder importPart = new ImportPartDecoder();
    private final UnsafeBuffer tick =
            new UnsafeBuffer(new byte[MessageHeaderEncoder.ENCODED_LENGTH + TickEncoder.BLOCK_LENGTH]);
    private final UnsafeBuffer proposal = new UnsafeBuffer(new byte[128]);
    private final UnsafeBuffer frame = new UnsafeBuffer(0, 0);
    private final ControlService<ForwardedSession> service;
    private @Nullable Cluster cluster;
    private @Nullable GroupSession session;
    private boolean isLeading;
    private long term = -1;
    private int termLeader = -1;
    private boolean isSlow = true;
    private long nextProposalNs;
    private long ignoredCount;

    /**
     * Starts empty.
     *
     * @param context of the member.
     * @param clock for the leader's repeats.
     * @param proposedClusterId id of the cluster, should this member make it.
     */
    ControlReplica(final GroupContext context, final NanoClock clock, final UUID proposedClusterId) {
        this.context = context;
        this.clock = clock;
        this.proposedClusterId = proposedClusterId;
        errorHandler = context.errorHandler();
        snapshots = new ReplicaSnapshots(context.addresses().count());
        comparison = new StateComparison(context.addresses().count());
        service = new ControlService<>(
                context.limits().control(),
                context.limits().reconfiguration(),
                ControlRules.ALL,
                ports,
                ports,
                ports,
                ports,
                ports);
        service.nodeMessages(ports);
        ports.service(service);
    }

    /** Returns what is told to and by other threads. */
    ReplicaSignals signals() {
        return signals;
    }

    @Override
    public void onStart(final Cluster group, final @Nullable Image snapshotImage) {
        cluster = group;
        final GroupSession made = new GroupSession(
                group.aeron(),
                "member-" + context.member(),
                context.addresses(),
                context.addresses().host(context.member()),
                context.times(),
                (buffer, offset, length) -> {
                    // The leader answers this session nothing.
                });
        session = made;
        ports.attach(group, made);
        if (snapshotImage != null) {
            snapshots.load(snapshotImage, group.idleStrategy(), service);
            requireSettings();
        }
        publish();
    }

    @Override
    public void onSessionOpen(final ClientSession opened, final long timestamp) {
        // who it is, its first message says
    }

    @Override
    public void onSessionClose(final ClientSession closed, final long timestamp, final CloseReason closeReason) {
        ports.onSessionClosed(closed.id());
    }

    @Override
    public void onSessionMessage(
            final ClientSession from,
            final long timestamp,
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final Header header) {
        try {
            if (ChainFrames.isChainMessage(buffer, offset, length)) {
                onChainMessage(from, timestamp, buffer, offset, length);
            } else {
                onCommand(timestamp, buffer, offset, length);
            }
            afterApplied(timestamp);
        } catch (final RuntimeException e) {
            throw stop(e);
        }
    }

    @Override
    public void onTimerEvent(final long correlationId, final long timestamp) {
        if (correlationId != TICK_TIMER) {
            return;
        }
        try {
            if (service.state().group().isMade()) {
                new TickEncoder().wrapAndApplyHeader(tick, 0, headerEncoder).timeNs(toNanos(timestamp));
                apply(timestamp, tick, 0, tick.capacity());
            }
            isSlow = isQuiet();
            schedule(timestamp);
            work();
            publish();
        } catch (final RuntimeException e) {
            throw stop(e);
        }
    }

    @Override
    public void onTakeSnapshot(final ExclusivePublication snapshotPublication) {
        stateImport.drop();
        snapshots.write(snapshotPublication, group().idleStrategy(), service);
        publish();
    }

    @Override
    public void onRoleChange(final Cluster.Role newRole) {
        updateLeading();
    }

    @Override
    public void onTerminate(final Cluster group) {
        CloseHelper.quietClose(session);
    }

    @Override
    public void onNewLeadershipTermEvent(
            final long leadershipTermId,
            final long logPosition,
            final long timestamp,
            final long termBaseLogPosition,
            final int leaderMemberId,
            final int logSessionId,
            final TimeUnit timeUnit,
            final int appVersion) {
        term = leadershipTermId;
        termLeader = leaderMemberId;
        updateLeading();
        schedule(timestamp);
        publish();
    }

    @Override
    public int doBackgroundWork(final long nowNs) {
        final GroupSession own = session;
        if (own == null) {
            return 0;
        }
        int work = own.doWork(nowNs);
        if (own.isConnected() && nowNs - nextProposalNs >= 0) {
            work += propose(own, nowNs);
        }
        if (signals.takeHashAsked()) {
            publish(service.state().stateHash(), true);
            work++;
        }
        return work;
    }

    /** Says what this member alone knows: what the group is made with, which snapshot is durable here. */
    private int propose(final GroupSession own, final long nowNs) {
        final ControlState state = service.state();
        if (!state.group().isMade()) {
            if (!isLeading) {
                return 0;
            }
            nextProposalNs = nowNs + PROPOSAL_RETRY_NS;
            final int length = new GroupSettingsEncoder()
                    .wrapAndApplyHeader(proposal, 0, headerEncoder)
                    .clusterIdHigh(proposedClusterId.getMostSignificantBits())
                    .clusterIdLow(proposedClusterId.getLeastSignificantBits())
                    .settingsHash(context.limits().hash())
                    .encodedLength();
            return own.offer(proposal, 0, MessageHeaderEncoder.ENCODED_LENGTH + length) ? 1 : 0;
        }
        final long durable = signals.durableSnapshotPosition();
        if (durable > snapshots.saved(context.member())) {
            nextProposalNs = nowNs + PROPOSAL_RETRY_NS;
            final int length = new MemberSavedEncoder()
                    .wrapAndApplyHeader(proposal, 0, headerEncoder)
                    .logPosition(durable)
                    .member(context.member())
                    .encodedLength();
            return own.offer(proposal, 0, MessageHeaderEncoder.ENCODED_LENGTH + length) ? 1 : 0;
        }
        if (comparison.isToReport(context.member())) {
            nextProposalNs = nowNs + PROPOSAL_RETRY_NS;
            final int length = new MemberStateEncoder()
                    .wrapAndApplyHeader(proposal, 0, headerEncoder)
                    .appliedPosition(comparison.ownPosition())
                    .stateHash(comparison.ownHash())
                    .member(context.member())
                    .encodedLength();
            return own.offer(proposal, 0, MessageHeaderEncoder.ENCODED_LENGTH + length) ? 1 : 0;
        }
        return 0;
    }

    private void onChainMessage(
            final ClientSession from,
            final long timestamp,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        final int templateId = ChainFrames.check(buffer, offset, length);
        if (!service.state().group().isMade()) {
            ignoredCount++;
            return;
        }
        switch (templateId) {
            case NodeRegisterDecoder.TEMPLATE_ID -> {
                nodeRegister.wrapAndApplyHeader(buffer, offset, chainHeader);
                ports.learn(nodeRegister.nodeIdHigh(), nodeRegister.nodeIdLow(), from.id());
                apply(timestamp, buffer, offset, length);
            }
            case NodeHeartbeatDecoder.TEMPLATE_ID -> {
                nodeHeartbeat.wrapAndApplyHeader(buffer, offset, chainHeader);
                ports.learn(nodeHeartbeat.nodeIdHigh(), nodeHeartbeat.nodeIdLow(), from.id());
                apply(timestamp, buffer, offset, length);
            }
            case SealedDecoder.TEMPLATE_ID,
                    InstalledDecoder.TEMPLATE_ID,
                    LearnerCompleteDecoder.TEMPLATE_ID,
                    RetiredDecoder.TEMPLATE_ID -> apply(timestamp, buffer, offset, length);
            case ForwardedRequestDecoder.TEMPLATE_ID -> onForwardedRequest(from, buffer, offset);
            case EffectCommittedDecoder.TEMPLATE_ID -> onEffectCommitted(buffer, offset);
            case SegmentAnswerDecoder.TEMPLATE_ID -> onSegmentAnswer(buffer, offset);
            default -> ignoredCount++;
        }
    }

    private void onCommand(final long timestamp, final DirectBuffer buffer, final int offset, final int length) {
        final int templateId = ControlFrames.check(buffer, offset, length);
        final boolean isMade = service.state().group().isMade();
        switch (templateId) {
            case GroupSettingsDecoder.TEMPLATE_ID -> {
                apply(timestamp, buffer, offset, length);
                requireSettings();
            }
            case MemberSavedDecoder.TEMPLATE_ID -> {
                memberSaved.wrapAndApplyHeader(buffer, offset, messageHeader);
                snapshots.onSaved(memberSaved.member(), memberSaved.logPosition());
            }
            case MemberStateDecoder.TEMPLATE_ID -> {
                memberState.wrapAndApplyHeader(buffer, offset, messageHeader);
                onMemberState();
            }
            case ImportPartDecoder.TEMPLATE_ID -> {
                importPart.wrapAndApplyHeader(buffer, offset, messageHeader);
                if (isMade && stateImport.onPart(importPart)) {
                    takeImport();
                }
            }
            case TickDecoder.TEMPLATE_ID, SegmentEffectDecoder.TEMPLATE_ID, NodeStartedDecoder.TEMPLATE_ID ->
                ignoredCount++;
            default -> {
                if (templateId < 0 || !isMade) {
                    ignoredCount++;
                } else {
                    apply(timestamp, buffer, offset, length);
                }
            }
        }
    }

    /** Members that have gone apart do not agree on anything any more: an operator has to see it. */
    private void onMemberState() {
        final String difference =
                comparison.onReport(memberState.member(), memberState.appliedPosition(), memberState.stateHash());
        if (difference != null) {
            errorHandler.onError(new IllegalStateException(difference));
        }
    }

    /** What cannot be taken changes nothing, on no member; who has offered it finds out that it was not taken. */
    private void takeImport() {
        final String reason = stateImport.handTo(service);
        if (isLeading) {
            context.warnings()
                    .accept(
                            reason == null
                                    ? "the cluster has taken over the streams of a node that was alone"
                                    : "the state of a node that was alone is not taken over: " + reason);
        }
    }

    private void onForwardedRequest(final ClientSession from, final DirectBuffer buffer, final int offset) {
        forwardedRequest.wrapAndApplyHeader(buffer, offset, chainHeader);
        ports.learn(forwardedRequest.nodeIdHigh(), forwardedRequest.nodeIdLow(), from.id());
        if (!isLeading) {
            return;
        }
        forwardedRequest.wrapFrame(frame);
        final int templateId = WireFrames.check(frame, 0, frame.capacity());
        if (templateId >= 0 && ControlService.handles(templateId)) {
            // What cannot be taken now comes again: the node repeats it.
            service.onFrame(
                    new ForwardedSession(from.id(), forwardedRequest.token()),
                    forwardedRequest.clientIdHigh(),
                    forwardedRequest.clientIdLow(),
                    templateId,
                    frame,
                    0,
                    frame.capacity());
        } else {
            ignoredCount++;
        }
    }

    private void onEffectCommitted(final DirectBuffer buffer, final int offset) {
        if (!isLeading) {
            return;
        }
        effectCommitted.wrapAndApplyHeader(buffer, offset, chainHeader);
        final EffectAction action = actionOf(effectCommitted.action());
        if (action == null) {
            ignoredCount++;
            return;
        }
        try {
            service.onEffectCommitted(
                    effectCommitted.chain(),
                    effectCommitted.effectNumber(),
                    action,
                    effectCommitted.streamId(),
                    effectCommitted.segmentId(),
                    effectCommitted.finalLength());
        } catch (final IllegalStateException e) {
            // A node says what the state never ordered. No state was changed; the effect stays open and is seen.
            errorHandler.onError(e);
        }
    }

    private static @Nullable EffectAction actionOf(final short value) {
        for (final EffectAction action : EffectAction.values()) {
            if (action.value() == value && action != EffectAction.NULL_VAL) {
                return action;
            }
        }
        return null;
    }

    private void onSegmentAnswer(final DirectBuffer buffer, final int offset) {
        if (!isLeading) {
            return;
        }
        segmentAnswer.wrapAndApplyHeader(buffer, offset, chainHeader);
        final ChainView view = service.state().chainView(segmentAnswer.chain());
        // Who was head of an earlier epoch may not know what is committed now (P2).
        if (view == null || segmentAnswer.chainEpoch() < view.epoch()) {
            ignoredCount++;
            return;
        }
        service.onSegmentLength(
                segmentAnswer.queryId(),
                segmentAnswer.index(),
                segmentAnswer.chainEpoch(),
                segmentAnswer.length(),
                segmentAnswer.startOffset(),
                segmentAnswer.isSealed() != 0);
    }

    private void apply(final long timestamp, final DirectBuffer buffer, final int offset, final int length) {
        service.onCommitted(service.appliedPosition() + 1, toNanos(timestamp), buffer, offset, length);
        if (StateComparison.isDue(service.appliedPosition())) {
            comparison.own(service.appliedPosition(), service.state().stateHash());
        }
    }

    private void afterApplied(final long timestamp) {
        if (isSlow && !isQuiet()) {
            isSlow = false;
            schedule(timestamp);
        }
        work();
        publish();
    }

    private void work() {
        if (isLeading) {
            service.doWork(clock.nanoTime());
        }
    }

    /** Tells whether time may pass in large steps; of the state alone, so that every member decides alike. */
    private boolean isQuiet() {
        final ControlState state = service.state();
        return state.group().nodeCount() <= 1 && state.pendingOrderCount() == 0 && state.pendingEffectCount() == 0;
    }

    private void schedule(final long timestamp) {
        final long intervalNs =
                isSlow ? context.limits().slowTickNs() : context.limits().tickNs();
        final Cluster group = group();
        final long due = timestamp + group.timeUnit().convert(intervalNs, TimeUnit.NANOSECONDS);
        while (!group.scheduleTimer(TICK_TIMER, due)) {
            group.idleStrategy().idle();
        }
    }

    private void updateLeading() {
        final boolean leads = group().role() == Cluster.Role.LEADER && termLeader == context.member();
        if (leads) {
            service.lead(term, context.member());
        } else if (isLeading) {
            service.follow();
        }
        isLeading = leads;
        ports.lead(leads);
    }

    /** Stops this member when the log was made with other limits than it has: it would apply it in another way. */
    private void requireSettings() {
        final ControlState state = service.state();
        if (state.group().isMade()
                && state.group().settingsHash() != context.limits().hash()) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "the limits or ticks of this member's control plane are not those that the cluster "
                            + state.group().clusterId() + " was made with: give all members the same");
        }
    }

    private ClusterTerminationException stop(final RuntimeException cause) {
        if (cause instanceof ClusterTerminationException termination) {
            return termination;
        }
        errorHandler.onError(cause);
        return new ClusterTerminationException(false);
    }

    private Cluster group() {
        final Cluster group = cluster;
        if (group == null) {
            throw new IllegalStateException("the member has not started");
        }
        return group;
    }

    private long toNanos(final long timestamp) {
        return group().timeUnit().toNanos(timestamp);
    }

    private void publish() {
        publish(0, false);
    }

    private void publish(final long stateHash, final boolean hasHash) {
        final Cluster group = group();
        final ReplicaStatus last = signals.status();
        final boolean keepsHash = !hasHash && last.hasHash() && last.appliedPosition() == service.appliedPosition();
        signals.status(new ReplicaStatus(
                group.role() == Cluster.Role.LEADER,
                term,
                termLeader,
                group.logPosition(),
                service.appliedPosition(),
                snapshots.allSavedPosition(),
                service.state().group(),
                hasHash || keepsHash,
                keepsHash ? last.stateHash() : stateHash,
                comparison.ownPosition(),
                comparison.ownHash(),
                comparison.comparedPosition(),
                comparison.comparedHash(),
                comparison.divergenceCount(),
                ignoredCount,
                ports.droppedCount()));
    }
}
