package io.millrace.client.core;

/**
 * The acknowledgements of one (writer, segment) that have arrived and were not polled yet. When it is full the newest
 * entry is replaced: acknowledgements are cumulative.
 *
 * <p><b>Threading</b>: whoever holds the conductor's guard.
 */
final class AckQueue {
    private static final int CAPACITY = 64;
    private static final int FIELDS = 5;

    private final long[] entries = new long[CAPACITY * FIELDS];
    private int head;
    private int size;

    /** Makes an empty queue. */
    AckQueue() {}

    /**
     * Adds an acknowledgement.
     *
     * @param lastIndex last event covered
     * @param endOffset its end in the segment
     * @param queueNs frame read to batch submitted
     * @param journalNs batch submitted to durable
     * @param chainNs durable to committed
     */
    void add(final long lastIndex, final long endOffset, final long queueNs, final long journalNs, final long chainNs) {
        if (size < CAPACITY) {
            size++;
        }
        final int base = (head + size - 1) % CAPACITY * FIELDS;
        entries[base] = lastIndex;
        entries[base + 1] = endOffset;
        entries[base + 2] = queueNs;
        entries[base + 3] = journalNs;
        entries[base + 4] = chainNs;
    }

    /**
     * Tells whether there is none.
     *
     * @return true when empty
     */
    boolean isEmpty() {
        return size == 0;
    }

    /**
     * Returns the oldest entry's last event.
     *
     * @return index
     */
    long lastIndex() {
        return entries[head * FIELDS];
    }

    /**
     * Returns the oldest entry's end.
     *
     * @return byte offset in the segment
     */
    long endOffset() {
        return entries[head * FIELDS + 1];
    }

    /**
     * Returns the oldest entry's first time.
     *
     * @return frame read to batch submitted, in nanoseconds
     */
    long queueNs() {
        return entries[head * FIELDS + 2];
    }

    /**
     * Returns the oldest entry's second time.
     *
     * @return batch submitted to durable, in nanoseconds
     */
    long journalNs() {
        return entries[head * FIELDS + 3];
    }

    /**
     * Returns the oldest entry's third time.
     *
     * @return durable to committed, in nanoseconds
     */
    long chainNs() {
        return entries[head * FIELDS + 4];
    }

    /** Removes the oldest entry. */
    void remove() {
        head = (head + 1) % CAPACITY;
        size--;
    }

    /** Removes all. */
    void clear() {
        size = 0;
    }
}
