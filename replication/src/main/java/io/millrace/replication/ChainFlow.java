package io.millrace.replication;

/**
 * What a replica knows of its neighbours in this epoch, and what it has told them. All of it is lost with the epoch.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ChainFlow {
    /**
     * So long a neighbour that was never heard in the epoch is not silent: its link may have to be made first. Both
     * would be alive, and one of them dropped.
     */
    static final long FIRST_CONTACT_NS = 2_000_000_000L;

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
    private long predecessorPausedNs;
    private long successorPausedNs;
    private boolean isPredecessorMet;
    private boolean isSuccessorMet;

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
        predecessorPausedNs = 0;
        successorPausedNs = 0;
        isPredecessorMet = false;
        isSuccessorMet = false;
    }

    /** Takes what this thread itself stood still from the silence of others: it could hear nobody. */
    void pause(final long pausedNs) {
        predecessorPausedNs += pausedNs;
        successorPausedNs += pausedNs;
    }

    /** Notes a sign of life of the predecessor. */
    void hearPredecessor(final long nowNs) {
        predecessorHeardNs = nowNs;
        predecessorPausedNs = 0;
        isPredecessorMet = true;
    }

    /** Notes a sign of life of the successor. */
    void hearSuccessor(final long nowNs) {
        successorHeardNs = nowNs;
        successorPausedNs = 0;
        isSuccessorMet = true;
    }

    /** Tells for how long the predecessor has been silent without a reason. */
    long predecessorSilenceNs(final long nowNs) {
        return silenceNs(isPredecessorMet, predecessorHeardNs + predecessorPausedNs, nowNs);
    }

    /** Tells for how long the successor has been silent without a reason. */
    long successorSilenceNs(final long nowNs) {
        return silenceNs(isSuccessorMet, successorHeardNs + successorPausedNs, nowNs);
    }

    private static long silenceNs(final boolean isMet, final long heardNs, final long nowNs) {
        return Math.max(0, nowNs - heardNs - (isMet ? 0 : FIRST_CONTACT_NS));
    }
}
