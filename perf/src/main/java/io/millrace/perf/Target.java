package io.millrace.perf;

import org.jspecify.annotations.Nullable;

/**
 * A system under test as the rig sees it: events go in by number, acknowledgements come back by number. The port keeps
 * one rig for us, for a peer and for the null system that shows the rig's own error.
 *
 * <p><b>Threading:</b> everything on the rig's thread.
 */
interface Target {
    /** Receives acknowledgements during {@link Target#poll}. */
    interface Listener {
        /**
         * A run of events is durable.
         *
         * @param firstIndex first acknowledged event.
         * @param lastIndex last acknowledged event, &ge; {@code firstIndex}.
         */
        void onAcknowledged(long firstIndex, long lastIndex);
    }

    /**
     * Hands over one event.
     *
     * @param index the event's number; numbers are offered in order, each until it is accepted.
     * @return false when the system takes no event now (back-pressure): offer the same one again.
     */
    boolean offer(long index);

    /**
     * Runs one turn of the system's client: sends what was offered, receives, delivers acknowledgements.
     *
     * @param listener takes the acknowledgements.
     * @return the work done, 0 when there was none.
     */
    int poll(Listener listener);

    /** The reason why no further event can ever be accepted, or null. */
    default @Nullable String failure() {
        return null;
    }
}
