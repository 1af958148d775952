package io.millrace.server;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import io.millrace.codec.wire.MessageHeaderDecoder;
import io.millrace.codec.wire.SessionOpenDecoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import org.jspecify.annotations.Nullable;

/**
 * Stands between a client and a node and changes one number in what the client sends: the version of the protocol it
 * says it speaks. So a real client, of today's version, meets a real node as one of another version would.
 *
 * <p><b>Threading</b>: a thread of its own between constructor and {@link #close()}.
 */
final class VersionRelay implements AutoCloseable {
    private static final int DATA_HEADER_LENGTH = 32;
    private static final int DATA_TYPE = 1;
    private static final int TYPE_OFFSET = 6;
    private static final int VERSION_OFFSET = DATA_HEADER_LENGTH
            + MessageHeaderDecoder.ENCODED_LENGTH
            + SessionOpenDecoder.protocolVersionEncodingOffset();

    private final Selector selector;
    private final DatagramChannel clientSide;
    private final DatagramChannel nodeSide;
    private final int version;
    private final Thread thread = new Thread(this::run, "version-relay");
    private final ByteBuffer datagram = ByteBuffer.allocate(65_536).order(LITTLE_ENDIAN);
    private @Nullable SocketAddress client;

    /** Opens a relay to a node's port on loopback. */
    VersionRelay(final int nodePort, final int version) throws IOException {
        this.version = version;
        final InetAddress loopback = InetAddress.getLoopbackAddress();
        selector = Selector.open();
        clientSide = DatagramChannel.open().bind(new InetSocketAddress(loopback, 0));
        nodeSide = DatagramChannel.open().connect(new InetSocketAddress(loopback, nodePort));
        for (final DatagramChannel channel : new DatagramChannel[] {clientSide, nodeSide}) {
            channel.configureBlocking(false);
            channel.register(selector, SelectionKey.OP_READ);
        }
        thread.start();
    }

    /** Returns where a client connects. */
    String endpoint() throws IOException {
        return "127.0.0.1:" + ((InetSocketAddress) clientSide.getLocalAddress()).getPort();
    }

    private void run() {
        try {
            while (selector.isOpen()) {
                selector.select(key -> relay((DatagramChannel) key.channel()));
            }
        } catch (final java.nio.channels.ClosedSelectorException e) {
            return; // closed while it waited
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void relay(final DatagramChannel from) {
        try {
            datagram.clear();
            final SocketAddress sender = from.receive(datagram);
            datagram.flip();
            if (sender == null) {
                return;
            }
            if (from == clientSide) {
                client = sender;
                lie();
                nodeSide.write(datagram);
            } else if (client != null) {
                clientSide.send(datagram, client);
            }
        } catch (final java.net.PortUnreachableException e) {
            return; // one side has ended; what is lost on the way is sent again
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void lie() {
        if (datagram.limit() >= VERSION_OFFSET + Integer.BYTES
                && datagram.getShort(TYPE_OFFSET) == DATA_TYPE
                && datagram.getShort(DATA_HEADER_LENGTH + MessageHeaderDecoder.templateIdEncodingOffset())
                        == SessionOpenDecoder.TEMPLATE_ID
                && datagram.getShort(DATA_HEADER_LENGTH + MessageHeaderDecoder.schemaIdEncodingOffset())
                        == SessionOpenDecoder.SCHEMA_ID) {
            datagram.putInt(VERSION_OFFSET, version);
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        clientSide.close();
        nodeSide.close();
    }
}
