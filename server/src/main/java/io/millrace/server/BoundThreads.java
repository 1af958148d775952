package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.host.CpuAffinity;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * Makes the threads of a {@link ThreadPlan} and binds them to their CPUs. Threads that a bound thread makes inherit its
 * CPU, so a device's thread is bound last, once its journal has made its own workers.
 *
 * <p><b>Threading</b>: any; a thread binds itself.
 */
final class BoundThreads {
    private static final long PLACE_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(10);

    private final @Nullable CpuAffinity affinity;
    private int expectedCount;
    private int placedCount;
    private @Nullable RuntimeException failure;

    /** Binds by this, or nothing where there is none. */
    BoundThreads(final @Nullable CpuAffinity affinity) {
        this.affinity = affinity;
    }

    /**
     * Binds the calling thread, if the plan says so.
     *
     * @throws MillraceException MR-5020 when the kernel refuses.
     */
    void bind(final ThreadPlan.Planned planned) {
        if (!planned.isBound()) {
            return;
        }
        if (affinity == null) {
            throw new MillraceException(
                    ErrorCode.CPU_AFFINITY,
                    "thread " + planned.name() + " cannot be bound to CPU " + planned.cpu()
                            + ": native calls do not work here. " + ErrorCode.CPU_AFFINITY.remedy());
        }
        affinity.bind(planned.cpu(), planned.name());
    }

    /** Returns a maker of threads that bind themselves before they begin; one that cannot ends at once. */
    ThreadFactory factory(final ThreadPlan.Planned planned) {
        return work -> {
            synchronized (this) {
                expectedCount++;
            }
            final Thread thread = new Thread(() -> runBound(planned, work), planned.name());
            thread.setDaemon(true);
            return thread;
        };
    }

    /** Returns a maker for each of the threads. */
    List<ThreadFactory> factories(final List<ThreadPlan.Planned> planned) {
        final List<ThreadFactory> factories = new ArrayList<>();
        for (final ThreadPlan.Planned thread : planned) {
            factories.add(factory(thread));
        }
        return factories;
    }

    private void runBound(final ThreadPlan.Planned planned, final Runnable work) {
        try {
            bind(planned);
        } catch (final RuntimeException e) {
            note(e);
            return;
        }
        note(null);
        Thread.currentThread().setName(planned.name()); // Aeron gives its threads names of its own
        work.run();
    }

    private synchronized void note(final @Nullable RuntimeException problem) {
        placedCount++;
        failure = failure == null ? problem : failure;
        notifyAll();
    }

    /**
     * Waits until every thread that was made has begun.
     *
     * @throws MillraceException MR-5020 when one could not be bound.
     */
    synchronized void awaitPlaced() {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + PLACE_TIMEOUT_NS;
        try {
            while (placedCount < expectedCount && failure == null) {
                final long remainingMs =
                        TimeUnit.NANOSECONDS.toMillis(deadlineNs - SystemNanoClock.INSTANCE.nanoTime());
                if (remainingMs <= 0) {
                    throw new MillraceException(
                            ErrorCode.MEDIA_DRIVER, "a thread of the media driver has not begun within 10 s");
                }
                wait(remainingMs);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MillraceException(ErrorCode.INTERRUPTED, "interrupted while threads begin", e);
        }
        final RuntimeException problem = failure;
        if (problem != null) {
            failure = null;
            throw problem;
        }
    }
}
