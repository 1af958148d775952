package io.millrace.perf.history;

/**
 * Judges a stream of events that never ends: every key's sequence must go on by one, from where the reader was let in.
 * Needs one number per key, however long it runs.
 *
 * <p><b>Threading:</b> one thread.
 *
 * <p><b>Invariants:</b> an event below the expected one is a repeat or came too late ({@link #repeated}), one above it
 * leaves a hole ({@link #lost} counts what is missing), whatever nobody wrote is {@link #damaged}.
 */
public final class RisingCheck {
    private final long[] next;
    private long readBack;
    private long lost;
    private long repeated;
    private long damaged;

    /**
     * Prepares the check.
     *
     * @param nextPerKey the sequence each key's first event must have; copied.
     */
    public RisingCheck(final long[] nextPerKey) {
        next = nextPerKey.clone();
    }

    /**
     * Takes one event that was read with a right checksum.
     *
     * @param key its key index.
     * @param sequence its place in the key's sequence.
     */
    public void onEvent(final int key, final long sequence) {
        readBack++;
        if (key < 0 || key >= next.length || sequence < 0) {
            damaged++;
        } else if (sequence < next[key]) {
            repeated++;
        } else {
            lost += sequence - next[key];
            next[key] = sequence + 1;
        }
    }

    /** Takes one event whose length or checksum is wrong. */
    public void onDamagedEvent() {
        readBack++;
        damaged++;
    }

    /** For each key the sequence that is expected next; a copy. */
    public long[] next() {
        return next.clone();
    }

    /**
     * Counts the events that are still to come.
     *
     * @param until for each key how many events it has in all.
     * @return those not read yet.
     */
    public long missing(final long[] until) {
        long missing = 0;
        for (int key = 0; key < next.length; key++) {
            missing += Math.max(0, until[key] - next[key]);
        }
        return missing;
    }

    /** Events read, whatever they were. */
    public long readBack() {
        return readBack;
    }

    /** Events that a later one of their key overtook and that had not been read by then. */
    public long lost() {
        return lost;
    }

    /** Events read again, or after a later one of their key. */
    public long repeated() {
        return repeated;
    }

    /** Events that nobody wrote. */
    public long damaged() {
        return damaged;
    }

    /** Whether nothing was lost, repeated or damaged so far. */
    public boolean isClean() {
        return lost == 0 && repeated == 0 && damaged == 0;
    }
}
