package io.millrace.simulation;

import io.millrace.control.ReconfigurationLimits;
import io.millrace.replication.ChainLimits;

/**
 * What one seed chooses: sizes, times, and which faults strike how often (swarm testing: a seed with few kinds of
 * faults goes deeper into them).
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
 * @param faults how often each kind strikes
 * @param cluster what a cluster chooses besides
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
        FaultMix faults,
        Cluster cluster) {
    private static final int DATA_ADDRESS = 64 << 10;
    private static final long MS = 1_000_000;
    private static final int DIRECTED_EVENTS = 20;

    /**
     * What a cluster chooses besides.
     *
     * @param replicationFactor members of a chain
     * @param minimum below which nothing is installed
     * @param nodeHeartbeatNs between two reports of a node
     * @param tickNs between two ticks of the control plane
     * @param isOverDatagrams whether frames between nodes are lost, doubled and overtaken one by one
     * @param chainLimits of replicas
     * @param reconfigurationLimits of the control plane
     */
    record Cluster(
            int replicationFactor,
            int minimum,
            long nodeHeartbeatNs,
            long tickNs,
            boolean isOverDatagrams,
            ChainLimits chainLimits,
            ReconfigurationLimits reconfigurationLimits) {
        private static final Cluster NONE =
                new Cluster(1, 1, 1, 1, false, ChainLimits.defaults(), ReconfigurationLimits.DEFAULT);

        private static Cluster draw(final Randomness.Stream random, final int nodeCount) {
            final int factor = Math.min(nodeCount, 2 + random.below(2));
            final long leaseNs = random.between(150 * MS, 600 * MS);
            return new Cluster(
                    factor,
                    random.hits(0.8) ? Math.min(2, factor) : 1,
                    random.between(10 * MS, 40 * MS),
                    random.between(20 * MS, 60 * MS),
                    random.hits(0.4),
                    new ChainLimits(
                            32 << random.below(6),
                            64 << random.below(6),
                            2_000 + random.below(6_000),
                            16_000 << random.below(5),
                            64 << random.below(6),
                            1 + random.below(3),
                            8,
                            random.between(2 * MS, 10 * MS),
                            random.between(2 * MS, 10 * MS),
                            random.between(10 * MS, 100 * MS),
                            random.between(60 * MS, 200 * MS)),
                    new ReconfigurationLimits(
                            leaseNs,
                            200 * MS,
                            random.between(20 * MS, 150 * MS),
                            random.between(500 * MS, 2_000 * MS),
                            random.between(300 * MS, 1_000 * MS),
                            random.between(100 * MS, 400 * MS),
                            random.between(50 * MS, 300 * MS),
                            random.between(300 * MS, 2_000 * MS),
                            random.between(500 * MS, 3_000 * MS),
                            random.between(1_000 * MS, 10_000 * MS),
                            random.between(50 * MS, 500 * MS),
                            1_024,
                            16,
                            4));
        }
    }

    /** Tells whether it is a cluster. */
    boolean isCluster() {
        return nodeCount > 1;
    }

    /** Tells whether a schedule decides what happens. */
    boolean isDirected() {
        return faults == FaultMix.NONE;
    }

    /** Draws the scenario of a cluster. */
    static Scenario cluster(final Randomness randomness) {
        final Randomness.Stream random = randomness.stream("scenario");
        final Scenario single = single(randomness);
        final int nodes = 3 + random.below(3);
        return new Scenario(
                nodes,
                1 + random.below(4),
                1 + random.below(6),
                single.clientCount,
                single.eventsPerClient,
                single.keyCount,
                single.burst,
                single.longPayloads,
                single.longestPayload,
                single.maxFrameLength,
                deviceLength(random, single),
                single.zoneLength,
                single.bufferLength,
                single.maxBatchLength,
                single.writesInFlight,
                single.checkpointIntervalBytes,
                single.scrubBytesPerSecond,
                single.heartbeatNs,
                single.sessionTimeoutNs,
                single.wireNs,
                single.backPressure,
                random.between(6_000 * MS, 12_000 * MS),
                random.between(100 * MS, 600 * MS),
                FaultMix.draw(random, Fault.CLUSTER),
                Cluster.draw(random, nodes));
    }

    /** Some devices are so small that they fill up, and go on only because what is not live is freed. */
    private static int deviceLength(final Randomness.Stream random, final Scenario single) {
        return random.hits(0.2) ? DATA_ADDRESS + (24 + random.below(16)) * single.zoneLength : single.deviceLength;
    }

    /** Gives the plain scenario of a directed schedule: one chain, one segment, one client, no faults of its own. */
    static Scenario directed(
            final int nodes, final int factor, final int minimum, final int longestPayload, final int zones) {
        final int zoneLength = 128 << 10;
        final int batchLength = 64 << 10;
        return new Scenario(
                nodes,
                1,
                1,
                1,
                DIRECTED_EVENTS,
                4,
                2,
                longestPayload > 1_000 ? 1 : 0,
                longestPayload,
                8_160,
                DATA_ADDRESS + zones * zoneLength,
                zoneLength,
                4 * batchLength,
                batchLength,
                1,
                512 << 10,
                0,
                50 * MS,
                500 * MS,
                50_000,
                0,
                1_000 * MS,
                1_000 * MS,
                FaultMix.NONE,
                new Cluster(
                        factor,
                        minimum,
                        20 * MS,
                        30 * MS,
                        false,
                        ChainLimits.defaults(),
                        new ReconfigurationLimits(
                                400 * MS,
                                200 * MS,
                                50 * MS,
                                500 * MS,
                                2_000 * MS,
                                1_000 * MS,
                                1_000 * MS,
                                2_000 * MS,
                                2_000 * MS,
                                20_000 * MS,
                                100 * MS,
                                1_024,
                                16,
                                4)));
    }

    /** Draws the scenario of a node that stands alone. */
    static Scenario single(final Randomness randomness) {
        final Randomness.Stream random = randomness.stream("scenario");
        final int zoneLength = 128 << 10;
        final int zones = 56 + random.below(40);
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
                FaultMix.draw(random, Fault.SINGLE),
                Cluster.NONE);
    }
}
