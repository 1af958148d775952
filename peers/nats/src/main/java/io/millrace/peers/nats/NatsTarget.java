package io.millrace.peers.nats;

import io.millrace.perf.system.CompletionWindow;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import io.nats.client.JetStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Publishes asynchronously; an event is acknowledged when the server's answer has come.
 *
 * <p><b>Threading:</b> the rig's thread; answers come on the connection's reader thread.
 */
final class NatsTarget implements Target {
    private final JetStream stream;
    private final String[] subjects;
    private final int eventLength;
    private final CompletionWindow window;

    /**
     * Makes it.
     *
     * @param context sizes and clock.
     * @param stream of the connection.
     * @param subjects one for each stream.
     */
    NatsTarget(final SystemContext context, final JetStream stream, final String[] subjects) {
        this.stream = stream;
        this.subjects = subjects.clone();
        this.eventLength = Math.max(Long.BYTES, context.eventLength());
        this.window = new CompletionWindow(CompletionWindow.capacityFor(context.load()), context.clock());
    }

    @Override
    public boolean offer(final long index) {
        if (!window.hasRoom()) {
            return false;
        }
        final byte[] event = new byte[eventLength]; // the client keeps it until it is sent
        ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN).putLong(0, index);
        final var unused = stream.publishAsync(subjects[(int) (index % subjects.length)], event)
                .whenComplete((answer, error) -> {
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
}
