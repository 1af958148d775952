package io.millrace.replication;

import io.millrace.codec.chain.EffectCommittedEncoder;
import io.millrace.codec.chain.InstalledEncoder;
import io.millrace.codec.chain.LearnerCompleteEncoder;
import io.millrace.codec.chain.MessageHeaderEncoder;
import io.millrace.codec.chain.RetiredEncoder;
import io.millrace.codec.chain.SealedEncoder;
import io.millrace.codec.control.EffectAction;
import java.util.UUID;
import org.agrona.ExpandableArrayBuffer;

/**
 * What a replica answers to the control plane.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ControlMessages {
    private static final int HEADER = MessageHeaderEncoder.ENCODED_LENGTH;

    private final ControlLink link;
    private final long nodeIdHigh;
    private final long nodeIdLow;
    private final UUID deviceUuid;
    private final ExpandableArrayBuffer buffer = new ExpandableArrayBuffer(1024);
    private final MessageHeaderEncoder header = new MessageHeaderEncoder();
    private final SealedEncoder sealed = new SealedEncoder();
    private final InstalledEncoder installed = new InstalledEncoder();
    private final LearnerCompleteEncoder complete = new LearnerCompleteEncoder();
    private final RetiredEncoder retired = new RetiredEncoder();
    private final EffectCommittedEncoder effect = new EffectCommittedEncoder();
    private long incarnation;

    /**
     * Speaks for one device.
     *
     * @param cluster names the node and the link.
     * @param deviceUuid of the device.
     */
    ControlMessages(final ChainCluster cluster, final UUID deviceUuid) {
        link = cluster.control();
        nodeIdHigh = cluster.nodeIdHigh();
        nodeIdLow = cluster.nodeIdLow();
        this.deviceUuid = deviceUuid;
    }

    /** Takes over the number of this run that the control plane has issued. */
    void incarnation(final long issued) {
        incarnation = issued;
    }

    /** Gives the number of this run, 0 before the control plane has issued one. */
    long incarnation() {
        return incarnation;
    }

    /** Gives who this device is. */
    ReplicaAddress own() {
        return new ReplicaAddress(
                nodeIdHigh,
                nodeIdLow,
                deviceUuid.getMostSignificantBits(),
                deviceUuid.getLeastSignificantBits(),
                incarnation,
                "");
    }

    /** Tells whether a message is for this device of this node. */
    boolean isForDevice(final long toNodeHigh, final long toNodeLow, final long toDeviceHigh, final long toDeviceLow) {
        return toNodeHigh == nodeIdHigh
                && toNodeLow == nodeIdLow
                && toDeviceHigh == deviceUuid.getMostSignificantBits()
                && toDeviceLow == deviceUuid.getLeastSignificantBits();
    }

    /** Answers a Seal. */
    boolean sealed(final ChainReplica replica, final boolean amnesia, final boolean isComplete, final long epoch) {
        final ChainLog log = replica.log();
        final ChainOrders orders = replica.orders();
        final PositionRanges holes = log.holes();
        final boolean learner = orders.learn != null;
        sealed.wrapAndApplyHeader(buffer, 0, header)
                .chainEpoch(epoch)
                .nodeIdHigh(nodeIdHigh)
                .nodeIdLow(nodeIdLow)
                .deviceUuidHigh(deviceUuid.getMostSignificantBits())
                .deviceUuidLow(deviceUuid.getLeastSignificantBits())
                .incarnation(incarnation)
                .sinceEpoch(replica.state().memberSinceEpoch())
                .installedEpoch(Math.max(replica.chainEpoch(), log.truncatedEpoch()))
                .basePosition(log.basePosition())
                .baseEpoch(log.baseEpoch())
                .baseHash(log.baseHash())
                .lastPosition(log.lastPosition())
                .lastHash(log.lastHash())
                .durablePosition(replica.durablePosition())
                .commitPosition(replica.commitPosition())
                .orderNumber(orders.sealOrderNumber)
                .chain(replica.chain())
                .amnesia((short) (amnesia ? 1 : 0))
                .complete((short) (isComplete ? 1 : 0))
                .damaged((short) (holes.isEmpty() && replica.haltReason() == null ? 0 : 1))
                .uncertainTail((short) (replica.isUncertain() ? 1 : 0))
                .learner((short) (learner ? 1 : 0));
        final EpochHistory epochs = log.epochs();
        final SealedEncoder.HistoryEncoder history = sealed.historyCount(epochs.size());
        for (int i = 0; i < epochs.size(); i++) {
            history.next().epoch(epochs.epoch(i)).startPosition(epochs.start(i));
        }
        final SealedEncoder.DamagedRangesEncoder ranges = sealed.damagedRangesCount(holes.size());
        for (int i = 0; i < holes.size(); i++) {
            ranges.next().fromPosition(holes.first(i)).toPosition(holes.last(i));
        }
        return link.offer(buffer, 0, HEADER + sealed.encodedLength());
    }

    /** Answers an Install. */
    boolean installed(final ChainReplica replica) {
        installed
                .wrapAndApplyHeader(buffer, 0, header)
                .chainEpoch(replica.chainEpoch())
                .nodeIdHigh(nodeIdHigh)
                .nodeIdLow(nodeIdLow)
                .deviceUuidHigh(deviceUuid.getMostSignificantBits())
                .deviceUuidLow(deviceUuid.getLeastSignificantBits())
                .incarnation(incarnation)
                .lastPosition(replica.sequencedPosition())
                .orderNumber(replica.orders().installedOrderNumber)
                .chain(replica.chain());
        return link.offer(buffer, 0, HEADER + InstalledEncoder.BLOCK_LENGTH);
    }

    /** Reports that a learner has everything. */
    boolean learnerComplete(final ChainReplica replica, final LearnOrder learn) {
        final ChainLog log = replica.log();
        complete.wrapAndApplyHeader(buffer, 0, header)
                .chainEpoch(learn.epoch)
                .nodeIdHigh(nodeIdHigh)
                .nodeIdLow(nodeIdLow)
                .deviceUuidHigh(deviceUuid.getMostSignificantBits())
                .deviceUuidLow(deviceUuid.getLeastSignificantBits())
                .incarnation(incarnation)
                .basePosition(log.basePosition())
                .baseEpoch(log.baseEpoch())
                .baseHash(log.baseHash())
                .lastPosition(log.lastPosition())
                .orderNumber(learn.orderNumber)
                .chain(replica.chain());
        return link.offer(buffer, 0, HEADER + LearnerCompleteEncoder.BLOCK_LENGTH);
    }

    /** Answers a Retire. */
    boolean retired(final int chain, final long epoch, final long sinceEpoch, final long orderNumber) {
        retired.wrapAndApplyHeader(buffer, 0, header)
                .chainEpoch(epoch)
                .nodeIdHigh(nodeIdHigh)
                .nodeIdLow(nodeIdLow)
                .deviceUuidHigh(deviceUuid.getMostSignificantBits())
                .deviceUuidLow(deviceUuid.getLeastSignificantBits())
                .incarnation(incarnation)
                .sinceEpoch(sinceEpoch)
                .orderNumber(orderNumber)
                .chain(chain);
        return link.offer(buffer, 0, HEADER + RetiredEncoder.BLOCK_LENGTH);
    }

    /** Reports a committed effect; the control plane asks again for what is lost. */
    boolean effectCommitted(
            final ChainReplica replica,
            final long effectNumber,
            final EffectAction action,
            final long streamId,
            final long segmentId,
            final long finalLength) {
        effect.wrapAndApplyHeader(buffer, 0, header)
                .chainEpoch(replica.chainEpoch())
                .nodeIdHigh(nodeIdHigh)
                .nodeIdLow(nodeIdLow)
                .deviceUuidHigh(deviceUuid.getMostSignificantBits())
                .deviceUuidLow(deviceUuid.getLeastSignificantBits())
                .incarnation(incarnation)
                .effectNumber(effectNumber)
                .streamId(streamId)
                .segmentId(segmentId)
                .finalLength(finalLength)
                .chain(replica.chain())
                .action(action.value());
        return link.offer(buffer, 0, HEADER + EffectCommittedEncoder.BLOCK_LENGTH);
    }
}
