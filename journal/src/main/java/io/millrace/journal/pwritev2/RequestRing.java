package io.millrace.journal.pwritev2;

/**
 * Requests on their way from the device thread to the worker and back, in one ring: the worker answers in the order of
 * submission, so three counters say everything. Taken &lt;= answered &lt;= published, and published - taken is at most
 * the capacity.
 *
 * <p><b>Threading</b>: {@link #add}, {@link #publish}, {@link #take} and what they name by the device thread;
 * {@link #next} and {@link #answer} by the worker. Nothing blocks, nothing is allocated.
 */
final class RequestRing {
    private final int mask;
    private final long[] tokens;
    private final long[] addresses;
    private final long[] memories;
    private final int[] lengths;
    private final boolean[] writes;
    private final int[] results;
    private final SharedCount published = new SharedCount();
    private final SharedCount answered = new SharedCount();
    private long added;
    private long taken;

    /**
     * Makes an empty ring.
     *
     * @param capacity requests, a power of two
     */
    RequestRing(final int capacity) {
        mask = capacity - 1;
        tokens = new long[capacity];
        addresses = new long[capacity];
        memories = new long[capacity];
        lengths = new int[capacity];
        writes = new boolean[capacity];
        results = new int[capacity];
    }

    /**
     * Adds a request; the worker sees it once it is published.
     *
     * @param write false: a read
     * @param memory address of the first byte
     * @param length bytes
     * @param address on the device
     * @param token given back
     * @return false when the ring is full
     */
    boolean add(final boolean write, final long memory, final int length, final long address, final long token) {
        if (added - taken > mask) {
            return false;
        }
        final int slot = (int) added & mask;
        writes[slot] = write;
        memories[slot] = memory;
        lengths[slot] = length;
        addresses[slot] = address;
        tokens[slot] = token;
        added++;
        return true;
    }

    /**
     * Shows the worker what was added.
     *
     * @return requests it had not seen
     */
    int publish() {
        final int count = (int) (added - published.own());
        if (count > 0) {
            published.set(added);
        }
        return count;
    }

    /**
     * Tells how many requests have an answer that was not taken.
     *
     * @return count
     */
    int readyCount() {
        return (int) (answered.seen() - taken);
    }

    /**
     * Tells how many requests have no taken answer.
     *
     * @return count
     */
    int inFlightCount() {
        return (int) (added - taken);
    }

    /**
     * Returns the token of the oldest answered request.
     *
     * @return token
     */
    long token() {
        return tokens[(int) taken & mask];
    }

    /**
     * Returns the result of the oldest answered request.
     *
     * @return bytes or negative errno
     */
    int result() {
        return results[(int) taken & mask];
    }

    /** Gives the place of the oldest answered request back. */
    void take() {
        taken++;
    }

    /**
     * Looks for a request, on the worker.
     *
     * @return its slot, or -1
     */
    int next() {
        final long at = answered.own();
        return at < published.seen() ? (int) at & mask : -1;
    }

    /**
     * Answers the request that {@link #next} gave, on the worker.
     *
     * @param slot of it
     * @param result bytes or negative errno
     */
    void answer(final int slot, final int result) {
        results[slot] = result;
        answered.set(answered.own() + 1);
    }

    /**
     * Returns what a slot holds.
     *
     * @param slot as given by {@link #next}
     * @return true: a write
     */
    boolean isWrite(final int slot) {
        return writes[slot];
    }

    /**
     * Returns what a slot holds.
     *
     * @param slot as given by {@link #next}
     * @return address of the first byte in memory
     */
    long memory(final int slot) {
        return memories[slot];
    }

    /**
     * Returns what a slot holds.
     *
     * @param slot as given by {@link #next}
     * @return bytes
     */
    int length(final int slot) {
        return lengths[slot];
    }

    /**
     * Returns what a slot holds.
     *
     * @param slot as given by {@link #next}
     * @return address on the device
     */
    long address(final int slot) {
        return addresses[slot];
    }
}
