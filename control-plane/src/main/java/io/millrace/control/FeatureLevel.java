package io.millrace.control;

/**
 * How commands of a control plane behave: a number in its state, so that all members change at the same command, when
 * an operator raises it after the last of them was upgraded.
 *
 * <p><b>Threading:</b> constants.
 */
final class FeatureLevel {
    /** Of a state in which nobody has set one. */
    static final int FIRST = 1;

    /**
     * The highest level this program knows. Level 2 differs from 1 in nothing: an upgrade can be rehearsed with it. A
     * member that meets a higher level in the log stops, rather than apply commands in another way than the rest.
     */
    static final int KNOWN = 2;

    private FeatureLevel() {}
}
