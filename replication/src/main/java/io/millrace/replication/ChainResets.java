package io.millrace.replication;

import io.millrace.journal.Journal;

/**
 * How often a chain was emptied here, and whether the record that says so can still lie behind the place at which a
 * checkpoint would begin: recovery empties the chain again then, whatever the checkpoint holds of it.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ChainResets {
    private final Journal journal;
    private int count;
    private int pendingCount;
    private long durableAddress = -1;

    /** Starts with none. */
    ChainResets(final Journal journal) {
        this.journal = journal;
    }

    /** Notes that the chain was emptied in memory. */
    void onReset() {
        count++;
    }

    /** Notes that a record which empties the chain is in the journal. */
    void onRecorded() {
        pendingCount++;
    }

    /** Notes that such a record is durable, in the newest durable batch. */
    void onDurable() {
        pendingCount--;
        durableAddress = journal.durableAddress();
    }

    /** Gives how often the chain was emptied in this run. */
    int count() {
        return count;
    }

    /** Tells whether recovery could fold a record that empties the chain from a checkpoint that begins now. */
    boolean isUnderWay() {
        return pendingCount > 0 || journal.durableAddress() == durableAddress;
    }
}
