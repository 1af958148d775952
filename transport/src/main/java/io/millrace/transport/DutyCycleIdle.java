package io.millrace.transport;

import java.util.function.Consumer;

/**
 * The idle strategy of a duty cycle: {@link IdlePolicy} applied to the work count of each turn.
 *
 * <p><b>Threading</b>: the duty cycle's thread only.
 */
public final class DutyCycleIdle {
    /** Idle time before the first sleep in the kernel, unless told otherwise: 500 µs. */
    public static final long DEFAULT_IDLE_BEFORE_WAIT_NS = 500_000;

    private final IdlePolicy policy;
    private final KernelWait kernelWait;
    private final long idleBeforeWaitNs;
    private boolean idling;
    private long idleSinceNs;
    private long kernelWaitCount;

    /**
     * Sets the policy up and warns when it harms this host.
     *
     * @param policy what to do without work.
     * @param kernelWait how to sleep; used by {@link IdlePolicy#KERNEL_WAIT} alone.
     * @param idleBeforeWaitNs idle time before the first sleep, in nanoseconds, ≥ 0.
     * @param coreCount processors this process may use.
     * @param warning told once, in words for the operator, when {@link IdlePolicy#SPIN} has too few cores.
     */
    public DutyCycleIdle(
            final IdlePolicy policy,
            final KernelWait kernelWait,
            final long idleBeforeWaitNs,
            final int coreCount,
            final Consumer<String> warning) {
        this.policy = policy;
        this.kernelWait = kernelWait;
        this.idleBeforeWaitNs = idleBeforeWaitNs;
        if (policy == IdlePolicy.SPIN && coreCount <= IdlePolicy.SPIN_NEEDS_MORE_CORES_THAN) {
            warning.accept(
                    "idle policy SPIN on " + coreCount + " cores: spinning threads starve the kernel workers that"
                            + " complete their I/O (median 4 ms instead of 0.1 ms was measured); set KERNEL_WAIT or YIELD");
        }
    }

    /**
     * Ends one turn.
     *
     * @param workCount work done in this turn; &gt; 0 resets the idle time.
     * @param nowNs the turn's time, in nanoseconds.
     * @param maxWaitNs longest sleep the owner's next deadline allows, in nanoseconds; ≤ 0 forbids sleeping.
     */
    public void idle(final int workCount, final long nowNs, final long maxWaitNs) {
        if (workCount > 0) {
            idling = false;
            return;
        }
        switch (policy) {
            case SPIN -> Thread.onSpinWait();
            case YIELD -> yieldCore();
            case KERNEL_WAIT -> yieldThenWait(nowNs, maxWaitNs);
        }
    }

    /** Returns how often the thread slept in the kernel. */
    public long kernelWaitCount() {
        return kernelWaitCount;
    }

    /** Returns the policy in force. */
    public IdlePolicy policy() {
        return policy;
    }

    private void yieldThenWait(final long nowNs, final long maxWaitNs) {
        if (!idling) {
            idling = true;
            idleSinceNs = nowNs;
        }
        if (maxWaitNs > 0 && nowNs - idleSinceNs >= idleBeforeWaitNs && kernelWait.await(maxWaitNs)) {
            kernelWaitCount++;
        } else {
            yieldCore();
        }
    }

    // With fewer cores than busy threads a yield is what lets the peer or a kernel worker run at all.
    @SuppressWarnings("ThreadPriorityCheck")
    private static void yieldCore() {
        Thread.yield();
    }
}
