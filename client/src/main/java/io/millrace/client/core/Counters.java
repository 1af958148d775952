package io.millrace.client.core;

import io.millrace.client.ClientCounters;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The counters of one client.
 *
 * <p><b>Threading</b>: written by whoever holds the conductor's guard, read by any thread.
 */
final class Counters implements ClientCounters {
    /** Sessions opened, the first ones excluded. */
    static final int RECONNECTS = 0;

    /** Transports rebuilt. */
    static final int REBUILDS = 1;

    /** Writer set-ups sent. */
    static final int SET_UPS = 2;

    /** Events sent again. */
    static final int RESENT_EVENTS = 3;

    /** Refusals received. */
    static final int REFUSALS = 4;

    /** Acknowledgement frames received. */
    static final int ACKNOWLEDGEMENTS = 5;

    /** Subscriptions made anew. */
    static final int RESUBSCRIPTIONS = 6;

    /** Frames dropped. */
    static final int DROPPED_FRAMES = 7;

    /** Negative acknowledgements of Aeron. */
    static final int NAKS = 8;

    /** Frames Aeron sent again. */
    static final int RETRANSMITS = 9;

    /** Acknowledgement frames of a node whose medium does not survive a loss of power. */
    static final int MEMORY_ACKNOWLEDGEMENTS = 10;

    private final AtomicLongArray values = new AtomicLongArray(MEMORY_ACKNOWLEDGEMENTS + 1);

    /** Makes counters at zero. */
    Counters() {}

    /**
     * Adds to a counter.
     *
     * @param counter one of the constants
     * @param count to be added
     */
    void add(final int counter, final long count) {
        // ORDER: one writer at a time (the guard), so a plain read and an opaque write never lose an increment.
        values.setOpaque(counter, values.getPlain(counter) + count);
    }

    /**
     * Sets a counter that somebody else counts.
     *
     * @param counter one of the constants
     * @param value new value
     */
    void set(final int counter, final long value) {
        values.setOpaque(counter, value);
    }

    @Override
    public long reconnects() {
        return values.getOpaque(RECONNECTS);
    }

    @Override
    public long transportRebuilds() {
        return values.getOpaque(REBUILDS);
    }

    @Override
    public long writerSetUps() {
        return values.getOpaque(SET_UPS);
    }

    @Override
    public long resentEvents() {
        return values.getOpaque(RESENT_EVENTS);
    }

    @Override
    public long refusals() {
        return values.getOpaque(REFUSALS);
    }

    @Override
    public long acknowledgements() {
        return values.getOpaque(ACKNOWLEDGEMENTS);
    }

    @Override
    public long memoryAcknowledgements() {
        return values.getOpaque(MEMORY_ACKNOWLEDGEMENTS);
    }

    @Override
    public long resubscriptions() {
        return values.getOpaque(RESUBSCRIPTIONS);
    }

    @Override
    public long droppedFrames() {
        return values.getOpaque(DROPPED_FRAMES);
    }

    @Override
    public long naks() {
        return values.getOpaque(NAKS);
    }

    @Override
    public long retransmits() {
        return values.getOpaque(RETRANSMITS);
    }
}
