package io.millrace.simulation;

import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * What happened, as a hash of everything and, when it is recorded, as lines for people. Two runs of a seed are the same
 * when their hashes are.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class Trace {
    private static final long PRIME_1 = 0x9E3779B185EBCA87L;
    private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
    private static final long PRIME_3 = 0x165667B19E3779F9L;
    private static final long NS_PER_US = 1_000;

    private final int lineLimit;
    private final ArrayDeque<String> lines = new ArrayDeque<>();
    private long hash = PRIME_3;
    private long count;

    /**
     * Begins.
     *
     * @param lineLimit lines kept, the newest; 0: none is made
     */
    Trace(final int lineLimit) {
        this.lineLimit = lineLimit;
    }

    /** Adds a number to the hash: a round of XXH64. */
    void add(final long value) {
        hash = Long.rotateLeft((hash ^ (value * PRIME_2)) * PRIME_1, 31);
        count++;
    }

    /** Adds a line, made only when lines are kept. */
    void line(final long nowNs, final Supplier<String> text) {
        if (lineLimit > 0) {
            if (lines.size() == lineLimit) {
                lines.removeFirst();
            }
            lines.add(String.format(Locale.ROOT, "%,14d us  %s", nowNs / NS_PER_US, text.get()));
        }
    }

    /** Tells whether lines are kept. */
    boolean isRecorded() {
        return lineLimit > 0;
    }

    /** Returns the hash of everything so far. */
    long hash() {
        long bits = hash ^ count;
        bits = (bits ^ (bits >>> 33)) * PRIME_2;
        bits = (bits ^ (bits >>> 29)) * PRIME_3;
        return bits ^ (bits >>> 32);
    }

    /** Returns the lines kept, oldest first. */
    List<String> lines() {
        return List.copyOf(lines);
    }
}
