package io.millrace.control;

/**
 * Why a chain was sealed last; the numbers stand in snapshots.
 *
 * <p><b>Threading:</b> immutable.
 */
enum SealCause implements Numbered {
    /** Never. */
    NONE(0),
    /** A member's lease ended. */
    LEASE(1),
    /** A member's node has started anew. */
    RESTART(2),
    /** A member's device is gone. */
    DEVICE(3),
    /** A neighbour suspects a member. */
    SUSPICION(4),
    /** A member lags behind. */
    SLOW(5),
    /** A member did not install. */
    INSTALL_TIMEOUT(6),
    /** A learner is complete. */
    ADMISSION(7),
    /** Members are to be in another order, or elsewhere. */
    PLACEMENT(8);

    private final int value;

    SealCause(final int value) {
        this.value = value;
    }

    @Override
    public int value() {
        return value;
    }
}
