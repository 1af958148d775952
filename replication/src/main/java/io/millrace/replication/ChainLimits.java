package io.millrace.replication;

import java.util.concurrent.TimeUnit;

/**
 * What a replica of a longer chain is bounded by, per chain and per link; what happens at the limit stands beside it.
 *
 * @param recentRecords positions per chain whose place in the write ring is kept; older ones are looked up.
 * @param maxUncommittedRecords sequenced by a head and not committed; at the limit frames of clients are delivered
 *     again, which is back-pressure.
 * @param maxFrameBytes put together in one frame of records; a longer record travels alone.
 * @param sendBytesPerTurn of records per chain and duty cycle, so that one successor that lags holds up no other chain.
 * @param applyRecordsPerTurn applied per chain and duty cycle; the rest in the next one.
 * @param sourceReaders batches read from the device at the same time for resends, repair and late commits.
 * @param maxBarriers read barriers of a chain under way; one more is refused.
 * @param syncIntervalNs after which progress is said again without a change: the anti-entropy.
 * @param nakIntervalNs between two requests for the same missing records.
 * @param backstopNs that the head waits for a client to echo an acknowledgement before it acknowledges itself (P13).
 * @param suspicionNs without a sign of life after which a neighbour is reported.
 */
public record ChainLimits(
        int recentRecords,
        int maxUncommittedRecords,
        int maxFrameBytes,
        int sendBytesPerTurn,
        int applyRecordsPerTurn,
        int sourceReaders,
        int maxBarriers,
        long syncIntervalNs,
        long nakIntervalNs,
        long backstopNs,
        long suspicionNs) {
    private static final long TENTH_NS = 100_000_000;
    private static final long LONGEST_TENTHS = 255;

    /** Refuses limits below one. */
    public ChainLimits {
        if (recentRecords < 2
                || maxUncommittedRecords < 1
                || maxFrameBytes < 256
                || sendBytesPerTurn < 1
                || applyRecordsPerTurn < 1
                || sourceReaders < 1
                || maxBarriers < 1
                || syncIntervalNs < 1
                || nakIntervalNs < 1
                || backstopNs < 1
                || suspicionNs < 1) {
            throw new IllegalArgumentException("every limit of a chain must be at least 1");
        }
    }

    /**
     * Says the silence of a neighbour as a heartbeat does.
     *
     * @param silenceNs since its last sign of life.
     * @return tenths of a second, from 1 to 255; 0: it is not to be suspected.
     */
    public short silenceTenths(final long silenceNs) {
        return silenceNs <= suspicionNs ? 0 : (short) Math.max(1, Math.min(silenceNs / TENTH_NS, LONGEST_TENTHS));
    }

    /**
     * Gives the limits a node uses unless configured otherwise.
     *
     * @return 8,192 recent records, 16,384 uncommitted ones, frames of 8 KiB, 512 KiB a turn sent, 4,096 records a turn
     *     applied, 4 readers, 256 barriers, 5 ms of sync, 5 ms between Naks, 50 ms of backstop, 100 ms of suspicion.
     */
    public static ChainLimits defaults() {
        return new ChainLimits(
                8_192,
                16_384,
                8_000,
                512 << 10,
                4_096,
                4,
                256,
                TimeUnit.MILLISECONDS.toNanos(5),
                TimeUnit.MILLISECONDS.toNanos(5),
                TimeUnit.MILLISECONDS.toNanos(50),
                TimeUnit.MILLISECONDS.toNanos(100));
    }
}
