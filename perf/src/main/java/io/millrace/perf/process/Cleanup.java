package io.millrace.perf.process;

import java.util.ArrayDeque;
import java.util.Deque;
import org.agrona.CloseHelper;

/**
 * Everything a command must undo (processes, directories, settings), undone in reverse order when the command ends and,
 * should the JVM be told to stop meanwhile, by a shutdown hook.
 *
 * <p><b>Threading:</b> {@link #add} by the command's thread; {@link #close} by it or by the hook.
 *
 * <p><b>Invariants:</b> each resource is closed once; a failure to close one does not keep the others from it.
 */
public final class Cleanup implements AutoCloseable {
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();
    private final Thread hook = new Thread(this::close, "perf-cleanup");
    private boolean closed;

    /** Registers the shutdown hook. */
    public Cleanup() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    /**
     * Takes over a resource.
     *
     * @param resource closed with this, at once when this is closed already.
     * @param <T> its type.
     * @return the resource.
     */
    public <T extends AutoCloseable> T add(final T resource) {
        final boolean late;
        synchronized (this) {
            late = closed;
            if (!late) {
                resources.push(resource);
            }
        }
        if (late) {
            CloseHelper.quietClose(resource);
        }
        return resource;
    }

    /** Undoes everything, last first. */
    @Override
    public synchronized void close() {
        closed = true;
        AutoCloseable resource = resources.poll();
        while (resource != null) {
            CloseHelper.quietClose(resource);
            resource = resources.poll();
        }
        if (Thread.currentThread() != hook) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (final IllegalStateException e) {
                return; // the JVM is going down: the hook finds nothing left to do
            }
        }
    }
}
