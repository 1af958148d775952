package io.millrace.transport;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The channel by which a client wants its answers. It comes from the wire, so nothing of its text reaches Aeron: only
 * an IP literal and a port, or the word for ipc, are understood, and a channel of our own is made from them.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param address of the client; {@code null} for ipc.
 * @param port of the client; 0 for ipc.
 */
record ReplyChannel(@Nullable InetAddress address, int port) {
    /** The channel for answers in the driver's own memory. */
    static final String IPC = "aeron:ipc";

    private static final int FRAMES_PER_TERM = 8;

    /** What a UDP channel begins with; host:port follows and nothing else. */
    static final String UDP_PREFIX = "aeron:udp?endpoint=";

    /**
     * Reads a channel.
     *
     * @param text untrusted.
     * @return the channel, or {@code null} when it is anything but {@code aeron:udp?endpoint=<ip literal>:<port>} with
     *     a unicast address, or {@code aeron:ipc}.
     */
    static @Nullable ReplyChannel parse(final String text) {
        if (IPC.equals(text)) {
            return new ReplyChannel(null, 0);
        }
        if (!text.startsWith(UDP_PREFIX)) {
            return null;
        }
        final HostPort endpoint = HostPort.tryParse(text.substring(UDP_PREFIX.length()));
        if (endpoint == null || endpoint.port() == 0) {
            return null;
        }
        final InetAddress address = endpoint.literal();
        return address == null || !isUnicast(address) ? null : new ReplyChannel(address, endpoint.port());
    }

    /**
     * Returns whether frames to an address reach one host that can be named by it.
     *
     * @param address of a receiver.
     */
    static boolean isUnicast(final InetAddress address) {
        return !address.isMulticastAddress()
                && !address.isAnyLocalAddress()
                && !"255.255.255.255".equals(address.getHostAddress());
    }

    /** Returns whether the answers go through the driver's own memory. */
    boolean isIpc() {
        return address == null;
    }

    /**
     * Returns Aeron's text for a publication to the client.
     *
     * @param transport that knows frame lengths.
     * @param termLength of the publication, in bytes.
     */
    String uri(final Transport transport, final int termLength) {
        final InetAddress host = address;
        return host == null
                ? IPC + "?term-length=" + termLength + "|mtu=" + cut(transport.ipcMtuLength(), termLength)
                : UDP_PREFIX + HostPort.text(host, port) + "|term-length=" + termLength + "|mtu="
                        + cut(transport.mtuLength(host), termLength);
    }

    /**
     * Cuts a frame length to what a term carries: Aeron takes no message above an eighth of it.
     *
     * @param mtuLength in bytes.
     * @param termLength in bytes, a power of two.
     * @return a multiple of 32.
     */
    static int cut(final int mtuLength, final int termLength) {
        return Math.min(mtuLength, termLength / FRAMES_PER_TERM);
    }
}
