package io.millrace.replication;

/**
 * What a replica knows of its neighbours in this epoch, and what it has told them. All of it is lost with the epoch.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ChainFlow {
    /** Prefix durable on the predecessor and on all before it. */
    long predecessorDurable;

    /** Last position of the predecessor. */
    long predecessorLast;

    /** Prefix received by the predecessor and all before it (MEMORY). */
    long predecessorReceived;

    /** Position of the last record sent to the successor. */
    long sentPosition;

    /** What the successor was told of durability, and what the predecessor was told of commit. */
    long toldDurable;

    long toldCommit;

    /** Last position of the successor. */
    long successorLast;

    /** Received by all members, as far as is known (MEMORY). */
    long receivedByAll;

    long nextDownstreamSyncNs;
    long nextUpstreamSyncNs;
    long nextNakNs;
    long nextDigestNs;
    long predecessorHeardNs;
    long successorHeardNs;

    /** A repair is under way: when the last request went out. */
    long fetchedNs;

    /** Position of the record that was filled in last, and its hash. */
    long filledPosition;

    long filledHash;

    /** Starts anew with an epoch. */
    void reset(final long lastPosition, final long nowNs) {
        predecessorDurable = 0;
        predecessorLast = 0;
        predecessorReceived = 0;
        sentPosition = lastPosition;
        toldDurable = 0;
        toldCommit = 0;
        successorLast = 0;
        receivedByAll = 0;
        nextDownstreamSyncNs = nowNs;
        nextUpstreamSyncNs = nowNs;
        nextNakNs = nowNs;
        nextDigestNs = nowNs + Digests.INTERVAL_NS;
        predecessorHeardNs = nowNs;
        successorHeardNs = nowNs;
    }
}
