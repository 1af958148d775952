package io.millrace.journal.uring;

/**
 * Writes with a linked FSYNC behind them: one result of the two completions. A write is durable when its own completion
 * came first and in full, and the FSYNC behind it succeeded; everything else is a failure.
 *
 * <p><b>Threading</b>: device thread. Nothing is allocated after construction.
 */
final class LinkedWrites {
    private static final int EIO = 5;
    private static final int EAGAIN = 11;
    private static final byte WRITE_SEEN = 1;
    private static final byte SYNC_SEEN = 2;
    private static final byte BOTH_SEEN = WRITE_SEEN | SYNC_SEEN;

    private final long[] tokens;
    private final int[] wanted;
    private final int[] results;
    private final byte[] seen;
    private final int[] free;
    private int freeCount;

    /**
     * Makes room.
     *
     * @param capacity writes in flight
     */
    LinkedWrites(final int capacity) {
        tokens = new long[capacity];
        wanted = new int[capacity];
        results = new int[capacity];
        seen = new byte[capacity];
        free = new int[capacity];
        for (int i = 0; i < capacity; i++) {
            free[i] = i;
        }
        freeCount = capacity;
    }

    /**
     * Takes a slot.
     *
     * @param token of the write
     * @param length bytes
     * @return slot, or -1 when all are taken
     */
    int take(final long token, final int length) {
        if (freeCount == 0) {
            return -1;
        }
        final int slot = free[--freeCount];
        tokens[slot] = token;
        wanted[slot] = length;
        results[slot] = length;
        seen[slot] = 0;
        return slot;
    }

    /**
     * Notes the completion of the write.
     *
     * @param slot of it
     * @param result bytes or negative errno
     * @return true when both have come
     */
    boolean onWrite(final int slot, final int result) {
        final boolean late = seen[slot] != 0; // the FSYNC ran before it: it covers nothing
        if (result != wanted[slot]) {
            results[slot] = result;
        } else if (late) {
            results[slot] = -EIO;
        }
        seen[slot] |= WRITE_SEEN;
        return seen[slot] == BOTH_SEEN;
    }

    /**
     * Notes the completion of the FSYNC.
     *
     * @param slot of it
     * @param result 0 or negative errno
     * @return true when both have come
     */
    boolean onSync(final int slot, final int result) {
        if (result < 0 && results[slot] == wanted[slot]) {
            results[slot] = result == -EAGAIN ? -EIO : result; // a sync that failed is never repeated
        }
        seen[slot] |= SYNC_SEEN;
        return seen[slot] == BOTH_SEEN;
    }

    /**
     * Returns whose write it was.
     *
     * @param slot of it
     * @return token
     */
    long token(final int slot) {
        return tokens[slot];
    }

    /**
     * Gives a slot back.
     *
     * @param slot whose completions have both come
     * @return bytes that are durable, fewer than asked for, or a negative errno
     */
    int release(final int slot) {
        free[freeCount++] = slot;
        return results[slot];
    }
}
