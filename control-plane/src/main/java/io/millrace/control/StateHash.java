package io.millrace.control;

import io.millrace.codec.KeyHash;

/**
 * A 64-bit hash over a sequence of numbers and texts, to compare the states of members and replays.
 *
 * <p><b>Threading:</b> one thread.
 */
final class StateHash {
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private long hash = MULTIPLIER;

    /**
     * Adds a number.
     *
     * @param value any.
     * @return this.
     */
    StateHash add(final long value) {
        hash = (Long.rotateLeft(hash, 23) ^ value) * MULTIPLIER;
        hash ^= hash >>> 32;
        return this;
    }

    /**
     * Adds a text.
     *
     * @param text any.
     * @return this.
     */
    StateHash add(final String text) {
        return add(text.length()).add(KeyHash.of(text));
    }

    /**
     * Adds bytes.
     *
     * @param bytes any.
     * @return this.
     */
    StateHash add(final byte[] bytes) {
        return add(bytes.length).add(KeyHash.of(bytes, 0, bytes.length));
    }

    /** Returns the hash of all that was added. */
    long value() {
        return hash;
    }
}
