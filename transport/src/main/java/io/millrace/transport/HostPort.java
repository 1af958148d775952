package io.millrace.transport;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * A host and a UDP port in text: {@code host:port} or {@code [ipv6]:port}.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param host name or IP literal, without brackets.
 * @param port 0 to 65535.
 */
record HostPort(String host, int port) {
    private static final int PORT_MAX = 65_535;
    private static final int PORT_DIGITS_MAX = 5;
    private static final int OCTETS = 4;
    private static final int OCTET_DIGITS_MAX = 3;
    private static final int OCTET_MAX = 255;
    private static final int LITERAL_LENGTH_MAX = 45;

    /**
     * Reads an address of the configuration.
     *
     * @param text to read.
     * @param code of the exception.
     * @return host and port.
     * @throws MillraceException when it is not an address.
     */
    static HostPort parse(final String text, final ErrorCode code) {
        final HostPort result = tryParse(text);
        if (result == null) {
            throw new MillraceException(code, "'" + text + "' is not host:port with a port of 0 to 65535");
        }
        return result;
    }

    /**
     * Reads an address.
     *
     * @param text to read, untrusted.
     * @return host and port, or {@code null} when it is not an address.
     */
    static @Nullable HostPort tryParse(final String text) {
        final int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            return null;
        }
        final int port = parseNumber(text.substring(colon + 1), PORT_DIGITS_MAX, PORT_MAX);
        String host = text.substring(0, colon);
        final boolean isBracketed = host.startsWith("[") && host.endsWith("]");
        if (isBracketed) {
            host = host.substring(1, host.length() - 1);
        }
        final boolean isHostWellFormed = !host.isEmpty()
                && host.chars().noneMatch(c -> c <= ' ' || c == '|' || c == '?' || c == '=' || c == '[' || c == ']')
                && isBracketed == host.contains(":");
        return port < 0 || !isHostWellFormed ? null : new HostPort(host, port);
    }

    /**
     * Writes an address as Aeron and people read it.
     *
     * @param address of the host.
     * @param port of the socket.
     * @return {@code ip:port} or {@code [ip]:port}.
     */
    static String text(final InetAddress address, final int port) {
        final String host = address.getHostAddress();
        return address instanceof Inet6Address ? "[" + host + "]:" + port : host + ":" + port;
    }

    /**
     * Reads the host as an IP literal; never asks a name server.
     *
     * @return the address, or {@code null} when the host is a name.
     */
    @Nullable
    InetAddress literal() {
        if (host.length() > LITERAL_LENGTH_MAX) {
            return null;
        }
        try {
            if (host.contains(":")) {
                final boolean isLiteral =
                        host.chars().allMatch(c -> c == ':' || c == '.' || Character.digit(c, 16) >= 0);
                return isLiteral ? InetAddress.getByName("[" + host + "]") : null;
            }
            final byte[] octets = octets();
            return octets == null ? null : InetAddress.getByAddress(octets);
        } catch (final UnknownHostException e) {
            return null;
        }
    }

    private byte @Nullable [] octets() {
        final String[] parts = host.split("\\.", -1);
        if (parts.length != OCTETS) {
            return null;
        }
        final byte[] result = new byte[OCTETS];
        for (int i = 0; i < OCTETS; i++) {
            final int octet = parseNumber(parts[i], OCTET_DIGITS_MAX, OCTET_MAX);
            if (octet < 0) {
                return null;
            }
            result[i] = (byte) octet;
        }
        return result;
    }

    private static int parseNumber(final String digits, final int digitsMax, final int max) {
        if (digits.isEmpty() || digits.length() > digitsMax || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return -1;
        }
        final int value = Integer.parseInt(digits);
        return value > max ? -1 : value;
    }
}
