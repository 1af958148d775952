package io.millrace.control;

import io.millrace.codec.control.AddNodeCommandEncoder;
import io.millrace.codec.control.ConfigureChainsCommandEncoder;
import io.millrace.codec.control.DrainNodeCommandEncoder;
import io.millrace.codec.control.ForceInstallCommandEncoder;
import io.millrace.codec.control.MessageHeaderEncoder;
import io.millrace.codec.control.RemoveNodeCommandEncoder;
import io.millrace.codec.control.ReplaceDeviceCommandEncoder;
import io.millrace.codec.control.SetFeatureLevelCommandEncoder;
import io.millrace.codec.wire.ClusterAction;
import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.OperateClusterDecoder;
import io.millrace.codec.wire.RefusalCode;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;
import org.agrona.MutableDirectBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What an operator orders by OperateCluster: read from its frame, written as the command of its action.
 * {@link OperatorCommands} applies that.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param action what to do.
 * @param requestId of the request.
 * @param node the node it is about.
 * @param device of the node.
 * @param newDevice that takes its place.
 * @param chainEpoch the sealed one.
 * @param chain data chain, from 1.
 * @param chainCount data chains.
 * @param replicationFactor members of each.
 * @param minimum members below which a chain refuses appends.
 * @param featureLevel to rise to.
 * @param members from head to tail.
 * @param reason for people.
 */
record OperatorOrder(
        ClusterAction action,
        long requestId,
        UUID node,
        UUID device,
        UUID newDevice,
        long chainEpoch,
        int chain,
        int chainCount,
        int replicationFactor,
        int minimum,
        int featureLevel,
        List<ReplicaId> members,
        String reason) {
    /**
     * Reads a frame.
     *
     * @param buffer with an OperateCluster frame that {@code WireFrames} has found well-formed.
     * @param offset of its SBE header.
     * @return the order.
     */
    static OperatorOrder read(final DirectBuffer buffer, final int offset) {
        final OperateClusterDecoder frame =
                new OperateClusterDecoder().wrapAndApplyHeader(buffer, offset, new MessageHeaderDecoder());
        final List<ReplicaId> members = new ArrayList<>();
        final OperateClusterDecoder.MembersDecoder entries = frame.members();
        while (entries.hasNext()) {
            entries.next();
            members.add(new ReplicaId(
                    new UUID(entries.nodeIdHigh(), entries.nodeIdLow()),
                    new UUID(entries.deviceUuidHigh(), entries.deviceUuidLow())));
        }
        return new OperatorOrder(
                frame.action(),
                frame.requestId(),
                new UUID(frame.nodeIdHigh(), frame.nodeIdLow()),
                new UUID(frame.deviceUuidHigh(), frame.deviceUuidLow()),
                new UUID(frame.newDeviceUuidHigh(), frame.newDeviceUuidLow()),
                frame.chainEpoch(),
                frame.chain(),
                frame.chainCount(),
                frame.replicationFactor(),
                frame.minimum(),
                frame.featureLevel(),
                List.copyOf(members),
                frame.reason());
    }

    /**
     * Finds what can be refused without looking at the state.
     *
     * @return why, or null.
     */
    @Nullable
    RefusalCode check() {
        final boolean isTooMuch = members.size() > Cluster.MAX_REPLICATION_FACTOR
                || (action == ClusterAction.SET_FEATURE_LEVEL && featureLevel > FeatureLevel.KNOWN);
        return isTooMuch ? RefusalCode.LIMIT_REACHED : null;
    }

    /** Returns the limit that {@link #check} has found to be passed. */
    long limit() {
        return action == ClusterAction.SET_FEATURE_LEVEL ? FeatureLevel.KNOWN : Cluster.MAX_REPLICATION_FACTOR;
    }

    /**
     * Encodes the command.
     *
     * @param key of the request.
     * @param buffer to write to, from index 0; expands.
     * @param header to write with.
     * @return bytes behind the header.
     */
    int encode(final RequestKey key, final MutableDirectBuffer buffer, final MessageHeaderEncoder header) {
        return switch (action) {
            case CONFIGURE_CHAINS ->
                new ConfigureChainsCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .clientIdHigh(key.clientIdHigh())
                        .clientIdLow(key.clientIdLow())
                        .requestId(key.requestId())
                        .chainCount(chainCount)
                        .replicationFactor(replicationFactor)
                        .minimum(minimum)
                        .encodedLength();
            case ADD_NODE ->
                new AddNodeCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .clientIdHigh(key.clientIdHigh())
                        .clientIdLow(key.clientIdLow())
                        .requestId(key.requestId())
                        .nodeIdHigh(node.getMostSignificantBits())
                        .nodeIdLow(node.getLeastSignificantBits())
                        .encodedLength();
            case DRAIN_NODE ->
                new DrainNodeCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .clientIdHigh(key.clientIdHigh())
                        .clientIdLow(key.clientIdLow())
                        .requestId(key.requestId())
                        .nodeIdHigh(node.getMostSignificantBits())
                        .nodeIdLow(node.getLeastSignificantBits())
                        .encodedLength();
            case REMOVE_NODE ->
                new RemoveNodeCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .clientIdHigh(key.clientIdHigh())
                        .clientIdLow(key.clientIdLow())
                        .requestId(key.requestId())
                        .nodeIdHigh(node.getMostSignificantBits())
                        .nodeIdLow(node.getLeastSignificantBits())
                        .encodedLength();
            case REPLACE_DEVICE ->
                new ReplaceDeviceCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .clientIdHigh(key.clientIdHigh())
                        .clientIdLow(key.clientIdLow())
                        .requestId(key.requestId())
                        .nodeIdHigh(node.getMostSignificantBits())
                        .nodeIdLow(node.getLeastSignificantBits())
                        .deviceUuidHigh(device.getMostSignificantBits())
                        .deviceUuidLow(device.getLeastSignificantBits())
                        .newDeviceUuidHigh(newDevice.getMostSignificantBits())
                        .newDeviceUuidLow(newDevice.getLeastSignificantBits())
                        .encodedLength();
            case FORCE_INSTALL -> forceInstall(key, buffer, header);
            case SET_FEATURE_LEVEL ->
                new SetFeatureLevelCommandEncoder()
                        .wrapAndApplyHeader(buffer, 0, header)
                        .clientIdHigh(key.clientIdHigh())
                        .clientIdLow(key.clientIdLow())
                        .requestId(key.requestId())
                        .featureLevel(featureLevel)
                        .encodedLength();
            default -> throw new IllegalArgumentException("action " + action + " is unknown");
        };
    }

    private int forceInstall(
            final RequestKey key, final MutableDirectBuffer buffer, final MessageHeaderEncoder header) {
        final ForceInstallCommandEncoder command = new ForceInstallCommandEncoder()
                .wrapAndApplyHeader(buffer, 0, header)
                .clientIdHigh(key.clientIdHigh())
                .clientIdLow(key.clientIdLow())
                .requestId(key.requestId())
                .chainEpoch(chainEpoch)
                .chain(chain);
        final ForceInstallCommandEncoder.MembersEncoder entries = command.membersCount(members.size());
        for (final ReplicaId member : members) {
            entries.next()
                    .nodeIdHigh(member.node().getMostSignificantBits())
                    .nodeIdLow(member.node().getLeastSignificantBits())
                    .deviceUuidHigh(member.device().getMostSignificantBits())
                    .deviceUuidLow(member.device().getLeastSignificantBits());
        }
        return command.reason(ReplyWriter.printable(reason)).encodedLength();
    }
}
