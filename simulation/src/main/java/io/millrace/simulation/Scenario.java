package io.millrace.simulation;

/**
 * What one seed chooses: sizes, times, and which faults strike how often (swarm testing: a seed with few kinds of faults
 * goes deeper into them).
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param nodeCount machines
 * @param chainCount data chains
 * @param segmentCount segments of the stream
 * @param clientCount processes that write and read
 * @param eventsPerClient events each is to write
 * @param keyCount routing keys of each writer
 * @param burst most events offered in a turn
 * @param longPayloads share of events that are long
 * @param longestPayload bytes
 * @param maxFrameLength longest frame of a session, bytes
 * @param deviceLength bytes
 * @param zoneLength bytes
 * @param bufferLength of the journal, bytes
 * @param maxBatchLength of the journal, bytes
 * @param writesInFlight K
 * @param checkpointIntervalBytes of log
 * @param scrubBytesPerSecond 0: none
 * @param heartbeatNs of sessions
 * @param sessionTimeoutNs after which either side gives a session up
 * @param wireNs typical one-way time
 * @param backPressure share of sends that are refused
 * @param chaosNs time in which faults strike
 * @param faultIntervalNs typical time between two faults
 * @param faults weight of each kind, by its ordinal
 */
record Scenario(
        int nodeCount,
        int chainCount,
        int segmentCount,
        int clientCount,
        long eventsPerClient,
        int keyCount,
        int burst,
        double longPayloads,
        int longestPayload,
        int maxFrameLength,
        int deviceLength,
        int zoneLength,
        int bufferLength,
        int maxBatchLength,
        int writesInFlight,
        long checkpointIntervalBytes,
        long scrubBytesPerSecond,
        long heartbeatNs,
        long sessionTimeoutNs,
        long wireNs,
        double backPressure,
        long chaosNs,
        long faultIntervalNs,
        FaultMix faults) {
    private static final int DATA_ADDRESS = 64 << 10;
    private static final long MS = 1_000_000;

    /** Draws the scenario of a node that stands alone. */
    static Scenario single(final Randomness randomness) {
        final Randomness.Stream random = randomness.stream("scenario");
        final int zoneLength = 256 << 10;
        final int zones = 48 + random.below(64);
        final int batch = 32 << 10 << random.below(2);
        final int clients = 1 + random.below(4);
        return new Scenario(
                1,
                1 + random.below(4),
                1 + random.below(6),
                clients,
                1_200 / clients + random.below(600),
                1 + random.below(12),
                1 + random.below(6),
                random.share() * 0.05,
                1_000 + random.below(20_000),
                random.below(2) == 0 ? 1_376 : 8_160,
                DATA_ADDRESS + zones * zoneLength,
                zoneLength,
                4 * batch,
                batch,
                1 + random.below(4),
                256 << 10 << random.below(4),
                random.below(3) == 0 ? 4 << 20 : 0,
                random.between(20 * MS, 150 * MS),
                random.between(300 * MS, 1_500 * MS),
                random.between(5_000, 200_000),
                random.below(2) == 0 ? 0 : random.share() * 0.05,
                random.between(4_000 * MS, 8_000 * MS),
                random.between(50 * MS, 400 * MS),
                FaultMix.draw(random, Fault.SINGLE));
    }
}
