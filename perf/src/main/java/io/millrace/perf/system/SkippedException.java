package io.millrace.perf.system;

/**
 * A system cannot be measured here, and why: a package that is missing, a version that cannot do what was asked. It
 * becomes a row with a reason, not a failure.
 *
 * <p><b>Threading:</b> immutable.
 */
public final class SkippedException extends Exception {
    private static final long serialVersionUID = 1L;

    /**
     * Makes it.
     *
     * @param reason one line for the report, with what would help.
     */
    public SkippedException(final String reason) {
        super(reason);
    }
}
