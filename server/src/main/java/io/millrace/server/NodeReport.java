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
import org.jspecify.annotations.Nullable;

/**
 * What a node came up with, for its ready line.
 *
 * @param nodeName of the configuration.
 * @param endpoint host:port clients reach it at.
 * @param journal file or device of the journal.
 * @param medium what it lies on.
 * @param device the journal's.
 * @param backend of the journal.
 * @param durability what an acknowledgement proves: MEMORY where the medium does not survive a loss of power.
 * @param durabilityMode how bytes are made durable.
 * @param calibration of the device.
 * @param writesInFlight most of them.
 * @param idlePolicy of the duty cycle.
 * @param incarnation of this run.
 * @param formatted whether the journal was made by this start.
 * @param recovery what was found on the device.
 * @param readyNs from the beginning of the start until it listens, in nanoseconds.
 */
public record NodeReport(
        String nodeName,
        String endpoint,
        Path journal,
        JournalMedium medium,
        String device,
        String backend,
        Durability durability,
        String durabilityMode,
        Calibration calibration,
        int writesInFlight,
        IdlePolicy idlePolicy,
        long incarnation,
        boolean formatted,
        RecoveryReport recovery,
        long readyNs) {
    /** Reads the report off a recovered device. */
    static NodeReport of(
            final String nodeName,
            final String endpoint,
            final Path journal,
            final DeviceAgent agent,
            final IdlePolicy idlePolicy,
            final boolean formatted,
            final long readyNs) {
        return new NodeReport(
                nodeName,
                endpoint,
                journal,
                JournalMedium.of(journal),
                agent.journal().deviceDescription(),
                agent.journal().backendName(),
                agent.durability(),
                agent.journal().durabilityMode().describe(),
                agent.journal().calibration(),
                agent.journal().writesInFlight(),
                idlePolicy,
                agent.journal().incarnation(),
                formatted,
                agent.journal().recoveryReport(),
                readyNs);
    }

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
