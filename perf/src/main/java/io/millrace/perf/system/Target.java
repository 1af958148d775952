package io.millrace.perf.system;

import org.jspecify.annotations.Nullable;

/**
 * A system under test as the rig sees it: events go in by number, acknowledgements come back by number. The port keeps
 * one rig for us, for a peer and for the null system that shows the rig's own error.
 *
 * <p><b>Threading:</b> everything on the rig's thread. A client with threads of its own lets them put what was
 * acknowledged into a {@link RunQueue}, which {@link #poll} drains.
 */
public interface Target {
    /** Receives acknowledgements during {@link Target#poll}. */
    interface Listener {
        /**
         * A run of events is durable, as of now.
         *
         * @param firstIndex first acknowledged event.
         * @param lastIndex last acknowledged event, &ge; {@code firstIndex}.
         */
        void onAcknowledged(long firstIndex, long lastIndex);

        /**
         * A run of events was durable at a moment that has passed: when the client's own thread was told.
         *
         * @param firstIndex first acknowledged event.
         * @param lastIndex last acknowledged event, &ge; {@code firstIndex}.
         * @param acknowledgedNs when, of the context's clock.
         */
        default void onAcknowledged(final long firstIndex, final long lastIndex, final long acknowledgedNs) {
            onAcknowledged(firstIndex, lastIndex);
        }
    }

    /**
     * Hands over one event, whose payload begins with its number.
     *
     * @param index the event's number; numbers are offered in order, each until it is accepted.
     * @return false when the system takes no event now (back-pressure): offer the same one again.
     */
    boolean offer(long index);

    /**
     * Runs one turn of the system's client: sends what was offered, receives, delivers acknowledgements.
     *
     * @param listener takes the acknowledgements; each event is acknowledged once, in any order.
     * @return the work done, 0 when there was none.
     */
    int poll(Listener listener);

    /** The reason why no further event can ever be accepted, or null. */
    default @Nullable String failure() {
        return null;
    }
}
