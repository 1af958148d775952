package io.millrace.control;

import io.millrace.codec.wire.RefusalCode;

/**
 * What {@link ControlState#apply} returns. Zero and above: taken; below -1000: refused, the negated number of a
 * {@link RefusalCode}; between: refused without a client who could be told.
 */
public final class ControlStatus {
    /** The command did what it says. */
    public static final int DONE = 0;

    /** What the command asks for was so already. */
    public static final int ALREADY = 1;

    /** Taken; the answer comes when the effects are done. */
    public static final int OPEN = 2;

    /** An EffectDone that came before, or a repeated request: nothing changed. */
    public static final int REPEATED = 3;

    /** NodeStarted names another number of data chains than the first one did. */
    public static final int CHAIN_COUNT_MISMATCH = -1;

    /** NodeStarted carries an incarnation that is not above the last one of this node. */
    public static final int INCARNATION_NOT_NEW = -2;

    /** NodeStarted of a known node names another device (P5). */
    public static final int DEVICE_MISMATCH = -3;

    /** EffectDone of an effect that was never ordered, or was another one: nothing changed. */
    public static final int EFFECT_MISMATCH = -4;

    /** More nodes than {@link ControlLimits#maxNodes()}. */
    public static final int NODE_LIMIT = -5;

    /** A report or a Tick that is late, doubled, of a stranger or senseless: nothing changed. */
    public static final int IGNORED = -6;

    private ControlStatus() {}

    /**
     * Tells whether a result is a refusal that a client gets to see.
     *
     * @param result of {@link ControlState#apply}.
     * @return true when {@code -result} is the number of a RefusalCode.
     */
    public static boolean isRefusal(final int result) {
        return result <= -1000;
    }

    /**
     * Tells whether a result is a refusal that may pass by itself, so that it is not kept: a retry is judged anew.
     *
     * @param result of {@link ControlState#apply}.
     * @return true when it may.
     */
    static boolean isPassing(final int result) {
        return result == -RefusalCode.STREAM_BUSY.value()
                || result == -RefusalCode.THROTTLED.value()
                || result == -RefusalCode.NOT_READY.value()
                || result == -RefusalCode.DEVICES_TOO_FEW.value()
                || result == -RefusalCode.NODE_IN_USE.value()
                || result == -RefusalCode.CHAIN_NOT_SEALED.value()
                || result == -RefusalCode.REPLICA_NOT_SEALED.value();
    }
}
