package io.millrace.peers.redis;

import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Pipelined XADD, one connection for each writer, one key for each stream. The server answers in order.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> nothing is allocated per event.
 */
final class RedisTarget implements Target, AutoCloseable {
    private static final int EVENTS_UNDER_WAY = 1 << 16;

    private final byte[][] heads;
    private final byte[] event;
    private final ByteBuffer index;
    private final int commandLength;
    private final List<Writer> writers = new ArrayList<>();
    private @Nullable Listener listener;
    private @Nullable String failure;

    /** A connection and the events that it has not been answered yet, in a ring. */
    private final class Writer implements RespReplies.Handler {
        private final RedisConnection connection;
        private final long[] indexes = new long[EVENTS_UNDER_WAY];
        private long head;
        private long tail;

        Writer(final RedisConnection connection) {
            this.connection = connection;
        }

        @Override
        public void onString(final ByteBuffer bytes, final int offset, final int length) {
            if (length < 0) {
                failure = "XADD was answered with nothing";
            }
        }

        @Override
        public void onReplyEnd() {
            if (failure == null && head < tail && listener != null) {
                final long answered = indexes[(int) head++ & (EVENTS_UNDER_WAY - 1)];
                listener.onAcknowledged(answered, answered);
            }
        }

        @Override
        public void onError(final String message) {
            failure = "XADD was refused: " + message;
        }
    }

    /**
     * Connects the writers.
     *
     * @param context sizes.
     * @param port of the server.
     * @throws IOException when it cannot be reached.
     */
    RedisTarget(final SystemContext context, final int port) throws IOException {
        event = new byte[Math.max(Long.BYTES, context.eventLength()) + 2];
        event[event.length - 2] = '\r';
        event[event.length - 1] = '\n';
        index = ByteBuffer.wrap(event).order(ByteOrder.LITTLE_ENDIAN);
        heads = new byte[context.streams()][];
        int longest = 0;
        for (int stream = 0; stream < heads.length; stream++) {
            heads[stream] = RespCommand.upTo(event.length - 2, "XADD", key(stream), "*", "d");
            longest = Math.max(longest, heads[stream].length);
        }
        commandLength = longest + event.length;
        try {
            for (int writer = 0; writer < context.writers(); writer++) {
                writers.add(new Writer(RedisConnection.open(port, commandLength)));
            }
        } catch (final IOException e) {
            close();
            throw e;
        }
    }

    /**
     * The key of a stream.
     *
     * @param stream its number.
     */
    static String key(final int stream) {
        return "stream-" + stream;
    }

    @Override
    public boolean offer(final long eventIndex) {
        final Writer writer = writers.get((int) (eventIndex % writers.size()));
        if (writer.tail - writer.head == EVENTS_UNDER_WAY || !writer.connection.hasRoom(commandLength)) {
            return false;
        }
        index.putLong(0, eventIndex);
        writer.connection.out().put(heads[(int) (eventIndex % heads.length)]).put(event);
        writer.indexes[(int) writer.tail++ & (EVENTS_UNDER_WAY - 1)] = eventIndex;
        return true;
    }

    @Override
    public int poll(final Listener newListener) {
        listener = newListener;
        int work = 0;
        try {
            for (int i = 0; i < writers.size(); i++) {
                final Writer writer = writers.get(i);
                work += writer.connection.flush() + writer.connection.receive(writer);
            }
        } catch (final IOException | IllegalStateException e) {
            failure = "the connection to redis-server is lost: " + e.getMessage();
        }
        return work;
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() {
        for (final Writer writer : writers) {
            writer.connection.close();
        }
    }
}
