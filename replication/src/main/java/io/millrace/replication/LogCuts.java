package io.millrace.replication;

import io.millrace.journal.Journal;

/**
 * How often a chain's log was cut or emptied here, and whether a record that says so can still lie behind the place at
 * which a checkpoint would begin. Recovery folds such a record again, whatever the checkpoint holds of the chain, and
 * needs what was recorded before it: a checkpoint neither begins before one nor captures the chain behind one.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class LogCuts {
    private final Journal journal;
    private int count;
    private int pendingCount;
    private long durableAddress = -1;

    /** Starts with none. */
    LogCuts(final Journal journal) {
        this.journal = journal;
    }

    /** Notes that the log was cut or emptied in memory. */
    void onCut() {
        count++;
    }

    /** Notes that a record which cuts or empties the log is in the journal. */
    void onRecorded() {
        pendingCount++;
    }

    /** Notes that such a record is durable, in the newest durable batch. */
    void onDurable() {
        pendingCount--;
        durableAddress = journal.durableAddress();
    }

    /** Gives how often the log was cut or emptied in this run. */
    int count() {
        return count;
    }

    /** Tells whether recovery could fold a record that cuts or empties the log from a checkpoint that begins now. */
    boolean isUnderWay() {
        return pendingCount > 0 || journal.durableAddress() == durableAddress;
    }
}
