package io.millrace.perf.system;

/**
 * How the rig's thread waits for the next due time and for answers.
 *
 * <p><b>Threading:</b> immutable.
 */
public enum Pacing {
    /** Polls and yields: for clients whose I/O happens in {@link Target#poll} on the rig's own thread. */
    YIELD,
    /** Sleeps until shortly before the next due time: for clients with I/O threads, which need the processor. */
    SLEEP
}
