package io.millrace.replication;

import org.jspecify.annotations.Nullable;

/**
 * That this replica is to learn the chain log from another one.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class LearnOrder {
    final long epoch;
    final long sinceEpoch;
    final long orderNumber;
    final ReplicaAddress source;
    final EpochHistory history;

    /** Whether the log was cut to what is valid by the history, and the membership recorded. */
    boolean begun;

    /** Position up to which the log is known to be the one that the source has committed. */
    long provenPosition;

    /** Whether everything that the source has committed is here. */
    boolean complete;

    /** Last position that the source has committed, as far as it said. */
    long sourceCommit;

    /** What the source had committed at one time: complete once it is durable here. */
    long goal = -1;

    /** Answers since then that did not reach it. */
    int goalAnswers;

    long requestId;
    long nextRequestNs;
    long nextReportNs;

    /** A snapshot that is being fetched, null when none is. */
    @Nullable
    SnapshotFetch snapshot;

    /** Copies an order. */
    LearnOrder(
            final long epoch,
            final long sinceEpoch,
            final long orderNumber,
            final ReplicaAddress source,
            final EpochHistory history) {
        this.epoch = epoch;
        this.sinceEpoch = sinceEpoch;
        this.orderNumber = orderNumber;
        this.source = source;
        this.history = history;
    }
}
