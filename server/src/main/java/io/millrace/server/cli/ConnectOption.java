package io.millrace.server.cli;

import picocli.CommandLine.Option;

/** The options that name the node a command speaks to. <b>Threading:</b> one thread; picocli fills it. */
final class ConnectOption {
    @Option(
            names = "--connect",
            paramLabel = "HOST:PORT",
            defaultValue = "${env:MILLRACE_CONNECT:-127.0.0.1:8470}",
            description = "The node, else MILLRACE_CONNECT, else 127.0.0.1:8470.")
    private String endpoint = "";

    @Option(
            names = "--timeout",
            paramLabel = "SECONDS",
            defaultValue = "10",
            description = "Give up after so long without an answer (default 10).")
    private int timeoutSeconds;

    /**
     * Names the node.
     *
     * @return host:port, not checked.
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
}
