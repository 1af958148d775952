package io.millrace.journal;

/**
 * What lies behind the last valid batch (P4).
 *
 * <p><b>Threading</b>: constants.
 */
public enum TailState {
    /** Zeros, or whatever lies behind a log that was ended in order: nothing was being written. */
    CLEAN,
    /** Batches that an earlier recovery cut off, or of an earlier use of the zone. */
    STALE,
    /** An incomplete or damaged last batch that nobody proves durable: cut off and reported. */
    UNCERTAIN,
    /** The device is written to its end. */
    FULL,
    /** A later batch proves that the invalid one was durable: refused, never cut off. */
    CORRUPT
}
