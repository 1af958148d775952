package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.control.ControlLimits;
import io.millrace.control.ControlStatus;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.agrona.concurrent.NanoClock;

/**
 * The control plane of a node alone: on chain 0, on the first device, whose thread it shares.
 *
 * <p><b>Threading</b>: the thread that starts the node; each step on the thread of its device.
 */
final class OwnControlPlane implements NodeControlPlane {
    private static final long START_TIMEOUT_NS = 30_000_000_000L;

    private final NodeConfiguration configuration;
    private final List<DeviceThread> threads;
    private final List<NodeDevice> devices;
    private final NanoClock clock;
    private final ControlCarrier control;
    private final List<LinkedDevice> linked = new ArrayList<>();

    /** Joins the devices, before they recover. */
    OwnControlPlane(
            final NodeConfiguration configuration,
            final List<DeviceThread> threads,
            final List<NodeDevice> devices,
            final NanoClock clock) {
        this.configuration = configuration;
        this.threads = threads;
        this.devices = devices;
        this.clock = clock;
        final List<DeviceLink> links = new ArrayList<>();
        for (int i = 1; i < devices.size(); i++) {
            links.add(new DeviceLink());
        }
        final NodeDevice first = devices.get(0);
        control = threads.get(0).call(() -> new ControlCarrier(first.agent(), links, ControlLimits.DEFAULT));
        for (int i = 1; i < devices.size(); i++) {
            final NodeDevice device = devices.get(i);
            final DeviceLink link = links.get(i - 1);
            linked.add(threads.get(i).call(() -> new LinkedDevice(device.agent(), link)));
        }
    }

    @Override
    public void start() {
        final NodeDevice first = devices.get(0);
        for (int i = 1; i < devices.size(); i++) {
            control.place(i, devices.get(i).acceptor().boundEndpoint());
            linked.get(i - 1).controlEndpoint(first.acceptor().boundEndpoint());
        }
        threads.get(0).run(this::begin);
    }

    private void begin() {
        final NodeDevice device = devices.get(0);
        final UUID node = DataDirectory.nodeId(configuration);
        final UUID deviceSet = DataDirectory.deviceSetId(deviceSet());
        final long deadlineNs = clock.nanoTime() + START_TIMEOUT_NS;
        boolean appended = false;
        while (!control.service().isReady()) {
            final long nowNs = clock.nanoTime();
            if (!appended) {
                appended = control.service()
                        .tryStartNode(
                                node,
                                deviceSet,
                                device.agent().journal().incarnation(),
                                configuration.integer(Setting.CHAINS),
                                device.acceptor().boundEndpoint());
            }
            device.agent().doWork(nowNs);
            device.transport().doWork();
            device.agent().journal().await(NodeDevice.MAX_WAIT_NS);
            refuseStart(control.service().startResult());
            final String fenced = device.agent().fencedReason();
            if (fenced != null || nowNs > deadlineNs) {
                throw new MillraceException(
                        ErrorCode.DEVICE_FENCED,
                        fenced != null ? fenced : "the journal took no record within 30 s of the start");
            }
        }
    }

    /** A device's id is fixed at its opening: it may be read on any thread. */
    private List<UUID> deviceSet() {
        final List<UUID> uuids = new ArrayList<>();
        for (final NodeDevice device : devices) {
            uuids.add(device.agent().journal().deviceUuid());
        }
        return uuids;
    }

    private void refuseStart(final int result) {
        if (result == ControlStatus.OPEN || result == ControlStatus.DONE) {
            return;
        }
        throw new MillraceException(
                ErrorCode.DEVICE_EXCHANGED,
                "chain 0 on " + devices.get(0).journalPath() + " refuses this start: "
                        + (result == ControlStatus.DEVICE_MISMATCH
                                ? "it was first used with other devices, another number or another order of them; name"
                                        + " those in journal.paths"
                                : "status " + result
                                        + "; an older copy of the journal may have been put in its place"));
    }

    @Override
    public void close() {
        // everything is the devices'
    }
}
