package io.millrace.server.cluster;

import io.millrace.codec.chain.EffectCommittedEncoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.NodeHeartbeatEncoder;
import io.millrace.codec.chain.NodeRegisterEncoder;
import io.millrace.codec.chain.SegmentAnswerEncoder;
import io.millrace.codec.chain.SegmentQuestionDecoder;
import io.millrace.codec.control.EffectAction;
import io.millrace.control.SegmentLengths;
import io.millrace.replication.ChainLimits;
import io.millrace.replication.ChainView;
import io.millrace.replication.DeviceAgent;
import io.millrace.store.Segment;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;

/**
 * Writes what a node reports to the control plane of itself.
 *
 * <p><b>Threading</b>: the device thread. A message lies in {@link #buffer()} until the next one is written.
 */
final class NodeReports {
    /** Number of the last heartbeat of a start. */
    static final long LAST_HEARTBEAT = Long.MAX_VALUE;

    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;

    private final ClusterTerms terms;
    private final UUID startId;
    private final DeviceAgent agent;
    private final String endpoint;
    private final UUID device;
    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(4 << 10);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final NodeRegisterEncoder register = new NodeRegisterEncoder();
    private final NodeHeartbeatEncoder heartbeat = new NodeHeartbeatEncoder();
    private final EffectCommittedEncoder effect = new EffectCommittedEncoder();
    private final SegmentAnswerEncoder answer = new SegmentAnswerEncoder();
    private final List<ChainView> views = new ArrayList<>();
    private long heartbeatNumber;

    /**
     * Speaks for one device of a node.
     *
     * @param terms of the cluster.
     * @param startId of this start.
     * @param agent of the device, recovered.
     * @param endpoint host:port that clients and other nodes reach the device at.
     */
    NodeReports(final ClusterTerms terms, final UUID startId, final DeviceAgent agent, final String endpoint) {
        this.terms = terms;
        this.startId = startId;
        this.agent = agent;
        this.endpoint = endpoint;
        device = agent.journal().deviceUuid();
    }

    /** Returns where messages are written to, from the first byte on. */
    DirectBuffer buffer() {
        return buffer;
    }

    /** Returns the replicas of the last heartbeat. */
    List<ChainView> views() {
        return views;
    }

    /**
     * Asks for an incarnation.
     *
     * @param previousIncarnation of the node's last start.
     * @return length in bytes.
     */
    int register(final long previousIncarnation) {
        register.wrapAndApplyHeader(buffer, 0, header)
                .nodeIdHigh(terms.nodeId().getMostSignificantBits())
                .nodeIdLow(terms.nodeId().getLeastSignificantBits())
                .startIdHigh(startId.getMostSignificantBits())
                .startIdLow(startId.getLeastSignificantBits())
                .previousIncarnation(previousIncarnation)
                .devicesCount(1)
                .next()
                .deviceUuidHigh(device.getMostSignificantBits())
                .deviceUuidLow(device.getLeastSignificantBits())
                .capacityBytes(agent.journal().capacityBytes())
                .endpoint(endpoint);
        return HEADER + register.encodedLength();
    }

    /**
     * Asks which incarnation the control plane knows of this node; renews nothing.
     *
     * @return length in bytes.
     */
    int question() {
        begin(0);
        heartbeat.replicasCount(0);
        return HEADER + heartbeat.encodedLength();
    }

    /**
     * Renews the lease and describes the replicas that take part in anything.
     *
     * @param incarnation of this start.
     * @param nowNs monotonic time of this turn.
     * @return length in bytes.
     */
    int heartbeat(final long incarnation, final long nowNs) {
        views.clear();
        for (int chain = 1; chain <= terms.chainLimit(); chain++) {
            final ChainView view = agent.chainView(chain);
            if (view.chainEpoch() > 0 || view.promisedEpoch() > 0 || view.memberSinceEpoch() > 0 || view.isLearner()) {
                views.add(view);
            }
        }
        begin(incarnation);
        final NodeHeartbeatEncoder.ReplicasEncoder replicas = heartbeat.replicasCount(views.size());
        final ChainLimits chainLimits = ChainLimits.defaults();
        final long stallNs = agent.journal().oldestInFlightNs(nowNs);
        for (final ChainView view : views) {
            replicas.next()
                    .deviceUuidHigh(device.getMostSignificantBits())
                    .deviceUuidLow(device.getLeastSignificantBits())
                    .chainEpoch(view.chainEpoch())
                    .lastPosition(view.lastPosition())
                    .durablePosition(view.durablePosition())
                    .commitPosition(view.commitPosition())
                    .basePosition(view.basePosition())
                    .durableLagNs(view.durableLagNs())
                    .stallNs(stallNs)
                    .chain(view.chain())
                    .isSealed((short) (view.isSealed() ? 1 : 0))
                    .suspectPredecessor(chainLimits.silenceTenths(view.predecessorSilenceNs()))
                    .suspectSuccessor(chainLimits.silenceTenths(view.successorSilenceNs()));
        }
        return HEADER + heartbeat.encodedLength();
    }

    /**
     * Says that this start ends: the lease ends with it.
     *
     * @param incarnation of this start.
     * @return length in bytes.
     */
    int farewell(final long incarnation) {
        heartbeatNumber = LAST_HEARTBEAT - 1;
        begin(incarnation);
        heartbeatNumber = LAST_HEARTBEAT - 1; // said again until it is heard
        heartbeat.replicasCount(0);
        return HEADER + heartbeat.encodedLength();
    }

    private void begin(final long incarnation) {
        heartbeat
                .wrapAndApplyHeader(buffer, 0, header)
                .nodeIdHigh(terms.nodeId().getMostSignificantBits())
                .nodeIdLow(terms.nodeId().getLeastSignificantBits())
                .incarnation(incarnation)
                .heartbeatNumber(++heartbeatNumber);
    }

    /**
     * Reports a committed effect.
     *
     * @return length in bytes.
     */
    int effectCommitted(
            final long incarnation,
            final int chain,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        effect.wrapAndApplyHeader(buffer, 0, header)
                .chainEpoch(agent.chainEpoch(chain))
                .nodeIdHigh(terms.nodeId().getMostSignificantBits())
                .nodeIdLow(terms.nodeId().getLeastSignificantBits())
                .deviceUuidHigh(device.getMostSignificantBits())
                .deviceUuidLow(device.getLeastSignificantBits())
                .incarnation(incarnation)
                .effectNumber(effectNumber)
                .streamId(streamId)
                .segmentId(segmentId)
                .finalLength(finalLength)
                .chain(chain)
                .action(action.value());
        return HEADER + EffectCommittedEncoder.BLOCK_LENGTH;
    }

    /**
     * Answers how long a segment is by what is committed.
     *
     * @param question of the control plane, about a chain that this node has.
     * @return length in bytes.
     */
    int segmentAnswer(final SegmentQuestionDecoder question) {
        final int chain = question.chain();
        final Segment segment = agent.state(chain).segment(question.streamId(), question.segmentId());
        answer.wrapAndApplyHeader(buffer, 0, header)
                .nodeIdHigh(terms.nodeId().getMostSignificantBits())
                .nodeIdLow(terms.nodeId().getLeastSignificantBits())
                .queryId(question.queryId())
                .chainEpoch(agent.chainEpoch(chain))
                .length(segment == null || segment.isDeleted() ? SegmentLengths.ABSENT : segment.length())
                .startOffset(segment == null ? 0 : segment.startOffset())
                .index(question.index())
                .chain(chain)
                .isSealed((short) (segment != null && segment.isSealed() ? 1 : 0));
        return HEADER + SegmentAnswerEncoder.BLOCK_LENGTH;
    }
}
