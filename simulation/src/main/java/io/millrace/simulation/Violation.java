package io.millrace.simulation;

/** A broken promise, found by a checker; the run ends with it. */
final class Violation extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String rule;

    /**
     * Names it.
     *
     * @param rule short name of what was broken, e.g. {@code I1}
     * @param what in words
     */
    Violation(final String rule, final String what) {
        super(rule + ": " + what);
        this.rule = rule;
    }

    /** Wraps what a node or client threw. */
    Violation(final String rule, final String what, final Throwable cause) {
        super(rule + ": " + what + ": " + cause, cause);
        this.rule = rule;
    }

    /** Returns the short name. */
    String rule() {
        return rule;
    }
}
