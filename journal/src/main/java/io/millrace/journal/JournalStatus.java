package io.millrace.journal;

/**
 * Refusals of the hot path. All are negative, so they cannot be taken for an index.
 *
 * <p><b>Threading</b>: constants.
 */
public final class JournalStatus {
    /** The write ring is full of batches not yet durable: try again in a later duty cycle. */
    public static final int BACK_PRESSURED = -1;

    /** The device has no room for this record: it takes no more, everything acknowledged is kept. */
    public static final int FULL = -2;

    /** A write failed or its outcome is unknown: nothing is taken or acknowledged any more. */
    public static final int FENCED = -3;

    /** The record is shorter than its header or longer than {@link Journal#maxRecordLength()}. */
    public static final int TOO_LARGE = -4;

    private JournalStatus() {}

    /**
     * Names a refusal.
     *
     * @param status negative status, or an index
     * @return the constant's name, {@code OK} for 0 and more
     */
    public static String describe(final int status) {
        return switch (status) {
            case BACK_PRESSURED -> "BACK_PRESSURED";
            case FULL -> "FULL";
            case FENCED -> "FENCED";
            case TOO_LARGE -> "TOO_LARGE";
            default -> status >= 0 ? "OK" : "UNKNOWN(" + status + ")";
        };
    }
}
