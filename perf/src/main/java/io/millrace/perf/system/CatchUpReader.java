package io.millrace.perf.system;

import org.jspecify.annotations.Nullable;

/**
 * A reader of everything from the first event, as fast as it goes. It touches every event's payload (its first eight
 * bytes at least), so that no system may answer with unread pages.
 *
 * <p><b>Threading:</b> the rig's thread; client threads of its own are allowed.
 */
public interface CatchUpReader extends AutoCloseable {
    /**
     * Runs one turn.
     *
     * @return the number of events read in it, 0 when there were none yet.
     */
    long poll();

    /** The reason why nothing further can ever be read, or null. */
    default @Nullable String failure() {
        return null;
    }

    /** Ends the reader. */
    @Override
    void close();
}
