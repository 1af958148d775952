package io.millrace.peers.pravega;

import io.millrace.perf.system.CompletionWindow;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import io.pravega.client.stream.EventStreamWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Event writers in turn.
 *
 * <p><b>Threading:</b> the rig's thread; acknowledgements come on threads of Pravega's client.
 */
final class PravegaTarget implements Target, AutoCloseable {
    private static final String KEY = "k";

    private final List<EventStreamWriter<ByteBuffer>> writers = new ArrayList<>();
    private final CompletionWindow window;
    private final int eventLength;

    /**
     * Makes a target without writers.
     *
     * @param context sizes and clock.
     */
    PravegaTarget(final SystemContext context) {
        this.window = new CompletionWindow(CompletionWindow.capacityFor(context.load()), context.clock());
        this.eventLength = Math.max(Long.BYTES, context.eventLength());
    }

    /**
     * Adds a writer.
     *
     * @param writer closed with this.
     */
    void add(final EventStreamWriter<ByteBuffer> writer) {
        writers.add(writer);
    }

    /**
     * Makes an event.
     *
     * @param index its number.
     * @param eventLength its bytes.
     * @return the bytes, the number in front.
     */
    static ByteBuffer event(final long index, final int eventLength) {
        final ByteBuffer event = ByteBuffer.allocate(eventLength).order(ByteOrder.LITTLE_ENDIAN);
        return event.putLong(0, index);
    }

    @Override
    public boolean offer(final long index) {
        if (!window.hasRoom()) {
            return false;
        }
        final var unused = writers.get((int) (index % writers.size()))
                .writeEvent(KEY, event(index, eventLength))
                .whenComplete((nothing, error) -> {
                    if (error == null) {
                        window.completed(index);
                    } else {
                        window.fail("an event was refused: " + error);
                    }
                });
        window.offered();
        return true;
    }

    @Override
    public int poll(final Listener listener) {
        return window.poll(listener);
    }

    @Override
    public @Nullable String failure() {
        return window.failure();
    }

    @Override
    public void close() {
        for (final EventStreamWriter<ByteBuffer> writer : writers) {
            writer.close();
        }
    }
}
