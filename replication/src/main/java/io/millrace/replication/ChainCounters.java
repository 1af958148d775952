package io.millrace.replication;

/**
 * What the chains of a device count. Each number only rises.
 *
 * <p><b>Threading</b>: written by the device thread; read by it, or torn by others.
 */
public final class ChainCounters {
    long replicatedRecordCount;
    long repeatedRecordCount;
    long refusedRecordCount;
    long resendCount;
    long nakCount;
    long linkBackPressureCount;
    long snapshotNeededCount;
    long otherEpochCount;
    long malformedCount;
    long divergenceCount;
    long sealCount;
    long installCount;
    long truncatedRecordCount;
    long filledRecordCount;
    long backstopAckCount;
    long digestCount;

    /** Made by the device's agent. */
    ChainCounters() {}

    /** Returns the records sent to successors, repeats included. */
    public long replicatedRecordCount() {
        return replicatedRecordCount;
    }

    /** Returns the records that came though they were there already. */
    public long repeatedRecordCount() {
        return repeatedRecordCount;
    }

    /** Returns the records that the journal had no room for when they came; they come again. */
    public long refusedRecordCount() {
        return refusedRecordCount;
    }

    /** Returns the requests of successors for missing records. */
    public long resendCount() {
        return resendCount;
    }

    /** Returns the requests to predecessors for missing records. */
    public long nakCount() {
        return nakCount;
    }

    /** Returns how often a link had no room for a frame of records. */
    public long linkBackPressureCount() {
        return linkBackPressureCount;
    }

    /** Returns how often a snapshot was needed: a successor was told so, or a predecessor said so here. */
    public long snapshotNeededCount() {
        return snapshotNeededCount;
    }

    /** Returns the messages dropped because they were of another epoch or of no neighbour, or came to a sealed one. */
    public long otherEpochCount() {
        return otherEpochCount;
    }

    /** Returns the messages dropped because they contradict themselves. */
    public long malformedCount() {
        return malformedCount;
    }

    /** Returns how often a record or a digest of a neighbour contradicted the own log: each halts the replica. */
    public long divergenceCount() {
        return divergenceCount;
    }

    /** Returns the epochs promised. */
    public long sealCount() {
        return sealCount;
    }

    /** Returns the epochs installed. */
    public long installCount() {
        return installCount;
    }

    /** Returns the records cut off at Install: none of them was ever committed. */
    public long truncatedRecordCount() {
        return truncatedRecordCount;
    }

    /** Returns the records repaired from a neighbour. */
    public long filledRecordCount() {
        return filledRecordCount;
    }

    /** Returns the acknowledgements that the head sent because the client had not echoed the tail's. */
    public long backstopAckCount() {
        return backstopAckCount;
    }

    /** Returns the digests of neighbours compared. */
    public long digestCount() {
        return digestCount;
    }
}
