package io.millrace.control;

import io.millrace.codec.chain.ChainMapEncoder;
import io.millrace.codec.chain.EffectOrderEncoder;
import io.millrace.codec.chain.InstallEncoder;
import io.millrace.codec.chain.LearnEncoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.NodeHeartbeatSeenEncoder;
import io.millrace.codec.chain.NodeRegisteredEncoder;
import io.millrace.codec.chain.RetireEncoder;
import io.millrace.codec.chain.SealEncoder;
import io.millrace.codec.chain.StateTakenEncoder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.ExpandableArrayBuffer;
import org.agrona.MutableDirectBuffer;

/**
 * Encodes what the control plane says to nodes, and tells it to {@link Effects#onNodeMessage}.
 *
 * <p><b>Threading:</b> one thread; a message is valid during the call that tells it.
 */
final class ChainMessages {
    /** Of ChainMap, besides the numbers of phases. */
    private static final int STATE_BLOCKED = 3;

    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(1024);
    private final MessageHeaderEncoder messageHeader = new MessageHeaderEncoder();
    private final NodeRegisteredEncoder nodeRegistered = new NodeRegisteredEncoder();
    private final NodeHeartbeatSeenEncoder heartbeatSeen = new NodeHeartbeatSeenEncoder();
    private final StateTakenEncoder stateTaken = new StateTakenEncoder();
    private final SealEncoder seal = new SealEncoder();
    private final InstallEncoder install = new InstallEncoder();
    private final LearnEncoder learn = new LearnEncoder();
    private final RetireEncoder retire = new RetireEncoder();
    private final EffectOrderEncoder effectOrder = new EffectOrderEncoder();
    private final ChainMapEncoder chainMap = new ChainMapEncoder();
    private final ClusterNodes nodes;

    /**
     * Makes an encoder.
     *
     * @param nodes of the cluster.
     */
    ChainMessages(final ClusterNodes nodes) {
        this.nodes = nodes;
    }

    /**
     * Tells a node which incarnation this start has.
     *
     * @param node its id.
     * @param endpoint where it is reached.
     * @param startId of the start.
     * @param clusterId of the cluster.
     * @param incarnation issued, 0: refused.
     * @param chainCount data chains.
     * @param refusal number of a RefusalCode, 0: none.
     * @param effects told.
     */
    void registered(
            final UUID node,
            final String endpoint,
            final UUID startId,
            final UUID clusterId,
            final long incarnation,
            final int chainCount,
            final int refusal,
            final Effects effects) {
        nodeRegistered
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .nodeIdHigh(node.getMostSignificantBits())
                .nodeIdLow(node.getLeastSignificantBits())
                .startIdHigh(startId.getMostSignificantBits())
                .startIdLow(startId.getLeastSignificantBits())
                .incarnation(incarnation)
                .chainCount(chainCount)
                .refusal(refusal)
                .clusterIdHigh(clusterId.getMostSignificantBits())
                .clusterIdLow(clusterId.getLeastSignificantBits());
        tell(node, endpoint, nodeRegistered.encodedLength(), effects);
    }

    /**
     * Tells a node that was alone that its state is part of the cluster.
     *
     * @param node its id.
     * @param endpoint where it is reached.
     * @param alone what the state says of the node.
     * @param clusterId of the cluster.
     * @param effects told.
     */
    void stateTaken(
            final UUID node, final String endpoint, final Node alone, final UUID clusterId, final Effects effects) {
        stateTaken
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .nodeIdHigh(node.getMostSignificantBits())
                .nodeIdLow(node.getLeastSignificantBits())
                .deviceUuidHigh(alone.device().getMostSignificantBits())
                .deviceUuidLow(alone.device().getLeastSignificantBits())
                .startNumber(alone.incarnation())
                .clusterIdHigh(clusterId.getMostSignificantBits())
                .clusterIdLow(clusterId.getLeastSignificantBits());
        tell(node, endpoint, stateTaken.encodedLength(), effects);
    }

    /**
     * Tells a node that its heartbeat was seen.
     *
     * @param node its id.
     * @param endpoint where it is reached.
     * @param incarnation that the heartbeat came with.
     * @param heartbeatNumber of it.
     * @param expected incarnation.
     * @param effects told.
     */
    void heartbeatSeen(
            final UUID node,
            final String endpoint,
            final long incarnation,
            final long heartbeatNumber,
            final long expected,
            final Effects effects) {
        heartbeatSeen
                .wrapAndApplyHeader(buffer, 0, messageHeader)
                .nodeIdHigh(node.getMostSignificantBits())
                .nodeIdLow(node.getLeastSignificantBits())
                .incarnation(incarnation)
                .heartbeatNumber(heartbeatNumber)
                .expected(expected);
        tell(node, endpoint, heartbeatSeen.encodedLength(), effects);
    }

    /**
     * Asks a replica to promise the sealed epoch.
     *
     * @param chain of the replica.
     * @param to the replica.
     * @param incarnation of its node.
     * @param effects told.
     */
    void seal(final ReplicatedChain chain, final Replica to, final long incarnation, final Effects effects) {
        seal.wrapAndApplyHeader(buffer, 0, messageHeader)
                .chainEpoch(chain.sealEpoch)
                .nodeIdHigh(to.id.node().getMostSignificantBits())
                .nodeIdLow(to.id.node().getLeastSignificantBits())
                .deviceUuidHigh(to.id.device().getMostSignificantBits())
                .deviceUuidLow(to.id.device().getLeastSignificantBits())
                .incarnation(incarnation)
                .sinceEpoch(to.sinceEpoch)
                .orderNumber(to.orderNumber)
                .chain(chain.chain);
        tell(to.id, seal.encodedLength(), effects);
    }

    /**
     * Tells a member the configuration.
     *
     * @param chain with the configuration.
     * @param to the member.
     * @param current incarnation of its node.
     * @param isBound whether the incarnations are those that were chosen; else those of now.
     * @param effects told.
     */
    void install(
            final ReplicatedChain chain,
            final Replica to,
            final long current,
            final boolean isBound,
            final Effects effects) {
        install.wrapAndApplyHeader(buffer, 0, messageHeader)
                .chainEpoch(chain.epoch)
                .nodeIdHigh(to.id.node().getMostSignificantBits())
                .nodeIdLow(to.id.node().getLeastSignificantBits())
                .deviceUuidHigh(to.id.device().getMostSignificantBits())
                .deviceUuidLow(to.id.device().getLeastSignificantBits())
                .incarnation(isBound ? to.incarnation : current)
                .startPosition(chain.startPosition)
                .floorPosition(chain.floorPosition)
                .orderNumber(to.orderNumber)
                .chain(chain.chain)
                .minimum(chain.minimum)
                .forced((short) (chain.forcedEpoch == chain.epoch ? 1 : 0));
        final InstallEncoder.MembersEncoder members = install.membersCount(chain.members.size());
        for (final Replica member : chain.members) {
            members.next()
                    .nodeIdHigh(member.id.node().getMostSignificantBits())
                    .nodeIdLow(member.id.node().getLeastSignificantBits())
                    .deviceUuidHigh(member.id.device().getMostSignificantBits())
                    .deviceUuidLow(member.id.device().getLeastSignificantBits())
                    .incarnation(isBound ? member.incarnation : nodes.incarnation(member.id.node()))
                    .sinceEpoch(member.sinceEpoch)
                    .endpoint(nodes.endpoint(member.id));
        }
        // Learners come and go within an epoch, and one epoch has one content: they are told by Learn.
        install.learnersCount(0);
        final InstallEncoder.HistoryEncoder history = install.historyCount(chain.history.count());
        for (int i = 0; i < chain.history.count(); i++) {
            history.next().epoch(chain.history.epoch(i)).startPosition(chain.history.start(i));
        }
        tell(to.id, install.encodedLength(), effects);
    }

    /**
     * Tells a device to become a learner.
     *
     * @param chain to learn.
     * @param to the learner.
     * @param source member to learn from.
     * @param effects told.
     */
    void learn(final ReplicatedChain chain, final Replica to, final Replica source, final Effects effects) {
        learn.wrapAndApplyHeader(buffer, 0, messageHeader)
                .chainEpoch(chain.epoch)
                .nodeIdHigh(to.id.node().getMostSignificantBits())
                .nodeIdLow(to.id.node().getLeastSignificantBits())
                .deviceUuidHigh(to.id.device().getMostSignificantBits())
                .deviceUuidLow(to.id.device().getLeastSignificantBits())
                .incarnation(to.incarnation)
                .sinceEpoch(to.sinceEpoch)
                .sourceNodeIdHigh(source.id.node().getMostSignificantBits())
                .sourceNodeIdLow(source.id.node().getLeastSignificantBits())
                .sourceDeviceUuidHigh(source.id.device().getMostSignificantBits())
                .sourceDeviceUuidLow(source.id.device().getLeastSignificantBits())
                .sourceIncarnation(source.incarnation)
                .startPosition(chain.startPosition)
                .orderNumber(to.orderNumber)
                .chain(chain.chain);
        final LearnEncoder.HistoryEncoder history = learn.historyCount(chain.history.count());
        for (int i = 0; i < chain.history.count(); i++) {
            history.next().epoch(chain.history.epoch(i)).startPosition(chain.history.start(i));
        }
        learn.sourceEndpoint(nodes.endpoint(source.id));
        tell(to.id, learn.encodedLength(), effects);
    }

    /**
     * Tells a device to forget the chain.
     *
     * @param chain to forget.
     * @param to the device.
     * @param incarnation of its node.
     * @param effects told.
     */
    void retire(final ReplicatedChain chain, final Replica to, final long incarnation, final Effects effects) {
        retire.wrapAndApplyHeader(buffer, 0, messageHeader)
                .chainEpoch(chain.epoch)
                .nodeIdHigh(to.id.node().getMostSignificantBits())
                .nodeIdLow(to.id.node().getLeastSignificantBits())
                .deviceUuidHigh(to.id.device().getMostSignificantBits())
                .deviceUuidLow(to.id.device().getLeastSignificantBits())
                .incarnation(incarnation)
                .sinceEpoch(to.sinceEpoch)
                .orderNumber(to.orderNumber)
                .chain(chain.chain);
        tell(to.id, retire.encodedLength(), effects);
    }

    /**
     * Encodes an effect for the head of a chain.
     *
     * @param chain whose.
     * @param effectNumber dense per chain.
     * @param effect buffer with a SegmentEffect and its SBE header.
     * @param offset of the header.
     * @param length bytes with the header.
     * @param target to write to; expands.
     * @param targetOffset of the first byte.
     * @return bytes written.
     */
    int effectOrder(
            final ReplicatedChain chain,
            final long effectNumber,
            final DirectBuffer effect,
            final int offset,
            final int length,
            final MutableDirectBuffer target,
            final int targetOffset) {
        final Replica head = chain.members.get(0);
        effectOrder
                .wrapAndApplyHeader(target, targetOffset, messageHeader)
                .chainEpoch(chain.epoch)
                .nodeIdHigh(head.id.node().getMostSignificantBits())
                .nodeIdLow(head.id.node().getLeastSignificantBits())
                .deviceUuidHigh(head.id.device().getMostSignificantBits())
                .deviceUuidLow(head.id.device().getLeastSignificantBits())
                .incarnation(head.incarnation)
                .effectNumber(effectNumber)
                .chain(chain.chain)
                .putEffect(effect, offset, length);
        return MessageHeaderEncoder.ENCODED_LENGTH + effectOrder.encodedLength();
    }

    /**
     * Encodes where a chain is served.
     *
     * @param chain which.
     * @param correlationId of the question, 0: not asked for.
     * @param target to write to; expands.
     * @param targetOffset of the first byte.
     * @return bytes written.
     */
    int chainMap(
            final ReplicatedChain chain,
            final long correlationId,
            final MutableDirectBuffer target,
            final int targetOffset) {
        chainMap.wrapAndApplyHeader(target, targetOffset, messageHeader)
                .correlationId(correlationId)
                .chainEpoch(chain.epoch)
                .chain(chain.chain)
                .state((short) (chain.isBlocked() ? STATE_BLOCKED : chain.phase.value()));
        final ChainMapEncoder.MembersEncoder members = chainMap.membersCount(chain.members.size());
        for (final Replica member : chain.members) {
            members.next()
                    .nodeIdHigh(member.id.node().getMostSignificantBits())
                    .nodeIdLow(member.id.node().getLeastSignificantBits())
                    .deviceUuidHigh(member.id.device().getMostSignificantBits())
                    .deviceUuidLow(member.id.device().getLeastSignificantBits())
                    .incarnation(member.incarnation)
                    .endpoint(nodes.endpoint(member.id));
        }
        return MessageHeaderEncoder.ENCODED_LENGTH + chainMap.encodedLength();
    }

    /**
     * Says where a chain is served.
     *
     * @param chain which.
     * @return its view.
     */
    ChainView view(final ReplicatedChain chain) {
        final List<ChainView.Member> members = new ArrayList<>();
        for (final Replica member : chain.members) {
            members.add(new ChainView.Member(
                    member.id,
                    member.incarnation,
                    member.isInstalled,
                    chain.phase == ChainPhase.SEALING && member.report != null,
                    nodes.endpoint(member.id)));
        }
        return new ChainView(
                chain.chain,
                chain.epoch,
                chain.sealEpoch,
                chain.phase.name(),
                chain.block,
                chain.cause.name(),
                chain.startPosition,
                chain.floorPosition,
                List.copyOf(members),
                List.copyOf(chain.others.keySet()),
                List.copyOf(chain.targets));
    }

    private void tell(final ReplicaId to, final int encodedLength, final Effects effects) {
        tell(to.node(), nodes.endpoint(to), encodedLength, effects);
    }

    private void tell(final UUID node, final String endpoint, final int encodedLength, final Effects effects) {
        effects.onNodeMessage(
                node.getMostSignificantBits(),
                node.getLeastSignificantBits(),
                endpoint,
                buffer,
                0,
                MessageHeaderEncoder.ENCODED_LENGTH + encodedLength);
    }
}
