package io.millrace.journal.pwritev2;

import java.util.concurrent.atomic.AtomicLong;

/**
 * A count that one thread writes and another reads.
 *
 * <p><b>Threading</b>: {@link #set} and {@link #own} by the writer, {@link #seen} by the other one.
 */
final class SharedCount {
    private final AtomicLong value = new AtomicLong();

    /** Makes it 0. */
    SharedCount() {}

    /**
     * Publishes what the writer wrote before, and the count.
     *
     * @param count not below the last one
     */
    void set(final long count) {
        // ORDER: full, not release: the store comes before the look at the other thread's sleep that follows.
        value.set(count);
    }

    /**
     * Returns the writer's own last count.
     *
     * @return count
     */
    long own() {
        return value.getPlain();
    }

    /**
     * Returns the count; what the writer wrote before it is seen.
     *
     * @return count
     */
    long seen() {
        // ORDER: volatile: a look that follows a note of one's own sleep must not come before it.
        return value.get();
    }
}
