package io.millrace.journal;

/**
 * What a piece of a checkpoint holds. The numbers are the format.
 *
 * <p><b>Threading</b>: constants.
 */
public enum CheckpointPart {
    /** The committed state of the record's chain without its segment indexes; opaque to the journal. */
    CHAIN_STATE(1),
    /** Entries of the segment indexes of the record's chain; opaque to the journal. */
    CHAIN_INDEX(2),
    /** The control plane's state; opaque to the journal. */
    CONTROL_STATE(3),
    /** Which older batches hold which positions of a chain. */
    POSITIONS(4),
    /** Which older zones hold live data, and where they lie. */
    ZONES(5),
    /** The end: how many pieces there are. */
    END(6),
    /** Where records of a chain lie that were copied forward. */
    MOVED(7);

    private static final CheckpointPart[] PARTS = values();
    private final int number;

    CheckpointPart(final int number) {
        this.number = number;
    }

    /**
     * Returns its number on the device.
     *
     * @return 1 to 7
     */
    public int number() {
        return number;
    }

    /**
     * Finds the part of a number.
     *
     * @param number from the device
     * @return part
     * @throws IllegalArgumentException when there is none
     */
    static CheckpointPart of(final int number) {
        if (number < 1 || number > PARTS.length) {
            throw new IllegalArgumentException("part " + number + " of a checkpoint");
        }
        return PARTS[number - 1];
    }
}
