package io.millrace.server;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The thread that everything of one device runs on, from the opening of its journal to its closing; or, with
 * {@code threading = single}, the thread that starts the node.
 *
 * <p><b>Threading</b>: the thread that starts the node hands over steps; the last but one is the device's duty cycle.
 */
final class DeviceThread implements AutoCloseable {
    private final @Nullable ExecutorService executor;

    private DeviceThread(final @Nullable ExecutorService executor) {
        this.executor = executor;
    }

    /** Takes the calling thread itself. */
    static DeviceThread caller() {
        return new DeviceThread(null);
    }

    /** Makes a thread. It is not bound yet, see {@link BoundThreads}. */
    static DeviceThread start(final String name) {
        return new DeviceThread(Executors.newSingleThreadExecutor(work -> {
            final Thread thread = new Thread(work, name);
            thread.setDaemon(true);
            return thread;
        }));
    }

    /**
     * Begins a step.
     *
     * @param step to be done on the thread; on the caller's it is done at once.
     * @return what {@link #await} takes.
     */
    <T> Future<T> begin(final Supplier<T> step) {
        if (executor != null) {
            return executor.submit(step::get);
        }
        final FutureTask<T> done = new FutureTask<>(step::get);
        done.run();
        return done;
    }

    /** Does a step and waits for it. */
    <T> T call(final Supplier<T> step) {
        return await(begin(step));
    }

    /** Does a step without result and waits for it. */
    void run(final Runnable step) {
        call(() -> {
            step.run();
            return true;
        });
    }

    /**
     * Waits for a step.
     *
     * @return its result.
     * @throws RuntimeException what the step threw.
     */
    static <T> T await(final Future<T> step) {
        boolean isInterrupted = false;
        try {
            while (true) {
                try {
                    return step.get();
                } catch (final InterruptedException e) {
                    isInterrupted = true; // a device must not be left half way
                }
            }
        } catch (final ExecutionException e) {
            throw rethrown(e);
        } finally {
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static RuntimeException rethrown(final ExecutionException failed) {
        final Throwable cause = failed.getCause();
        if (cause instanceof Error error) {
            throw error;
        }
        return cause instanceof RuntimeException exception
                ? exception
                : new MillraceException(ErrorCode.INVARIANT_BROKEN, "a device's thread failed", failed);
    }

    /** Ends the thread once its steps are done. */
    @Override
    public void close() {
        if (executor != null) {
            executor.shutdown();
        }
    }
}
