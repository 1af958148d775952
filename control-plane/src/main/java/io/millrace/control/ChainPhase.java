package io.millrace.control;

/**
 * Where a change stands; the numbers stand in snapshots and in ChainMap.
 *
 * <p><b>Threading:</b> immutable.
 */
enum ChainPhase implements Numbered {
    /** The configuration is installed on every member. */
    NORMAL(0),
    /** Replicas are asked to promise the next epoch and to say what they hold. */
    SEALING(1),
    /** A configuration is decided and is being installed. */
    INSTALLING(2);

    private final int value;

    ChainPhase(final int value) {
        this.value = value;
    }

    @Override
    public int value() {
        return value;
    }
}
