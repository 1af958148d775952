package io.millrace.server.cluster;

import io.millrace.codec.ChainFrames;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.codec.chain.ChainMapDecoder;
import io.millrace.codec.chain.MessageHeaderDecoder;
import io.millrace.codec.chain.NodeHeartbeatSeenDecoder;
import io.millrace.codec.chain.NodeRegisteredDecoder;
import io.millrace.codec.chain.SegmentQuestionDecoder;
import io.millrace.codec.chain.StateTakenDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.codec.wire.RefusalCode;
import io.millrace.control.ControlPlaneLink;
import io.millrace.control.ControlService;
import io.millrace.replication.ChainCluster;
import io.millrace.replication.ChainLimits;
import io.millrace.replication.ChainRules;
import io.millrace.replication.ChainView;
import io.millrace.replication.ControlChain;
import io.millrace.replication.ControlLink;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.TransportPeerLinks;
import io.millrace.transport.Session;
import io.millrace.transport.Transport;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What a node does as a member of a cluster besides its own work: registers its start, renews its lease and reports,
 * brings the control plane's orders to the device, and hands on clients' metadata requests.
 *
 * <pre>
 *   ASKING       which incarnation does the control plane know?       NodeHeartbeat(0), again until seen
 *   REGISTERING  an incarnation above that, and above the last one    NodeRegister once, then asked again,
 *                that is durable here; made durable at once           until NodeRegistered
 *                of a node that was alone: the cluster takes over     ImportPart, again until StateTaken
 *                what chain 0 says, or the node ends
 *   REGISTERED   heartbeats; orders are heard from here on
 *   leaving      the last heartbeat, again until seen
 * </pre>
 *
 * <p><b>Threading</b>: the device thread, but {@link #standing()}, which any thread may read.
 *
 * <p><b>Invariants</b>: nothing of this start but the two questions and the state of a node that was alone leaves the
 * node, and no order is heard, before its incarnation is durable (P5), and before a state that it held alone is known
 * to be the cluster's. One process registers once: who finds that another one has taken the node's place ends.
 */
public final class NodeRole implements ControlChain, ControlLink, ControlPlaneLink.Inbox, AutoCloseable {
    private static final int MESSAGE_LIMIT = 64;
    private static final long ASK_INTERVAL_NS = 100_000_000L;
    private static final long CHAINS_INTERVAL_NS = 1_000_000_000L;

    /** Each report is a durable write of every member; the lease is a second. */
    private static final long ALONE_INTERVAL_NS = 500_000_000L;

    /** As long as the lease of another process with the node's id may still run, and an election besides. */
    private static final long PLACE_TAKEN_TIMEOUT_NS = 10_000_000_000L;

    /** For so long a cluster with chains is asked whether they are those of this node. */
    private static final long UNTAKEN_TIMEOUT_NS = 5_000_000_000L;

    /** Every metadata request begins with its id. */
    private static final int REQUEST_ID_OFFSET = 8;

    private final ClusterTerms terms;
    private final ClusterMemory memory;
    private final UUID startId;
    private final Consumer<String> warnings;
    private final TransportPeerLinks links;
    private final Set<String> toldHalts = new HashSet<>();
    private final ClusterStanding standing = new ClusterStanding();
    private final MessageHeaderDecoder header = new MessageHeaderDecoder();
    private final NodeRegisteredDecoder registered = new NodeRegisteredDecoder();
    private final SegmentQuestionDecoder question = new SegmentQuestionDecoder();
    private final NodeHeartbeatSeenDecoder seen = new NodeHeartbeatSeenDecoder();
    private final StateTakenDecoder taken = new StateTakenDecoder();
    private final FormerState former = new FormerState();
    private @Nullable DeviceAgent agent;
    private @Nullable ControlPlaneLink link;
    private @Nullable NodeReports reports;
    private @Nullable ForwardedRequests requests;
    private boolean isAnswered;
    private boolean isOffering;
    private long untakenSinceNs;
    private long previousIncarnation;
    private long incarnation;
    private int chainCount;
    private boolean isLeaving;
    private boolean hasLeft;
    private long nowNs;
    private long nextReportNs;
    private long nextQuestionNs;
    private long refusedSinceNs;

    /**
     * Makes the role of a node that has not begun.
     *
     * @param terms of the cluster.
     * @param memory of the node.
     * @param startId drawn at random for this start.
     * @param warnings takes what an operator should see.
     */
    public NodeRole(
            final ClusterTerms terms, final ClusterMemory memory, final UUID startId, final Consumer<String> warnings) {
        this.terms = terms;
        this.memory = memory;
        this.startId = startId;
        this.warnings = warnings;
        links = new TransportPeerLinks(terms.nodeName());
    }

    /** Returns what the device's agent is given. */
    public ChainCluster cluster() {
        return new ChainCluster(
                terms.nodeId().getMostSignificantBits(),
                terms.nodeId().getLeastSignificantBits(),
                ChainRules.ALL,
                ChainLimits.defaults(),
                links,
                this);
    }

    /** Returns how the node stands with its cluster. */
    public ClusterStanding standing() {
        return standing;
    }

    /**
     * Takes over the agent; before it recovers.
     *
     * @param joined agent of the device.
     */
    public void join(final DeviceAgent joined) {
        agent = joined;
        joined.controlChain(this);
        links.agent(joined);
    }

    /**
     * Reaches the devices of other nodes over a transport from now on.
     *
     * @param transport of the device thread; another one after a pause of the process.
     */
    public void connect(final Transport transport) {
        final UUID device = agent().journal().deviceUuid();
        links.connect(transport, device.getMostSignificantBits(), device.getLeastSignificantBits());
    }

    /**
     * Begins to speak to the control plane; after the device has recovered and listens. When the device holds streams
     * of a node that was alone, the cluster takes them over, or the node ends with MR-6016.
     *
     * @param controlPlane the node's session with it.
     * @param endpoint host:port that clients and other nodes reach the device at.
     */
    public void begin(final ControlPlaneLink controlPlane, final String endpoint) {
        final DeviceAgent joined = agent();
        link = controlPlane;
        reports = new NodeReports(terms, startId, joined, endpoint);
        requests = new ForwardedRequests(controlPlane, terms.requestTimeoutNs());
    }

    private static MillraceException ofNodeAlone(final String why) {
        return new MillraceException(
                ErrorCode.DEVICE_OF_NODE_ALONE,
                "the device holds streams of a node that was alone, and " + why + ". "
                        + ErrorCode.DEVICE_OF_NODE_ALONE.remedy());
    }

    private DeviceAgent agent() {
        final DeviceAgent joined = agent;
        if (joined == null) {
            throw new IllegalStateException("no agent has joined");
        }
        return joined;
    }

    /** Gives the lease up: the node ends, and its chains go on without it at once. */
    public void leave() {
        isLeaving = true;
        nextReportNs = nowNs;
    }

    /** Tells whether the node may end: the control plane has heard that it does, or has never known it. */
    public boolean hasLeft() {
        return hasLeft || !isRegistered();
    }

    private boolean isRegistered() {
        return incarnation > 0;
    }

    @Override
    public int doWork(final long turnNs) {
        nowNs = turnNs;
        final ControlPlaneLink current = link;
        final NodeReports written = reports;
        final ForwardedRequests forwarded = requests;
        if (current == null || written == null || forwarded == null) {
            return 0;
        }
        int work = current.poll(this, MESSAGE_LIMIT);
        if (nowNs - nextReportNs >= 0) {
            work += report(current, written);
            standing.session(current.isConnected(), current.leaderMember(), forwarded.size());
        }
        if (isOffering) {
            work += former.offer(current, nowNs);
        }
        return work + forwarded.doWork(nowNs);
    }

    private int report(final ControlPlaneLink current, final NodeReports written) {
        final int length;
        if (!isRegistered()) {
            length = isAnswered ? written.register(previousIncarnation) : written.question();
            isAnswered = false; // should another start have come in between, it counts only with the newest number
        } else if (isLeaving) {
            nextReportNs = nowNs + ASK_INTERVAL_NS;
            return hasLeft ? 0 : current.report(written.buffer(), 0, written.farewell(incarnation)) ? 1 : 0;
        } else if (agent().fencedReason() != null) {
            return 0; // a device that takes nothing keeps no lease: its chains go on without it
        } else {
            if (chainCount == 0 && nowNs - nextQuestionNs >= 0) {
                // a repeat gets the same incarnation, and the number of chains once there are any
                nextQuestionNs = nowNs + CHAINS_INTERVAL_NS;
                current.report(written.buffer(), 0, written.register(previousIncarnation));
            }
            length = written.heartbeat(incarnation, nowNs);
            written.views().forEach(this::tellHalt);
        }
        final long intervalNs = isAlone() ? Math.max(terms.heartbeatNs(), ALONE_INTERVAL_NS) : terms.heartbeatNs();
        nextReportNs = nowNs + (isRegistered() ? intervalNs : ASK_INTERVAL_NS);
        return current.report(written.buffer(), 0, length) ? 1 : 0;
    }

    /** A replica that met a contradiction takes part in nothing any more; the chain goes on without it. */
    private void tellHalt(final ChainView view) {
        if (!view.haltReason().isEmpty()) {
            final String text = "the replica of chain " + view.chain() + " is halted: " + view.haltReason();
            if (toldHalts.add(text)) {
                warnings.accept(text);
            }
            standing.halted(text);
        }
    }

    /** Of a cluster of one without chains nobody waits to hear that its only node is gone. */
    private boolean isAlone() {
        return chainCount == 0 && terms.members().size() == 1;
    }

    @Override
    public void onMessage(final DirectBuffer buffer, final int offset, final int length) {
        final int templateId = ChainFrames.check(buffer, offset, length);
        if (templateId < 0) {
            return;
        }
        standing.heard(nowNs);
        switch (templateId) {
            case NodeRegisteredDecoder.TEMPLATE_ID -> onRegistered(buffer, offset);
            case NodeHeartbeatSeenDecoder.TEMPLATE_ID -> onHeartbeatSeen(buffer, offset);
            case StateTakenDecoder.TEMPLATE_ID -> onStateTaken(buffer, offset);
            case SegmentQuestionDecoder.TEMPLATE_ID -> onQuestion(buffer, offset);
            case ChainMapDecoder.TEMPLATE_ID -> {
                // a node needs none: clients learn places from descriptions
            }
            default -> {
                if (isRegistered()) {
                    agent().onControlFrame(buffer, offset, length);
                }
            }
        }
    }

    private void onRegistered(final DirectBuffer buffer, final int offset) {
        registered.wrapAndApplyHeader(buffer, offset, header);
        if (registered.nodeIdHigh() != terms.nodeId().getMostSignificantBits()
                || registered.nodeIdLow() != terms.nodeId().getLeastSignificantBits()
                || registered.startIdHigh() != startId.getMostSignificantBits()
                || registered.startIdLow() != startId.getLeastSignificantBits()) {
            return;
        }
        final int chains = registered.chainCount();
        if (chains > terms.chainLimit()) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "the cluster has " + chains + " chains, this node has room for " + terms.chainLimit()
                            + ". Set chains = " + chains + " or more");
        }
        if (registered.incarnation() <= 0) {
            onRefused(ErrorCode.of(registered.refusal()));
            return;
        }
        final UUID clusterId = new UUID(registered.clusterIdHigh(), registered.clusterIdLow());
        final UUID known = memory.clusterId();
        if (known != null && !known.equals(clusterId)) {
            throw new MillraceException(
                    ErrorCode.OTHER_CLUSTER,
                    "this node belongs to cluster " + known + ", cluster.members are those of cluster " + clusterId
                            + ". " + ErrorCode.OTHER_CLUSTER.remedy());
        }
        if (former.isHeld()) {
            handOver(clusterId, registered.incarnation(), chains);
            return;
        }
        chainCount = chains;
        if (!isRegistered()) {
            memory.remember(clusterId, registered.incarnation());
            incarnation = registered.incarnation();
            agent().incarnation(incarnation);
            nextReportNs = nowNs;
        }
        standing.registered(incarnation, chainCount);
    }

    /**
     * The cluster has not said that it has what the node held while it was alone. One without chains is offered it;
     * before, the node remembers that it is the cluster's: from then on it must not run alone, or there would be two
     * states that both go on.
     */
    private void handOver(final UUID clusterId, final long issued, final int chains) {
        isOffering = chains == 0;
        if (isOffering) {
            untakenSinceNs = 0;
            if (memory.clusterId() == null) {
                memory.remember(clusterId, issued);
            }
            return;
        }
        if (untakenSinceNs == 0) {
            untakenSinceNs = nowNs; // what says that it is taken may be on its way, or lost: it is asked for again
        }
        if (nowNs - untakenSinceNs >= UNTAKEN_TIMEOUT_NS) {
            throw ofNodeAlone("cluster " + clusterId + " has chains already that are not those of this node"
                    + (memory.clusterId() == null
                            ? ""
                            : " (it was to take them over and has not: remove the file cluster of the data directory"
                                    + " to start the node alone)"));
        }
    }

    private void onStateTaken(final DirectBuffer buffer, final int offset) {
        taken.wrapAndApplyHeader(buffer, offset, header);
        final UUID clusterId = new UUID(taken.clusterIdHigh(), taken.clusterIdLow());
        if (!former.isHeld()
                || taken.nodeIdHigh() != terms.nodeId().getMostSignificantBits()
                || taken.nodeIdLow() != terms.nodeId().getLeastSignificantBits()
                || (memory.clusterId() != null && !clusterId.equals(memory.clusterId()))) {
            return;
        }
        final UUID device = new UUID(taken.deviceUuidHigh(), taken.deviceUuidLow());
        final UUID own = agent().journal().deviceUuid();
        if (!device.equals(own)) {
            throw ofNodeAlone(
                    "cluster " + clusterId + " has taken over those of device " + device + ", this is device " + own);
        }
        if (taken.startNumber() != former.lastStart(terms.nodeId())) {
            throw ofNodeAlone("cluster " + clusterId + " has taken over an earlier state of it, of start "
                    + taken.startNumber() + ": the node has been alone again since, until start "
                    + former.lastStart(terms.nodeId()));
        }
        former.handedOver();
        isOffering = false;
        nextReportNs = nowNs; // it is not registered before this
    }

    private void onQuestion(final DirectBuffer buffer, final int offset) {
        final NodeReports written = reports;
        question.wrapAndApplyHeader(buffer, offset, header);
        final int chain = question.chain();
        if (written == null || !isRegistered() || chain < 1 || chain > terms.chainLimit()) {
            return;
        }
        final boolean isKnown = agent().state(chain).segment(question.streamId(), question.segmentId()) != null;
        if (isKnown || !agent().chainView(chain).isSealed()) { // sealed, it may just not know of the segment
            offer(written.buffer(), 0, written.segmentAnswer(question));
        }
    }

    private void onRefused(final ErrorCode code) {
        final String text = code.id() + ": the control plane does not take this node in: " + code.summary();
        standing.refused(text);
        if (refusedSinceNs == 0) {
            refusedSinceNs = nowNs;
        }
        if (nowNs - refusedSinceNs >= PLACE_TAKEN_TIMEOUT_NS) {
            throw new MillraceException(code, text + ". " + code.remedy());
        }
    }

    private void onHeartbeatSeen(final DirectBuffer buffer, final int offset) {
        seen.wrapAndApplyHeader(buffer, offset, header);
        if (seen.nodeIdHigh() != terms.nodeId().getMostSignificantBits()
                || seen.nodeIdLow() != terms.nodeId().getLeastSignificantBits()
                || seen.incarnation() != incarnation) {
            return;
        }
        final long expected = seen.expected();
        hasLeft |= isLeaving && seen.heartbeatNumber() == NodeReports.LAST_HEARTBEAT;
        if (!isRegistered()) {
            isAnswered = true;
            previousIncarnation = Math.max(memory.incarnation(), expected);
            nextReportNs = nowNs;
        } else if (expected == 0) {
            throw new MillraceException(
                    ErrorCode.NODE_UNKNOWN,
                    "node '" + terms.nodeName() + "' was removed from the cluster: this process ends. "
                            + "Start it again only to add it again");
        } else if (expected != incarnation) {
            throw new MillraceException(
                    ErrorCode.NODE_ID_IN_USE,
                    "another process has registered as node '" + terms.nodeName() + "' (incarnation " + expected
                            + ", this one's is " + incarnation + "): this process ends. "
                            + ErrorCode.NODE_ID_IN_USE.remedy());
        }
    }

    @Override
    public void onReply(final long token, final DirectBuffer buffer, final int offset, final int length) {
        final ForwardedRequests forwarded = requests;
        if (forwarded != null) {
            standing.heard(nowNs);
            forwarded.onReply(token, buffer, offset, length);
        }
    }

    @Override
    public boolean offer(final DirectBuffer buffer, final int offset, final int length) {
        final ControlPlaneLink current = link;
        return current != null && current.report(buffer, offset, length);
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
        final ForwardedRequests forwarded = requests;
        if (forwarded == null || former.isHeld()) {
            return session.refuse(
                    RefusalCode.NOT_READY,
                    templateId,
                    buffer.getLong(offset + REQUEST_ID_OFFSET, ByteOrder.LITTLE_ENDIAN),
                    0,
                    0,
                    0,
                    0,
                    0,
                    forwarded == null
                            ? "the node has not joined its cluster yet"
                            : "the cluster has not taken over the node's streams yet");
        }
        return forwarded.add(session, templateId, buffer, offset, length, nowNs);
    }

    @Override
    public void onSessionClosed(final Session session) {
        final ForwardedRequests forwarded = requests;
        if (forwarded != null) {
            forwarded.onSessionClosed(session);
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
        final ControlPlaneLink current = link;
        final NodeReports written = reports;
        if (current != null
                && written != null
                && isRegistered()
                && agent().chainView(chain).index() == 0) {
            current.report(
                    written.buffer(),
                    0,
                    written.effectCommitted(
                            incarnation, chain, effectNumber, action, streamId, segmentId, finalLength));
        }
    }

    @Override
    public void onFenced() {
        // its lease ends: see report
    }

    @Override
    public void onCommitted(
            final long position,
            final long timestampNs,
            final DirectBuffer buffer,
            final int offset,
            final int length) {
        former.apply(position, timestampNs, buffer, offset, length);
    }

    @Override
    public boolean mustBeWhole() {
        return former.isHeld();
    }

    @Override
    public int encode(final MutableDirectBuffer buffer, final int offset) {
        return former.encode(buffer, offset);
    }

    @Override
    public void restore(final DirectBuffer buffer, final int offset, final int length) {
        if (length != 0) {
            former.restore(buffer, offset, length);
        }
    }

    /** Ends the sessions with other nodes. */
    @Override
    public void close() {
        links.close();
    }
}
