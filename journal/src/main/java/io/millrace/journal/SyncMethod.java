package io.millrace.journal;

import org.jspecify.annotations.Nullable;

/**
 * How a write is made durable before it completes. None is weaker than another: each leaves the data behind the
 * device's write cache (a forced or flushed write), also on devices that claim to need no flush.
 *
 * <p><b>Threading</b>: constants.
 */
public enum SyncMethod {
    /** One io_uring write with {@code RWF_DSYNC}: a forced write, or write and flush, as the device needs. */
    RWF_DSYNC(1, "uring", "RWF_DSYNC (io_uring, direct)"),
    /** An io_uring write with a linked {@code FSYNC} (data only) behind it. */
    LINKED_FSYNC(2, "uring", "write + linked FSYNC (io_uring, direct)"),
    /** {@code pwritev2} with {@code RWF_DSYNC} on a second thread. */
    PWRITEV2(3, "pwritev2", "RWF_DSYNC (pwritev2, direct, second thread)"),
    /** A {@code FileChannel} opened with {@code O_DSYNC}, on the device thread. */
    CHANNEL(4, "channel", "O_DSYNC (FileChannel, direct)");

    private final int code;
    private final String backend;
    private final String mechanism;

    SyncMethod(final int code, final String backend, final String mechanism) {
        this.code = code;
        this.backend = backend;
        this.mechanism = mechanism;
    }

    /**
     * Returns its number in the superblock.
     *
     * @return 1 to 255
     */
    public int code() {
        return code;
    }

    /**
     * Returns the backend that does it.
     *
     * @return name as in the configuration
     */
    public String backend() {
        return backend;
    }

    /**
     * Describes it to an operator.
     *
     * @return a few words
     */
    public String mechanism() {
        return mechanism;
    }

    /**
     * Finds a method by its number.
     *
     * @param code of a superblock
     * @return method, null for 0 (not calibrated) and for numbers of later versions
     */
    static @Nullable SyncMethod of(final int code) {
        for (final SyncMethod method : values()) {
            if (method.code == code) {
                return method;
            }
        }
        return null;
    }
}
