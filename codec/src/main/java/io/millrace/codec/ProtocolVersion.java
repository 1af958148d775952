package io.millrace.codec;

/**
 * The version of the client protocol: major in the upper, minor in the lower 16 bits. Sides with different majors do
 * not talk; a newer minor only adds fields at the end of blocks and new messages.
 *
 * <p><b>Threading</b>: pure functions.
 */
public final class ProtocolVersion {
    /** This program's version, 1.0. */
    public static final int CURRENT = 1 << 16;

    private ProtocolVersion() {}

    /**
     * Makes a version.
     *
     * @param major 0 to 65535
     * @param minor 0 to 65535
     * @return version as on the wire
     */
    public static int of(final int major, final int minor) {
        return major << 16 | (minor & 0xFFFF);
    }

    /**
     * Returns the major version.
     *
     * @param version as on the wire
     * @return 0 to 65535
     */
    public static int major(final int version) {
        return version >>> 16;
    }

    /**
     * Returns the minor version.
     *
     * @param version as on the wire
     * @return 0 to 65535
     */
    public static int minor(final int version) {
        return version & 0xFFFF;
    }

    /**
     * Tells whether this program can talk to a peer.
     *
     * @param version of the peer
     * @return true when the majors are equal
     */
    public static boolean isCompatible(final int version) {
        return major(version) == major(CURRENT);
    }

    /**
     * Writes a version for people. Allocates.
     *
     * @param version as on the wire
     * @return {@code major.minor}
     */
    public static String toText(final int version) {
        return major(version) + "." + minor(version);
    }
}
