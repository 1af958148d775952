package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.wire.Durability;
import io.millrace.journal.Calibration;
import io.millrace.journal.JournalMedium;
import io.millrace.journal.RecoveryReport;
import io.millrace.journal.TailState;
import io.millrace.replication.DeviceAgent;
import io.millrace.transport.IdlePolicy;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a node came up with, for its ready line.
 *
 * @param nodeName of the configuration.
 * @param threads which thread is where.
 * @param idlePolicy of the duty cycles.
 * @param formatted whether the journals were made by this start.
 * @param readyNs from the beginning of the start until it listens, in nanoseconds.
 * @param devices in their order, one at least.
 */
public record NodeReport(
        String nodeName,
        ThreadPlan threads,
        IdlePolicy idlePolicy,
        boolean formatted,
        long readyNs,
        List<OfDevice> devices) {
    /**
     * What one device came up with.
     *
     * @param endpoint host:port clients reach it at.
     * @param journal file or device of the journal.
     * @param medium what it lies on.
     * @param device the journal's.
     * @param backend of the journal.
     * @param durability what an acknowledgement proves: MEMORY where the medium does not survive a loss of power.
     * @param durabilityMode how bytes are made durable.
     * @param calibration of the device.
     * @param writesInFlight most of them.
     * @param incarnation of this run.
     * @param recovery what was found on the device.
     */
    public record OfDevice(
            String endpoint,
            Path journal,
            JournalMedium medium,
            String device,
            String backend,
            Durability durability,
            String durabilityMode,
            Calibration calibration,
            int writesInFlight,
            long incarnation,
            RecoveryReport recovery) {
        /**
         * Names what recovery cut off.
         *
         * @return code, place and value of an uncertain tail, null when there is none.
         */
        public @Nullable String tailNotice() {
            if (recovery.tail() != TailState.UNCERTAIN) {
                return null;
            }
            return ErrorCode.JOURNAL_TORN.id() + ": " + journal + ": batch " + (recovery.lastBatchSequence() + 1)
                    + " at address " + recovery.endAddress() + " was cut off: " + recovery.tailDetail();
        }
    }

    /** Reads the report off recovered devices that do not turn yet. */
    static NodeReport of(
            final String nodeName,
            final List<NodeDevice> devices,
            final ThreadPlan threads,
            final IdlePolicy idlePolicy,
            final boolean formatted,
            final long readyNs) {
        final List<OfDevice> reports = new ArrayList<>();
        for (final NodeDevice device : devices) {
            final DeviceAgent agent = device.agent();
            reports.add(new OfDevice(
                    device.acceptor().boundEndpoint(),
                    device.journalPath(),
                    JournalMedium.of(device.journalPath()),
                    agent.journal().deviceDescription(),
                    agent.journal().backendName(),
                    agent.durability(),
                    agent.journal().durabilityMode().describe(),
                    agent.journal().calibration(),
                    agent.journal().writesInFlight(),
                    agent.journal().incarnation(),
                    agent.journal().recoveryReport()));
        }
        return new NodeReport(nodeName, threads, idlePolicy, formatted, readyNs, List.copyOf(reports));
    }

    /** Returns the device that carries the control plane. */
    public OfDevice first() {
        return devices.get(0);
    }

    /** Returns what an acknowledgement proves, whichever device it comes from. */
    public Durability durability() {
        return devices.stream().allMatch(device -> device.durability() == Durability.MEDIA)
                ? Durability.MEDIA
                : Durability.MEMORY;
    }
}
