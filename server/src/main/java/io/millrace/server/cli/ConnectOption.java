package io.millrace.server.cli;

import io.millrace.client.Millrace;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import picocli.CommandLine.Option;

/** The options that name the node a command speaks to. <b>Threading:</b> one thread; picocli fills it. */
final class ConnectOption {
    private static final long LONGEST_CONNECT_NS = 4_000_000_000L;
    private static final int LONGEST_TIMEOUT_SECONDS = 86_400;
    private static final int SMALL_BUFFER_LENGTH = 2 * 1024 * 1024;
    private static final int SMALL_PENDING_EVENTS = 16 * 1024;

    @Option(
            names = "--connect",
            paramLabel = "HOST:PORT[,HOST:PORT]",
            defaultValue = "${env:MILLRACE_CONNECT:-127.0.0.1:8470}",
            description = "The node, or several of a cluster parted by commas; else MILLRACE_CONNECT, else"
                    + " 127.0.0.1:8470.")
    private String endpoint = "";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Give up after so long without an answer (default 10).")
    private int timeoutSeconds;

    /**
     * Names the node, or several.
     *
     * @return host:port, several parted by commas, not checked.
     */
    String endpoint() {
        return endpoint;
    }

    /**
     * How long an answer may take.
     *
     * @return nanoseconds.
     */
    long timeoutNs() {
        return timeoutSeconds * 1_000_000_000L;
    }

    /**
     * Connects to the node.
     *
     * @return a client, to be closed.
     * @throws MillraceException {@code UNREACHABLE} when no node answers within the time-out, at most 4 s.
     */
    Millrace connect() {
        return connect(Math.min(timeoutNs(), LONGEST_CONNECT_NS), timeoutNs());
    }

    /**
     * Connects to the node, with time-outs of the command's own.
     *
     * @param connectNs longest wait for a node.
     * @param requestNs longest wait for an answer.
     * @return a client, to be closed.
     * @throws MillraceException {@code UNREACHABLE} when no node answers in time.
     */
    Millrace connect(final long connectNs, final long requestNs) {
        if (timeoutSeconds < 1 || timeoutSeconds > LONGEST_TIMEOUT_SECONDS) {
            throw new MillraceException(
                    ErrorCode.CONFIGURATION_VALUE,
                    "--timeout is " + timeoutSeconds + ", but must be 1 to " + LONGEST_TIMEOUT_SECONDS + " seconds");
        }
        return Millrace.connect(new Millrace.Context()
                .endpoint(endpoint)
                .clientName("millrace command line")
                .connectTimeoutNs(connectNs)
                .requestTimeoutNs(requestNs)
                .writerBufferLength(SMALL_BUFFER_LENGTH)
                .writerMaxPendingEvents(SMALL_PENDING_EVENTS));
    }
}
