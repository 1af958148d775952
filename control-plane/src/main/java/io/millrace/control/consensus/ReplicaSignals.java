package io.millrace.control.consensus;

/**
 * What the service's thread and those that look at a member tell each other.
 *
 * <p><b>Threading:</b> any.
 */
final class ReplicaSignals {
    // ORDER: plain volatile fields, each with one writer, but for the flag: who asks sets it, who answers clears it.
    private volatile ReplicaStatus status = ReplicaStatus.NONE;
    private volatile long durableSnapshotPosition;
    private volatile boolean isHashAsked;

    /** Returns what the member is and has, as of its last message or turn. */
    ReplicaStatus status() {
        return status;
    }

    /**
     * Says what the member is and has; the service's thread.
     *
     * @param current as of now.
     */
    void status(final ReplicaStatus current) {
        status = current;
    }

    /** Asks for the state's hash in {@link #status}, within a turn. */
    void askForHash() {
        isHashAsked = true;
    }

    /** Tells, once, whether the hash was asked for; the service's thread. */
    boolean takeHashAsked() {
        if (isHashAsked) {
            isHashAsked = false;
            return true;
        }
        return false;
    }

    /** Returns the log position of the member's last durable snapshot, 0: none. */
    long durableSnapshotPosition() {
        return durableSnapshotPosition;
    }

    /**
     * Takes the news that a snapshot of this member is durable and recorded; the keeper's thread.
     *
     * @param logPosition of it.
     */
    void durableSnapshotPosition(final long logPosition) {
        durableSnapshotPosition = logPosition;
    }
}
