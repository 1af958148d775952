package io.millrace.peers.archive;

/**
 * Aeron Archive over UDP loopback.
 *
 * <p><b>Threading:</b> as {@link ArchiveSystem}.
 */
public final class AeronArchiveUdp extends ArchiveSystem {
    /** Does nothing: the service loader makes one of each. */
    public AeronArchiveUdp() {
        super("aeron-archive-udp", true);
    }
}
