package io.millrace.control;

import io.millrace.codec.control.AddNodeCommandDecoder;
import io.millrace.codec.control.ConfigureChainsCommandDecoder;
import io.millrace.codec.control.DrainNodeCommandDecoder;
import io.millrace.codec.control.ForceInstallCommandDecoder;
import io.millrace.codec.control.MessageHeaderDecoder;
import io.millrace.codec.control.RemoveNodeCommandDecoder;
import io.millrace.codec.control.ReplaceDeviceCommandDecoder;
import io.millrace.codec.control.SetFeatureLevelCommandDecoder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.DirectBuffer;

/**
 * Reads what operators order and applies it to the cluster.
 *
 * <p><b>Threading:</b> one thread.
 */
final class OperatorCommands {
    private final MessageHeaderDecoder messageHeader = new MessageHeaderDecoder();
    private final ConfigureChainsCommandDecoder configureChains = new ConfigureChainsCommandDecoder();
    private final AddNodeCommandDecoder addNode = new AddNodeCommandDecoder();
    private final DrainNodeCommandDecoder drainNode = new DrainNodeCommandDecoder();
    private final RemoveNodeCommandDecoder removeNode = new RemoveNodeCommandDecoder();
    private final ReplaceDeviceCommandDecoder replaceDevice = new ReplaceDeviceCommandDecoder();
    private final ForceInstallCommandDecoder forceInstall = new ForceInstallCommandDecoder();
    private final SetFeatureLevelCommandDecoder setFeatureLevel = new SetFeatureLevelCommandDecoder();

    /**
     * Tells whether a command is an operator's.
     *
     * @param templateId of {@code millrace-control.xml}.
     * @return true when {@link #apply} takes it.
     */
    static boolean handles(final int templateId) {
        return templateId >= ConfigureChainsCommandDecoder.TEMPLATE_ID
                && templateId <= SetFeatureLevelCommandDecoder.TEMPLATE_ID;
    }

    /**
     * Applies a command.
     *
     * @param cluster to apply it to.
     * @param templateId one that {@link #handles}.
     * @param command buffer with it.
     * @param offset of its SBE header.
     * @param effects told.
     * @return a code of {@link ControlStatus} or a refusal.
     */
    int apply(
            final Cluster cluster,
            final int templateId,
            final DirectBuffer command,
            final int offset,
            final Effects effects) {
        switch (templateId) {
            case ConfigureChainsCommandDecoder.TEMPLATE_ID -> {
                configureChains.wrapAndApplyHeader(command, offset, messageHeader);
                return cluster.configure(
                        configureChains.chainCount(),
                        configureChains.replicationFactor(),
                        configureChains.minimum(),
                        effects);
            }
            case AddNodeCommandDecoder.TEMPLATE_ID -> {
                addNode.wrapAndApplyHeader(command, offset, messageHeader);
                return cluster.addNode(new UUID(addNode.nodeIdHigh(), addNode.nodeIdLow()));
            }
            case DrainNodeCommandDecoder.TEMPLATE_ID -> {
                drainNode.wrapAndApplyHeader(command, offset, messageHeader);
                return cluster.drainNode(new UUID(drainNode.nodeIdHigh(), drainNode.nodeIdLow()));
            }
            case RemoveNodeCommandDecoder.TEMPLATE_ID -> {
                removeNode.wrapAndApplyHeader(command, offset, messageHeader);
                return cluster.removeNode(new UUID(removeNode.nodeIdHigh(), removeNode.nodeIdLow()));
            }
            case ReplaceDeviceCommandDecoder.TEMPLATE_ID -> {
                replaceDevice.wrapAndApplyHeader(command, offset, messageHeader);
                return cluster.replaceDevice(
                        new ReplicaId(
                                new UUID(replaceDevice.nodeIdHigh(), replaceDevice.nodeIdLow()),
                                new UUID(replaceDevice.deviceUuidHigh(), replaceDevice.deviceUuidLow())),
                        new UUID(replaceDevice.newDeviceUuidHigh(), replaceDevice.newDeviceUuidLow()));
            }
            case SetFeatureLevelCommandDecoder.TEMPLATE_ID -> {
                setFeatureLevel.wrapAndApplyHeader(command, offset, messageHeader);
                return cluster.raiseFeatureLevel(setFeatureLevel.featureLevel());
            }
            default -> {
                forceInstall.wrapAndApplyHeader(command, offset, messageHeader);
                final List<ReplicaId> members = new ArrayList<>();
                final ForceInstallCommandDecoder.MembersDecoder entries = forceInstall.members();
                while (entries.hasNext()) {
                    entries.next();
                    members.add(new ReplicaId(
                            new UUID(entries.nodeIdHigh(), entries.nodeIdLow()),
                            new UUID(entries.deviceUuidHigh(), entries.deviceUuidLow())));
                }
                return cluster.forceInstall(forceInstall.chain(), forceInstall.chainEpoch(), members, effects);
            }
        }
    }
}
