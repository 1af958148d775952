package io.millrace.control;

/**
 * A constant whose number stands in snapshots and messages.
 *
 * <p><b>Threading:</b> immutable.
 */
interface Numbered {
    /** Returns the number, the same in every version. */
    int value();
}
