package io.millrace.replication;

import java.util.concurrent.TimeUnit;

/**
 * What the device thread is bounded by. Each is a number of preallocated things or of bytes; what happens at the limit
 * stands beside it.
 *
 * @param maxReaders read subscriptions of the device; one more is refused with READER_LIMIT.
 * @param journalReaders batches that are read at the same time for readers behind the tail; further readers wait their
 *     turn.
 * @param maxHeldAnswers answers of one chain that wait for commit; further frames that need one are delivered again.
 * @param maxWritersPerSession writer bindings of one session; one more is refused with WRITER_LIMIT.
 * @param maxReadersPerSession read subscriptions of one session; one more is refused with READER_LIMIT.
 * @param readFramesPerTurn frames sent to readers in one duty cycle, so that readers never hold up writers.
 * @param maxCreditBytes credit a reader may have outstanding; more is cut to it.
 * @param writerRetentionNs how long a writer without a session is remembered after its last record; then it expires,
 *     and is refused with WRITER_UNKNOWN when it comes back to send the rest.
 * @param checkpointIntervalBytes of log after which a checkpoint is due, at most an eighth of the journal: recovery
 *     folds hardly more.
 */
public record ReplicationLimits(
        int maxReaders,
        int journalReaders,
        int maxHeldAnswers,
        int maxWritersPerSession,
        int maxReadersPerSession,
        int readFramesPerTurn,
        long maxCreditBytes,
        long writerRetentionNs,
        long checkpointIntervalBytes) {
    /** Longer than a long weekend's outage of a client, shorter than it takes short-lived writers to fill the table. */
    private static final long WRITER_RETENTION_NS = TimeUnit.DAYS.toNanos(7);

    /** Refuses limits below one. */
    public ReplicationLimits {
        if (maxReaders < 1
                || journalReaders < 1
                || maxHeldAnswers < 1
                || maxWritersPerSession < 1
                || maxReadersPerSession < 1
                || readFramesPerTurn < 1
                || maxCreditBytes < 1
                || writerRetentionNs < 1
                || checkpointIntervalBytes < 1) {
            throw new IllegalArgumentException("every limit of replication must be at least 1");
        }
    }

    /**
     * Gives the limits a node uses unless configured otherwise.
     *
     * @return 1,024 readers, 4 batches read at a time, 4,096 held answers a chain, 4,096 writers and 1,024 readers a
     *     session, 32 frames a turn, 16 MiB of credit, 7 days of writer retention, 256 MiB of log a checkpoint.
     */
    public static ReplicationLimits defaults() {
        return new ReplicationLimits(1_024, 4, 4_096, 4_096, 1_024, 32, 16L << 20, WRITER_RETENTION_NS, 256L << 20);
    }
}
