package io.millrace.journal;

/**
 * Finds out whether this process may use io_uring. A port, so that a refusal can be tested where it is allowed.
 *
 * <p><b>Threading</b>: any thread.
 */
@FunctionalInterface
public interface IoUringProbe {
    /**
     * System property that makes {@link #system()} report a refusal with the errno given, e.g. 1 (EPERM), for tests of
     * whole processes.
     */
    String DENIED_PROPERTY = "millrace.journal.uring.denied";

    /**
     * Tries to set up a ring.
     *
     * @return 0 when io_uring can be used, otherwise a negative errno (EPERM by sysctl or seccomp, ENOSYS when the
     *     kernel is too old or a filter hides it)
     */
    int probe();

    /**
     * Returns the probe that asks the kernel, unless {@link #DENIED_PROPERTY} is set.
     *
     * @return probe
     */
    static IoUringProbe system() {
        return Backends.systemProbe();
    }
}
