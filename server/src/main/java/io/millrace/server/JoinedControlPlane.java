package io.millrace.server;

import io.millrace.control.ReconfigurationLimits;
import io.millrace.control.consensus.ControlClient;
import io.millrace.control.consensus.ControlClientContext;
import io.millrace.control.consensus.ControlMember;
import io.millrace.control.consensus.GroupContext;
import io.millrace.control.consensus.GroupLimits;
import io.millrace.server.cluster.NodeRole;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.jspecify.annotations.Nullable;

/**
 * The control plane of a cluster: a member of it in this process, where the configuration says so, and the node's
 * session with whoever leads.
 *
 * <p><b>Threading</b>: the thread that starts the node; member and session have threads of their own.
 */
final class JoinedControlPlane implements NodeControlPlane {
    private static final String DIRECTORY = "control";

    /**
     * So long a change waits for members that are alive: who is left out, for one slow write, has to learn again. It
     * holds nothing up when a member is dead, for nobody waits for one without a lease.
     */
    private static final long SEAL_GRACE_NS = 1_000_000_000L;

    private final NodeConfiguration configuration;
    private final List<DeviceThread> threads;
    private final List<NodeDevice> devices;
    private final ErrorHandler errors;
    private final Consumer<String> warnings;
    private @Nullable ControlMember member;
    private @Nullable ControlClient client;

    /** Joins the devices, before they recover. */
    JoinedControlPlane(
            final NodeConfiguration configuration,
            final List<DeviceThread> threads,
            final List<NodeDevice> devices,
            final ErrorHandler errors,
            final Consumer<String> warnings) {
        this.configuration = configuration;
        this.threads = threads;
        this.devices = devices;
        this.errors = errors;
        this.warnings = warnings;
    }

    @Override
    public void start() {
        final int index = configuration.integer(Setting.CLUSTER_MEMBER);
        final Path media = Path.of(NodeMedia.aeronDirectory(configuration) + "-control");
        final NodeDevice device = devices.get(0);
        final String endpoint = device.advertisedEndpoint();
        final ControlClientContext session = new ControlClientContext()
                .nodeId(DataDirectory.nodeId(configuration))
                .members(configuration.clusterMembers())
                .host(endpoint.substring(0, endpoint.lastIndexOf(':')))
                .errorHandler(errors);
        if (index >= 0) {
            final ControlMember started = new ControlMember(new GroupContext()
                    .members(index, configuration.clusterMembers())
                    .directory(configuration.dataDirectory().resolve(DIRECTORY))
                    .aeronDirectory(media)
                    .limits(limits())
                    .mayFound(new ClusterFile(configuration.dataDirectory()).clusterId() == null)
                    .errorHandler(errors)
                    .warnings(text -> warnings.accept("control plane: " + text)));
            member = started;
            session.aeronDirectory(started.aeronDirectory());
        } else {
            session.ownDriver(media);
        }
        final ControlClient opened = new ControlClient(session);
        client = opened;
        final NodeRole role = device.role();
        if (role == null) {
            throw new IllegalStateException("a device of a cluster has no role");
        }
        threads.get(0).run(() -> role.begin(opened, endpoint));
    }

    private GroupLimits limits() {
        final ReconfigurationLimits defaults = ReconfigurationLimits.DEFAULT;
        return new GroupLimits(
                GroupLimits.DEFAULT.control(),
                new ReconfigurationLimits(
                        configuration.number(Setting.CLUSTER_LEASE),
                        defaults.maxTickStepNs(),
                        SEAL_GRACE_NS,
                        defaults.restartGraceNs(),
                        defaults.installTimeoutNs(),
                        configuration.number(Setting.CLUSTER_SUSPICION),
                        defaults.slowLagNs(),
                        defaults.slowEvictNs(),
                        defaults.stallToleranceNs(),
                        defaults.replaceAfterNs(),
                        defaults.planIntervalNs(),
                        defaults.maxHistory(),
                        defaults.maxReplicas(),
                        defaults.maxDevicesPerNode()),
                GroupLimits.DEFAULT.tickNs(),
                GroupLimits.DEFAULT.slowTickNs());
    }

    @Override
    public @Nullable ControlMember member() {
        return member;
    }

    @Override
    public void close() {
        CloseHelper.closeAll(client, member);
    }
}
