package io.millrace.journal;

/**
 * Which backend opens a journal file.
 *
 * <p><b>Threading</b>: constants.
 */
public enum Backend {
    /** io_uring, or the channel with a loud warning where io_uring is denied. */
    AUTO,
    /** io_uring or nothing. */
    URING,
    /** {@code FileChannel}, direct and synchronous: every write blocks the device thread. */
    CHANNEL
}
