package io.millrace.store;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Fragmented events of one chain of which the last fragment has not come yet; at most one per writer entry.
 *
 * <p><b>Threading:</b> the chain's thread. Objects and their arrays are used again; memory is bounded by the limits the
 * head enforces.
 */
final class OpenEvents {
    /** Handle of no event. */
    static final int NONE = -1;

    private @Nullable OpenEvent[] events = new @Nullable OpenEvent[8];
    private int size;

    /** Creates it with no event open. */
    OpenEvents() {}

    /** Gives the number of open events. */
    int size() {
        return size;
    }

    /** Begins an event. @return its handle */
    int open(final int writerSlot, final long eventNumber, final int totalLength, final int session) {
        int handle = 0;
        while (handle < events.length && get(handle).inUse()) {
            handle++;
        }
        if (handle == events.length) {
            events = Arrays.copyOf(events, handle * 2);
        }
        get(handle).begin(writerSlot, eventNumber, totalLength, session);
        size++;
        return handle;
    }

    /** Ends an event, complete or dropped. */
    void close(final int handle) {
        get(handle).end();
        size--;
    }

    /** Gives the number of handles, for a walk. */
    int handleLimit() {
        return events.length;
    }

    /** Gives the event of a handle, in use or not. */
    OpenEvent get(final int handle) {
        OpenEvent event = events[handle];
        if (event == null) {
            event = new OpenEvent();
            events[handle] = event;
        }
        return event;
    }

    /** Takes over every event under the same handle. */
    void copyFrom(final OpenEvents other) {
        events = new @Nullable OpenEvent[other.events.length];
        for (int i = 0; i < events.length; i++) {
            get(i).copyFrom(other.get(i));
        }
        size = other.size;
    }

    /** Hashes all open events, whatever their handles. */
    long stateHash(final WriterTable writers) {
        long sum = 0;
        for (final OpenEvent event : events) {
            if (event != null && event.inUse()) {
                sum += StateHash.mix(writers.keyHash(event.writerSlot()), event.stateHash());
            }
        }
        return StateHash.mix(sum, size);
    }
}
