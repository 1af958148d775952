package io.millrace.control.consensus;

/**
 * How fast the members of a group find out that one is gone. None of them decides what a command does, so members may
 * differ, as long as the intervals of one are well below the timeouts of the others.
 *
 * @param heartbeatIntervalNs a leader without news says that it lives.
 * @param heartbeatTimeoutNs a leader is judged dead after so long a silence; a follower likewise.
 * @param electionTimeoutNs a ballot waits so long for all members, then a majority decides or it is given up; members
 *     wait up to half of it before they stand.
 * @param startupWaitNs after a start a majority waits so long for the rest before it elects a leader.
 * @param sessionTimeoutNs a session of a node that is silent for so long is closed.
 * @param keepAliveNs a session says that it lives.
 * @param maxParkNs longest sleep of a thread that had work a moment ago.
 * @param restParkNs longest sleep of a thread that has had none for some tens of milliseconds.
 */
public record GroupTimes(
        long heartbeatIntervalNs,
        long heartbeatTimeoutNs,
        long electionTimeoutNs,
        long startupWaitNs,
        long sessionTimeoutNs,
        long keepAliveNs,
        long maxParkNs,
        long restParkNs) {
    private static final long MILLIS = 1_000_000;

    /** For machines that share their processors with others: a stall of half a second is no death. */
    public static final GroupTimes DEFAULT = new GroupTimes(
            100 * MILLIS, 800 * MILLIS, 300 * MILLIS, 3_000 * MILLIS, 5_000 * MILLIS, 500 * MILLIS, MILLIS, 4 * MILLIS);

    /**
     * Checks the times.
     *
     * @throws IllegalArgumentException when they do not fit together.
     */
    public GroupTimes {
        if (heartbeatIntervalNs < 1
                || heartbeatTimeoutNs < 2 * heartbeatIntervalNs
                || electionTimeoutNs < heartbeatIntervalNs
                || startupWaitNs < heartbeatTimeoutNs
                || keepAliveNs < 1
                || sessionTimeoutNs < 2 * keepAliveNs
                || maxParkNs < 1
                || restParkNs < maxParkNs
                || heartbeatIntervalNs < 2 * restParkNs) {
            throw new IllegalArgumentException("the times of the control plane's group do not fit together: " + this);
        }
    }
}
