package io.millrace.peers.pravega;

import io.millrace.perf.system.CatchUpReader;
import io.pravega.client.stream.EventStreamReader;
import io.pravega.client.stream.ReinitializationRequiredException;
import io.pravega.client.stream.TruncatedDataException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * A reader from the first event, alone in its reader group.
 *
 * <p><b>Threading:</b> one thread at a time.
 */
final class PravegaReader implements CatchUpReader {
    private static final int EVENTS_A_TURN = 1024;
    private static final long WAIT_MS = 200;

    private final EventStreamReader<ByteBuffer> reader;
    private long lastIndex = -1;
    private @Nullable String failure;

    /**
     * Takes over a reader.
     *
     * @param reader closed with this.
     */
    PravegaReader(final EventStreamReader<ByteBuffer> reader) {
        this.reader = reader;
    }

    /** Reads nothing, but is assigned its segment, when called before the first event. */
    void settle() {
        reader.readNextEvent(WAIT_MS);
    }

    /** Whether there is a further event within a fifth of a second; its number is {@link #lastIndex()} then. */
    boolean next() {
        final @Nullable ByteBuffer event = reader.readNextEvent(WAIT_MS).getEvent();
        if (event == null) {
            return false;
        }
        lastIndex = event.order(ByteOrder.LITTLE_ENDIAN).getLong(event.position());
        return true;
    }

    /** The number of the event that was read last, -1 before the first. */
    long lastIndex() {
        return lastIndex;
    }

    @Override
    public long poll() {
        try {
            for (int i = 0; i < EVENTS_A_TURN; i++) {
                if (!next()) {
                    return i;
                }
            }
            return EVENTS_A_TURN;
        } catch (final ReinitializationRequiredException | TruncatedDataException e) {
            failure = "the reader failed: " + e;
            return 0;
        }
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() {
        reader.close();
    }
}
