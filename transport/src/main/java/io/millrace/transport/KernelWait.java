package io.millrace.transport;

/** Port: sleeps in the kernel until something happens; the journal's ring implements it, and so does a selector. */
@FunctionalInterface
public interface KernelWait {
    /**
     * Sleeps until a completion, a readable socket or the time-out.
     *
     * @param timeoutNs longest sleep, in nanoseconds.
     * @return whether it slept; {@code false} when it cannot wait now, and the caller yields instead.
     */
    boolean await(long timeoutNs);
}
