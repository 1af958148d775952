package io.millrace.control;

/**
 * Times and bounds of leases and reconfiguration. They decide what a command does, so they must be the same at every
 * replay of a log. Times are those of the control plane: its ticks move it.
 *
 * @param leaseNs a node is alive until so long after its last heartbeat.
 * @param maxTickStepNs most that one Tick moves the time, whatever its clock says: a clock that is set, or a control
 *     plane that stood still, must not end every lease.
 * @param graceNs so long a seal waits for members that are alive.
 * @param restartGraceNs so long it waits for all members when every one of them has restarted.
 * @param installTimeoutNs a member that is alive and has not installed by then is a reason to seal anew.
 * @param suspicionNs a member that a neighbour suspects for so long is dropped.
 * @param slowLagNs a member whose oldest record not yet durable is older than this is slow.
 * @param slowEvictNs a member that has been slow for so long, less what it has recovered, is evicted; it is trusted
 *     again when it has recovered all of it.
 * @param stallToleranceNs a device that completes no write for less than this is no reason to evict.
 * @param replaceAfterNs the replicas of a node that is not alive for so long are placed elsewhere.
 * @param planIntervalNs least time between the installation of an epoch and the next planned change of the chain.
 * @param maxHistory epochs in the history of a chain; more block it until checkpoints have passed the oldest.
 * @param maxReplicas replicas a chain knows, former ones included; the oldest former ones are forgotten first.
 * @param maxDevicesPerNode devices of a node; more are refused.
 */
public record ReconfigurationLimits(
        long leaseNs,
        long maxTickStepNs,
        long graceNs,
        long restartGraceNs,
        long installTimeoutNs,
        long suspicionNs,
        long slowLagNs,
        long slowEvictNs,
        long stallToleranceNs,
        long replaceAfterNs,
        long planIntervalNs,
        int maxHistory,
        int maxReplicas,
        int maxDevicesPerNode) {
    private static final long MILLIS = 1_000_000;
    private static final long SECONDS = 1_000 * MILLIS;

    /** The limits of a cluster with default configuration. */
    public static final ReconfigurationLimits DEFAULT = new ReconfigurationLimits(
            SECONDS,
            200 * MILLIS,
            200 * MILLIS,
            30 * SECONDS,
            5 * SECONDS,
            500 * MILLIS,
            200 * MILLIS,
            10 * SECONDS,
            30 * SECONDS,
            300 * SECONDS,
            SECONDS,
            1_024,
            16,
            16);

    /**
     * Checks the limits.
     *
     * @throws IllegalArgumentException when one is below 1.
     */
    public ReconfigurationLimits {
        final long smallestTime = Math.min(
                Math.min(Math.min(leaseNs, maxTickStepNs), Math.min(graceNs, restartGraceNs)),
                Math.min(
                        Math.min(Math.min(installTimeoutNs, suspicionNs), Math.min(slowLagNs, slowEvictNs)),
                        Math.min(Math.min(stallToleranceNs, replaceAfterNs), planIntervalNs)));
        if (smallestTime < 1 || Math.min(Math.min(maxHistory, maxReplicas), maxDevicesPerNode) < 1) {
            throw new IllegalArgumentException("a limit of reconfiguration is below 1");
        }
    }
}
