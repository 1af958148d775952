package io.millrace.journal;

/**
 * Reads how much memory this process may lock. A port, so that a small limit can be tested as root.
 *
 * <p><b>Threading</b>: any thread.
 */
@FunctionalInterface
public interface MemoryLockLimit {
    /**
     * Reads the limit.
     *
     * @return bytes; {@link Long#MAX_VALUE} when there is none or the process may exceed it (CAP_IPC_LOCK)
     */
    long limitBytes();

    /**
     * Returns the reader that asks the kernel.
     *
     * @return reader
     */
    static MemoryLockLimit system() {
        return new ProcessLimits();
    }
}
