package io.millrace.replication;

import org.jspecify.annotations.Nullable;

/**
 * What the control plane has ordered of one replica and how far it is done.
 *
 * <p><b>Threading</b>: the device thread.
 */
final class ChainOrders {
    /** Flag of a membership record: nobody can tell what stood behind the last record of this device (P4). */
    static final int FLAG_UNCERTAIN_TAIL = 1;

    /** Flag of a membership record: taken in as a learner, never installed. */
    static final int FLAG_LEARNER = 2;

    /** Flag of a truncation record: the log begins anew, for the membership its effect number names (P5). */
    static final int FLAG_RESET = 1;

    /** How far an installation is. */
    enum Stage {
        /** None is under way. */
        NONE,
        /** Waits until everything issued is durable, then for the record at the cut. */
        SETTLING,
        /** The records are in the journal and not durable yet. */
        RECORDED
    }

    /** Highest epoch promised, durable or not. */
    long promisedEpoch;

    /** Epoch of the last promise that was put into the journal. */
    long recordedPromise;

    /** A Sealed is owed. */
    boolean sealedDue;

    long sealOrderNumber;
    long sealSinceEpoch;

    Stage stage = Stage.NONE;

    @Nullable
    InstallOrder install;

    int installIndex;
    boolean membershipRecorded;
    long installedOrderNumber;

    /** An Installed is owed. */
    boolean installedDue;

    /** Clients are to be told that the chain has changed. */
    boolean changeDue;

    /** Whether it has been judged at all, and when it was last in touch with its chain. */
    boolean wasInTouch;

    long inTouchNs;

    /** It has been out of touch for long, or learns: clients find nothing new here. */
    boolean isStranded;

    /** When clients were told last. */
    long strandedToldNs;

    /** The record that ends the membership is in the journal. */
    boolean retiring;

    /**
     * Whether records that the state needs are still missing, whoever was to send them: it must not become a
     * checkpoint, and the replica no member (P8).
     */
    boolean lacksRecords;

    /** Where this replica learns from, null when it is no learner. */
    @Nullable
    LearnOrder learn;

    /** Tells whether anything is left to do. */
    boolean isBusy() {
        return sealedDue || installedDue || stage != Stage.NONE || changeDue;
    }
}
