package io.millrace.journal;

/**
 * Which backend opens a journal file.
 *
 * <p><b>Threading</b>: constants.
 */
public enum Backend {
    /** As calibrated, else io_uring, or the channel with a loud warning where io_uring is denied. */
    AUTO,
    /** io_uring or nothing. */
    URING,
    /** {@code pwritev2} on a second thread. */
    PWRITEV2,
    /** {@code FileChannel}, direct and synchronous: every write blocks the device thread. */
    CHANNEL
}
