package io.millrace.control;

/**
 * How commands of a control plane behave: a number in its state, so that all members change at the same command, when
 * an operator raises it after the last of them was upgraded.
 *
 * <p><b>Threading:</b> constants.
 */
public final class FeatureLevel {
    /** Of a state in which nobody has set one. */
    public static final int FIRST = 1;

    /**
     * From here on a suspicion is as old as the silence that a heartbeat tells, not as its first report; and a start of
     * a node is taken in only when it knows of the one before. 2 is left out: an earlier program knew it as a level
     * that changes nothing.
     */
    public static final int SILENCE_IS_TOLD = 3;

    /**
     * The highest level this program knows. A member that meets a higher level in the log stops, rather than apply
     * commands in another way than the rest.
     */
    public static final int KNOWN = SILENCE_IS_TOLD;

    private FeatureLevel() {}
}
