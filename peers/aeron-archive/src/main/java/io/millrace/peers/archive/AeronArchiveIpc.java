package io.millrace.peers.archive;

/**
 * Aeron Archive over shared memory.
 *
 * <p><b>Threading:</b> as {@link ArchiveSystem}.
 */
public final class AeronArchiveIpc extends ArchiveSystem {
    /** Does nothing: the service loader makes one of each. */
    public AeronArchiveIpc() {
        super("aeron-archive-ipc", false);
    }
}
