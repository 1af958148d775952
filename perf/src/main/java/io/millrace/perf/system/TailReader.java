package io.millrace.perf.system;

import org.jspecify.annotations.Nullable;

/**
 * A reader waiting at the end of the stream.
 *
 * <p><b>Threading:</b> the rig's thread; a reader whose client has threads of its own lets them put what they see into
 * a {@link RunQueue}, which {@link #poll} drains.
 */
public interface TailReader {
    /** Receives what was seen during {@link TailReader#poll}. */
    interface Listener {
        /**
         * A run of events was seen.
         *
         * @param firstIndex first seen event, as the target was offered it (the first eight bytes of the event, little
         *     endian or whatever the adapter wrote there).
         * @param lastIndex last seen event, &ge; {@code firstIndex}.
         * @param seenNs when, of the context's clock.
         */
        void onSeen(long firstIndex, long lastIndex, long seenNs);
    }

    /**
     * Runs one turn of the reader.
     *
     * @param listener takes what was seen.
     * @return the work done, 0 when there was none.
     */
    int poll(Listener listener);

    /** The reason why nothing further can ever be seen, or null. */
    default @Nullable String failure() {
        return null;
    }
}
