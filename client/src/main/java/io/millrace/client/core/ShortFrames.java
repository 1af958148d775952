package io.millrace.client.core;

import java.util.Arrays;

/**
 * Knows whether many frames of one segment are under way. With so many only full ones follow, and events gather until
 * an acknowledgement comes: a frame costs the node the same however few events it has, and without this it drowns in
 * short ones (ADR 12).
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard. Allocates nothing.
 */
final class ShortFrames {
    /** Frames under way from which on a short one waits; a power of two. */
    static final int MAX_UNDER_WAY = 4;

    private final long[] lastEnds = new long[MAX_UNDER_WAY];
    private int count;

    /**
     * Notes a frame that was sent.
     *
     * @param lastIndex its last event
     */
    void add(final long lastIndex) {
        lastEnds[count++ & (MAX_UNDER_WAY - 1)] = lastIndex;
    }

    /** Forgets all: nothing that was sent is waited for any more. */
    void clear() {
        Arrays.fill(lastEnds, 0);
    }

    /**
     * Tells whether the oldest of the last frames is still not acknowledged.
     *
     * @param acknowledgedIndex last event acknowledged
     * @return true when a short frame is to wait
     */
    boolean areMany(final long acknowledgedIndex) {
        return lastEnds[count & (MAX_UNDER_WAY - 1)] > acknowledgedIndex;
    }
}
