package io.millrace.server;

import io.millrace.control.ControlPlaneLink;
import io.millrace.server.cluster.NodeRole;
import io.millrace.server.configuration.NodeConfiguration;
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
    private final NodeConfiguration configuration;
    private final List<DeviceThread> threads;
    private final List<NodeDevice> devices;
    private final ErrorHandler errors;
    private final Consumer<String> warnings;
    private @Nullable AutoCloseable member;
    private @Nullable ControlPlaneLink link;

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
        throw new IllegalStateException("H2");
    }

    @Override
    public void close() {
        CloseHelper.closeAll(link, member);
    }
}
