package io.millrace.peers.redis;

import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.TailReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * XREAD from an entry on, again and again: blocking at the end for a tail reader, in pieces of {@value #PIECE} entries
 * for a catch-up reader. The next command can be sent only when the last entry's id is known.
 *
 * <p>A reply is {@code [[key, [[id, [field, value]], …]]]}; its strings are told apart by their order: the key, then
 * id, field and value of each entry.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class RedisReader implements TailReader, CatchUpReader, RespReplies.Handler {
    private static final int PIECE = 2000;
    private static final int COMMAND_LENGTH = 1024;
    private static final int PARTS = 3;

    private final RedisConnection connection;
    private final NanoClock clock;
    private final boolean isTail;
    private final byte[] id = new byte[64];
    private int idLength;
    private int strings;
    private long count;
    private long seenNs;
    private @Nullable Listener listener;
    private @Nullable String failure;

    /**
     * Connects and asks for the first entries.
     *
     * @param port of the server.
     * @param clock of the times.
     * @param isTail whether it waits for what comes, instead of beginning at the first entry.
     * @throws IOException when the server cannot be reached.
     */
    RedisReader(final int port, final NanoClock clock, final boolean isTail) throws IOException {
        this.connection = RedisConnection.open(port, COMMAND_LENGTH);
        this.clock = clock;
        this.isTail = isTail;
        // From the first entry in both cases: a tail reader is opened while there is none.
        id[0] = '0';
        idLength = 1;
        ask();
        connection.flush();
    }

    @Override
    public int poll(final Listener newListener) {
        listener = newListener;
        return (int) turn();
    }

    @Override
    public long poll() {
        return turn();
    }

    @Override
    public void onString(final ByteBuffer bytes, final int offset, final int length) {
        if (length < 0) {
            return; // nothing new: XREAD without BLOCK, at the end
        }
        final int part = strings++ == 0 ? -1 : (strings - 2) % PARTS;
        if (part == 0) {
            idLength = Math.min(length, id.length);
            bytes.get(offset, id, 0, idLength);
        } else if (part == PARTS - 1) {
            final long index = bytes.order(ByteOrder.LITTLE_ENDIAN).getLong(offset);
            count++;
            if (listener != null) {
                listener.onSeen(index, index, seenNs);
            }
        }
    }

    @Override
    public void onReplyEnd() {
        strings = 0;
        ask();
    }

    @Override
    public void onError(final String message) {
        failure = "XREAD was refused: " + message;
    }

    @Override
    public @Nullable String failure() {
        return failure;
    }

    @Override
    public void close() {
        connection.close();
    }

    private long turn() {
        count = 0;
        seenNs = clock.nanoTime();
        try {
            connection.receive(this);
            connection.flush();
        } catch (final IOException | IllegalStateException e) {
            failure = "the connection to redis-server is lost: " + e.getMessage();
        }
        return count;
    }

    private void ask() {
        final String last = new String(id, 0, idLength, StandardCharsets.US_ASCII);
        connection
                .out()
                .put(
                        isTail
                                ? RespCommand.of("XREAD", "BLOCK", "0", "STREAMS", RedisTarget.key(0), last)
                                : RespCommand.of(
                                        "XREAD",
                                        "COUNT",
                                        Integer.toString(PIECE),
                                        "STREAMS",
                                        RedisTarget.key(0),
                                        last));
    }
}
