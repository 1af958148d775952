package io.millrace.transport;

/** What the owner of a duty cycle does when a turn found no work. */
public enum IdlePolicy {
    /** Gives the core to whoever wants it, and goes on at once. */
    YIELD,
    /** Never leaves the core; only with cores to spare, since it starves the kernel workers that complete I/O. */
    SPIN,
    /** Yields at first, then sleeps in the kernel until a completion, a socket or a time-out. */
    KERNEL_WAIT;

    /** With this many cores or fewer {@link #SPIN} starves the kernel's own threads. */
    public static final int SPIN_NEEDS_MORE_CORES_THAN = 2;

    /**
     * Chooses the default for a host.
     *
     * @param coreCount processors this process may use.
     * @param hasIsolatedCores whether the kernel keeps cores free of other threads ({@code isolcpus}).
     * @return {@link #SPIN} only on isolated cores of a host with more than two, {@link #KERNEL_WAIT} otherwise.
     */
    public static IdlePolicy forHost(final int coreCount, final boolean hasIsolatedCores) {
        return hasIsolatedCores && coreCount > SPIN_NEEDS_MORE_CORES_THAN ? SPIN : KERNEL_WAIT;
    }
}
