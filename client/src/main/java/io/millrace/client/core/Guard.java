package io.millrace.client.core;

import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The one lock of a friendly client, or nothing at all for a client that one thread drives.
 *
 * <p><b>Threading</b>: any thread.
 */
final class Guard {
    private final @Nullable ReentrantLock lock;

    /**
     * Makes the guard.
     *
     * @param isShared whether several threads use the client
     */
    Guard(final boolean isShared) {
        lock = isShared ? new ReentrantLock() : null;
    }

    /** Enters; re-entrant. */
    void lock() {
        if (lock != null) {
            lock.lock();
        }
    }

    /**
     * Enters unless another thread is inside.
     *
     * @return whether it entered
     */
    boolean tryLock() {
        return lock == null || lock.tryLock();
    }

    /**
     * Tells whether the calling thread is inside; never for a client that one thread drives.
     *
     * @return true when it holds the lock
     */
    boolean isHeld() {
        return lock != null && lock.isHeldByCurrentThread();
    }

    /** Leaves. */
    void unlock() {
        if (lock != null) {
            lock.unlock();
        }
    }
}
