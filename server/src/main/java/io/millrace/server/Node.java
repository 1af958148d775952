package io.millrace.server;

import io.millrace.codec.AllowedHere;
import io.millrace.codec.MillraceException;
import io.millrace.control.consensus.ControlMember;
import io.millrace.replication.ChainPlacement;
import io.millrace.server.cluster.ClusterTerms;
import io.millrace.server.cluster.NodeRole;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.host.Budget;
import io.millrace.server.host.CpuAffinity;
import io.millrace.store.StoreLimits;
import io.millrace.transport.IdlePolicy;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * One appliance: composes media, devices and control plane, and runs them: all on one thread, or each device on its own
 * and the media driver on others ({@link ThreadPlan}). The control plane lies on device 0, whose thread it shares.
 *
 * <p><b>Threading</b>: the thread that constructs it runs it, and closes it; {@link #stop()} may come from any thread.
 */
public final class Node implements AutoCloseable {
    private final NodeConfiguration configuration;
    private final Consumer<String> warnings;
    private final NanoClock clock = SystemNanoClock.INSTANCE;
    private final ThreadPlan plan;
    private final BoundThreads boundThreads;
    private final List<DeviceThread> threads = new ArrayList<>();
    private final List<NodeDevice> devices = new ArrayList<>();
    private final NodeReport report;
    private final NodeHealth health;
    private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
    private @Nullable NodeMedia media;
    private @Nullable NodeControlPlane controlPlane;
    private volatile boolean stopping;
    private boolean closed;

    /**
     * Formats the journals if that was decided, recovers them, and starts to listen.
     *
     * @param configuration of the node.
     * @param mustFormat as {@link DataDirectory#mustFormat} decided.
     * @param warnings takes lines an operator should see; from any thread.
     * @param errors takes what goes wrong while running; from any thread.
     * @param health is told what becomes of the node.
     * @param listener starts to answer for the node's health: before anything that takes long, formatting or recovery,
     *     but never while another process may have the journal. Of two nodes on one data directory both want the port
     *     of HTTP; the operator must be told of the journal (MR-6004), not of the port.
     * @throws MillraceException when the node cannot start; nothing is left behind.
     */
    @AllowedHere("composition root")
    Node(
            final NodeConfiguration configuration,
            final boolean mustFormat,
            final Consumer<String> warnings,
            final ErrorHandler errors,
            final NodeHealth health,
            final Runnable listener) {
        this.health = health;
        this.configuration = configuration;
        this.warnings = warnings;
        final long startedNs = clock.nanoTime();
        final CpuAffinity affinity = CpuAffinity.load();
        final int cores = Runtime.getRuntime().availableProcessors();
        plan = ThreadPlan.of(configuration, CpuAffinity.allowed(affinity, cores), cores);
        boundThreads = new BoundThreads(affinity);
        final DataDirectory directory = new DataDirectory(configuration);
        if (!isClustered()) {
            ClusterFile.requireNone(configuration.dataDirectory());
        }
        if (mustFormat) {
            listener.run(); // nobody has a journal that does not exist
            directory.format((device, done, total) -> {});
        }
        try {
            openDevices();
            final NodeControlPlane joined = isClustered()
                    ? new JoinedControlPlane(configuration, threads, devices, errors, warnings)
                    : new OwnControlPlane(configuration, threads, devices, clock);
            controlPlane = joined;
            directory.admit(deviceUuids());
            if (!mustFormat) {
                listener.run();
            }
            onAll(device -> {
                device.agent().recover();
                return true;
            });
            final IdlePolicy idlePolicy = idlePolicy(configuration);
            final NodeMedia opened = new NodeMedia(configuration, plan, boundThreads, idlePolicy, errors, warnings);
            media = opened;
            for (int i = 0; i < devices.size(); i++) {
                final NodeDevice device = devices.get(i);
                threads.get(i).run(() -> device.listen(opened, idlePolicy));
            }
            joined.start();
            bindDevices();
            report = threads.get(0)
                    .call(() -> NodeReport.of(
                            configuration.text(Setting.NODE_NAME),
                            devices,
                            plan,
                            idlePolicy,
                            mustFormat,
                            clock.nanoTime() - startedNs));
        } catch (final RuntimeException | Error exception) {
            closeQuietly();
            throw exception;
        }
    }

    private void openDevices() {
        final SecureRandom random = new SecureRandom();
        final StoreLimits storeLimits =
                storeLimits(configuration, Runtime.getRuntime().maxMemory());
        final int chainCount = configuration.integer(Setting.CHAINS);
        final int deviceCount = plan.devices().size();
        final List<Future<NodeDevice>> opening = new ArrayList<>();
        for (int i = 0; i < deviceCount; i++) {
            final ChainPlacement placement = new ChainPlacement(chainCount, i, deviceCount);
            final DeviceThread thread = plan.isDedicated()
                    ? DeviceThread.start(plan.devices().get(i).name())
                    : DeviceThread.caller();
            threads.add(thread);
            final String prefix = deviceCount == 1 ? "" : "device " + i + ": ";
            opening.add(thread.begin(() -> new NodeDevice(
                    configuration,
                    placement,
                    plan.isDedicated(),
                    storeLimits,
                    clock,
                    random::nextLong,
                    text -> warnings.accept(prefix + text),
                    health,
                    isClustered() ? newRole() : null)));
        }
        RuntimeException refused = null;
        for (final Future<NodeDevice> device : opening) {
            try {
                devices.add(DeviceThread.await(device));
            } catch (final RuntimeException e) {
                refused = refused == null ? e : refused;
            }
        }
        if (refused != null) {
            throw refused;
        }
    }

    private boolean isClustered() {
        return !configuration.clusterMembers().isEmpty();
    }

    private NodeRole newRole() {
        final NodeRole role = new NodeRole(
                new ClusterTerms(
                        DataDirectory.nodeId(configuration),
                        configuration.text(Setting.NODE_NAME),
                        configuration.clusterMembers(),
                        configuration.integer(Setting.CLUSTER_MEMBER),
                        configuration.integer(Setting.CHAINS),
                        configuration.number(Setting.CLUSTER_HEARTBEAT),
                        configuration.number(Setting.CLUSTER_REQUEST_TIMEOUT)),
                new ClusterFile(configuration.dataDirectory()),
                UUID.randomUUID(),
                warnings);
        health.cluster(role.standing());
        return role;
    }

    /** Does a step on all devices at once, and waits for all. */
    private <T> List<T> onAll(final Function<NodeDevice, T> step) {
        final List<Future<T>> steps = new ArrayList<>();
        for (final NodeDevice device : devices) {
            steps.add(threads.get(device.number()).begin(() -> step.apply(device)));
        }
        final List<T> results = new ArrayList<>();
        RuntimeException failed = null;
        for (final Future<T> begun : steps) {
            try {
                results.add(DeviceThread.await(begun));
            } catch (final RuntimeException e) {
                failed = failed == null ? e : failed;
            }
        }
        if (failed != null) {
            throw failed;
        }
        return results;
    }

    private List<UUID> deviceUuids() {
        return onAll(device -> device.agent().journal().deviceUuid());
    }

    private void bindDevices() {
        for (int i = 0; i < threads.size(); i++) {
            final ThreadPlan.Planned planned = plan.devices().get(i);
            threads.get(i).run(() -> boundThreads.bind(planned));
        }
    }

    /** Returns what the node came up with. */
    public NodeReport report() {
        return report;
    }

    /** Returns the devices in their order. */
    List<NodeDevice> devices() {
        return devices;
    }

    /** Returns the member of the control plane in this process, null: none. */
    @Nullable
    ControlMember controlMember() {
        final NodeControlPlane plane = controlPlane;
        return plane == null ? null : plane.member();
    }

    /** Returns the errors of a media driver on threads of its own; any thread. */
    long driverErrorCount() {
        final NodeMedia opened = media;
        return opened == null ? 0 : opened.errorCount();
    }

    /** Asks the node to end {@link #run}; from any thread. */
    public void stop() {
        health.draining();
        stopping = true;
    }

    /**
     * Runs until {@link #stop()}, then takes no more frames, waits until everything taken is durable and acknowledged,
     * and returns. A fenced device ends nothing: it goes on serving reads, and the others all they have. A device's
     * thread that fails ends the node.
     *
     * @param eachTurn is called between turns with the turn's time, for counters; it must be quick.
     */
    void run(final Turn eachTurn) {
        if (!plan.isDedicated()) {
            devices.get(0).runUntil(() -> stopping, eachTurn);
            return;
        }
        final List<Future<Boolean>> running = new ArrayList<>();
        for (final NodeDevice device : devices) {
            running.add(threads.get(device.number()).begin(() -> run(device, eachTurn)));
        }
        for (final Future<Boolean> ended : running) {
            DeviceThread.await(ended);
        }
        final Throwable cause = failure.get();
        if (cause instanceof Error error) {
            throw error;
        }
        if (cause instanceof RuntimeException exception) {
            throw exception;
        }
    }

    // Whatever ends one device must end the others in order: they note what they have, and the operator is told why.
    @SuppressWarnings("checkstyle:IllegalCatch")
    private boolean run(final NodeDevice device, final Turn eachTurn) {
        try {
            device.runUntil(() -> stopping, eachTurn);
        } catch (final RuntimeException | Error e) {
            if (failure.compareAndSet(null, e) && devices.size() > 1) {
                warnings.accept("device " + device.number() + " (" + device.journalPath() + ") has failed: " + e);
            }
            stop();
        }
        return true;
    }

    /** Is told after each turn of a device, on the device's thread. */
    interface Turn {
        /**
         * Does what is due between turns.
         *
         * @param device that has turned.
         * @param nowNs the turn's monotonic time.
         */
        void after(NodeDevice device, long nowNs);

        /**
         * Takes the last values of a device that has ended in order.
         *
         * @param device that has ended.
         */
        void ended(NodeDevice device);
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            try {
                onAll(device -> {
                    device.close();
                    return true;
                });
            } finally {
                CloseHelper.closeAll(controlPlane, media);
                threads.forEach(DeviceThread::close);
            }
        }
    }

    // What has failed already is being told; what fails now would only hide it.
    @SuppressWarnings("checkstyle:IllegalCatch")
    private void closeQuietly() {
        try {
            close();
        } catch (final RuntimeException e) {
            warnings.accept("closing after a failed start: " + e.getMessage());
        }
    }

    /**
     * Divides what the budget says of the heap by the chains: an index that is full must refuse, not end the process.
     */
    static StoreLimits storeLimits(final NodeConfiguration configuration, final long heapBytes) {
        return StoreLimits.defaults()
                .withIndexBytes(
                        Budget.of(configuration, heapBytes).indexBytes() / configuration.integer(Setting.CHAINS));
    }

    private static IdlePolicy idlePolicy(final NodeConfiguration configuration) {
        final String text = configuration.text(Setting.IDLE_POLICY);
        return switch (text) {
            case "auto" -> IdlePolicy.forHost(Runtime.getRuntime().availableProcessors(), false);
            default -> IdlePolicy.valueOf(text.replace('-', '_').toUpperCase(Locale.ROOT));
        };
    }
}
