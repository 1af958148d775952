package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.server.cluster.ClusterStanding;
import io.millrace.server.http.Health;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * What the devices' threads say of the node's health, kept where other threads may read it.
 *
 * <p><b>Threading</b>: each device's thread writes its own part, any thread reads; every field is read alone and may be
 * a tenth of a second old.
 */
final class NodeHealth implements Health {
    private static final long TURNS_AT_LEAST_EVERY_NS = 10_000_000_000L;
    private static final long RESPONDS_WITHIN_NS = 2_000_000_000L;
    private static final long WRITE_LATE_NS = 1_000_000_000L;

    /** Ten reports of a node, and longer than an election that goes well. */
    private static final long CONTROL_PLANE_SILENT_NS = 3_000_000_000L;

    private static final long MILLIS = 1_000_000L;

    private final NanoClock clock;
    private final List<String> warnings;
    private final OfDevice[] devices;
    private volatile boolean isDraining;
    private volatile @Nullable ClusterStanding cluster;

    /** What one device's thread says. */
    private static final class OfDevice {
        private final String prefix;
        private volatile boolean isRunning;
        private volatile boolean isTransportDown;
        private volatile boolean isFull;
        private volatile @Nullable String fencedReason;
        private volatile @Nullable String damage;
        private volatile long oldestWriteNs;
        private volatile long turnedNs;

        private OfDevice(final String prefix, final long nowNs) {
            this.prefix = prefix;
            turnedNs = nowNs;
        }
    }

    /**
     * Makes the health of a node that is starting.
     *
     * @param journals of the devices, in their order; reasons name them when there are several.
     * @param clock monotonic, of the turns as well.
     * @param warnings what the host checks found and did not refuse.
     */
    NodeHealth(final List<Path> journals, final NanoClock clock, final List<String> warnings) {
        this.clock = clock;
        this.warnings = List.copyOf(warnings);
        devices = new OfDevice[journals.size()];
        for (int i = 0; i < devices.length; i++) {
            devices[i] = new OfDevice(
                    devices.length == 1 ? "" : "device " + i + " (" + journals.get(i) + "): ", clock.nanoTime());
        }
    }

    /** Names how the node stands with its cluster; a node alone has none. */
    void cluster(final ClusterStanding standing) {
        cluster = standing;
    }

    /** Notes a turn, every tenth of a second; allocates nothing. */
    void turned(final NodeDevice turning, final long nowNs) {
        final OfDevice device = devices[turning.number()];
        device.turnedNs = nowNs;
        device.isFull = turning.agent().isJournalFull();
        device.fencedReason = turning.agent().fencedReason();
        device.damage = turning.agent().journal().scrub().damage();
        device.oldestWriteNs = turning.agent().journal().inFlightCount() == 0
                ? 0
                : turning.agent().journal().oldestInFlightNs(nowNs);
        device.isRunning = true;
    }

    /** Notes that the media of a device are being made anew, or are there again. */
    void transportDown(final int device, final boolean isDown) {
        devices[device].isTransportDown = isDown;
    }

    /** Notes that the node takes no more; from any thread. */
    void draining() {
        isDraining = true;
    }

    @Override
    public List<Reason> notLive() {
        final List<Reason> reasons = new ArrayList<>();
        for (final OfDevice device : devices) {
            final long silentNs = clock.nanoTime() - device.turnedNs;
            if (device.isRunning && !isDraining && silentNs > TURNS_AT_LEAST_EVERY_NS) {
                reasons.add(silent(device, silentNs));
            }
        }
        return reasons;
    }

    @Override
    public List<Reason> notReady() {
        final List<Reason> reasons = new ArrayList<>();
        for (final OfDevice device : devices) {
            if (!device.isRunning) {
                reasons.add(new Reason("starting", ErrorCode.NOT_READY, "the node is recovering its journal"));
                return reasons;
            }
        }
        if (isDraining) {
            reasons.add(new Reason("draining", ErrorCode.NOT_READY, "the node was told to stop and takes no more"));
        }
        for (final OfDevice device : devices) {
            addReasons(device, reasons);
        }
        final ClusterStanding standing = cluster;
        if (standing != null) {
            addReasons(standing, reasons);
        }
        return reasons;
    }

    private void addReasons(final ClusterStanding standing, final List<Reason> reasons) {
        final String refusal = standing.refusal();
        final long heardNs = standing.heardNs();
        if (refusal != null) {
            reasons.add(new Reason("cluster-refused", ErrorCode.NOT_READY, refusal));
        } else if (!standing.isConnected() || clock.nanoTime() - heardNs > CONTROL_PLANE_SILENT_NS) {
            reasons.add(new Reason(
                    "control-plane-silent",
                    ErrorCode.NOT_READY,
                    (heardNs == 0
                                    ? "the control plane has not answered since the start"
                                    : "the control plane has been silent for " + (clock.nanoTime() - heardNs) / MILLIS
                                            + " ms")
                            + ": a majority of cluster.members must run and reach each other; what is installed goes"
                            + " on, changes wait"));
        } else if (standing.incarnation() == 0) {
            reasons.add(new Reason(
                    "not-registered", ErrorCode.NOT_READY, "the control plane has not taken this start in yet"));
        } else if (standing.chainCount() == 0) {
            reasons.add(new Reason(
                    "cluster-not-initialised",
                    ErrorCode.NOT_READY,
                    "the cluster has no chains yet: run millrace cluster init"));
        }
    }

    private void addReasons(final OfDevice device, final List<Reason> reasons) {
        if (device.isTransportDown) {
            reasons.add(new Reason(
                    "transport-rebuilding",
                    ErrorCode.MEDIA_DRIVER,
                    device.prefix + "the media are made anew after a pause"));
        }
        final String fenced = device.fencedReason;
        if (fenced != null) {
            reasons.add(new Reason("device-fenced", ErrorCode.DEVICE_FENCED, device.prefix + fenced));
        }
        if (device.isFull) {
            reasons.add(new Reason(
                    "journal-full", ErrorCode.JOURNAL_FULL, device.prefix + ErrorCode.JOURNAL_FULL.summary()));
        }
        if (device.oldestWriteNs > WRITE_LATE_NS) {
            reasons.add(new Reason(
                    "host-fault",
                    ErrorCode.SCHEDULER_FAULT,
                    device.prefix + "a durable write has been in flight for " + device.oldestWriteNs / MILLIS + " ms"));
        }
        final long silentNs = clock.nanoTime() - device.turnedNs;
        if (silentNs > RESPONDS_WITHIN_NS && !isDraining) {
            reasons.add(silent(device, silentNs));
        }
    }

    private static Reason silent(final OfDevice device, final long silentNs) {
        return new Reason(
                "not-responding",
                ErrorCode.NOT_READY,
                device.prefix + "the device thread has not turned for " + silentNs / MILLIS + " ms");
    }

    /** What the scrub found makes nothing unready: everything else is whole, and there is nobody else to send to. */
    @Override
    public List<String> warnings() {
        final List<String> all = new ArrayList<>(warnings);
        for (final OfDevice device : devices) {
            final String damage = device.damage;
            if (damage != null) {
                all.add(device.prefix + damage);
            }
        }
        final ClusterStanding standing = cluster;
        final String halted = standing == null ? null : standing.halted();
        if (halted != null) {
            all.add(halted);
        }
        return all;
    }
}
