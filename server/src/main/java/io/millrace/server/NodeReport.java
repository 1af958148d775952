package io.millrace.server;

import io.millrace.journal.RecoveryReport;
import io.millrace.replication.DeviceAgent;
import io.millrace.transport.IdlePolicy;

/**
 * What a node came up with, for its ready line.
 *
 * @param nodeName of the configuration.
 * @param endpoint host:port clients reach it at.
 * @param device the journal's.
 * @param backend of the journal.
 * @param durabilityMode how bytes are made durable.
 * @param idlePolicy of the duty cycle.
 * @param incarnation of this run.
 * @param formatted whether the journal was made by this start.
 * @param recovery what was found on the device.
 * @param readyNs from the beginning of the start until it listens, in nanoseconds.
 */
public record NodeReport(
        String nodeName,
        String endpoint,
        String device,
        String backend,
        String durabilityMode,
        IdlePolicy idlePolicy,
        long incarnation,
        boolean formatted,
        RecoveryReport recovery,
        long readyNs) {
    /** Reads the report off a recovered device. */
    static NodeReport of(
            final String nodeName,
            final String endpoint,
            final DeviceAgent agent,
            final IdlePolicy idlePolicy,
            final boolean formatted,
            final long readyNs) {
        return new NodeReport(
                nodeName,
                endpoint,
                agent.journal().deviceDescription(),
                agent.journal().backendName(),
                agent.journal().durabilityMode().describe(),
                idlePolicy,
                agent.journal().incarnation(),
                formatted,
                agent.journal().recoveryReport(),
                readyNs);
    }
}
