package io.millrace.peers.redis;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * One non-blocking connection: bytes to send are gathered and written once a turn, replies are taken apart as they
 * come.
 *
 * <p><b>Threading:</b> the rig's thread. <b>Invariants:</b> nothing is allocated per command.
 */
final class RedisConnection implements AutoCloseable {
    private static final int OUT_CAPACITY = 1 << 20;
    private static final int IN_CAPACITY = 4 << 20;

    private final SocketChannel channel;
    private final ByteBuffer out;
    private final ByteBuffer in = ByteBuffer.allocateDirect(IN_CAPACITY);
    private final RespReplies replies = new RespReplies();

    private RedisConnection(final SocketChannel channel, final int longestCommand) {
        this.channel = channel;
        this.out = ByteBuffer.allocateDirect(OUT_CAPACITY + longestCommand);
    }

    /**
     * Connects.
     *
     * @param port of the loopback address.
     * @param longestCommand bytes.
     * @return the connection.
     * @throws IOException when nobody listens there.
     */
    static RedisConnection open(final int port, final int longestCommand) throws IOException {
        final SocketChannel channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        try {
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            channel.configureBlocking(false);
            return new RedisConnection(channel, longestCommand);
        } catch (final IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    /**
     * Room for a command.
     *
     * @param length bytes.
     * @return whether {@link #out} takes it.
     */
    boolean hasRoom(final int length) {
        return out.remaining() >= length;
    }

    /** Takes commands; the caller has asked {@link #hasRoom}. */
    ByteBuffer out() {
        return out;
    }

    /** Writes as much as the socket takes. */
    int flush() throws IOException {
        if (out.position() == 0) {
            return 0;
        }
        out.flip();
        final int written = channel.write(out);
        out.compact();
        return written;
    }

    /**
     * Reads what has come.
     *
     * @param handler takes the replies' parts.
     * @return bytes read.
     * @throws IOException when the server has closed the connection.
     */
    int receive(final RespReplies.Handler handler) throws IOException {
        final int read = channel.read(in);
        if (read < 0) {
            throw new IOException("the server closed the connection");
        }
        if (read > 0) {
            in.flip();
            replies.take(in, handler);
            in.compact();
            if (!in.hasRemaining()) {
                throw new IOException("a reply has an element longer than " + IN_CAPACITY + " bytes");
            }
        }
        return read;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (final IOException e) {
            return; // it is gone either way
        }
    }
}
