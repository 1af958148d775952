package io.millrace.perf.cluster;

import io.millrace.client.ClusterInfo;
import io.millrace.client.ClusterManager;
import io.millrace.codec.AllowedHere;
import io.millrace.codec.MillraceException;
import io.millrace.perf.node.NodeProcess;
import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.TemporaryDirectory;
import io.millrace.perf.report.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;

/**
 * The nodes of a cluster on this machine, and what an operator does to them by the command line.
 *
 * <p><b>Threading</b>: the rig's thread.
 *
 * <p><b>Invariants</b>: a node that was killed comes back at the same endpoint with the same directory.
 */
final class ClusterProcesses {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final long COMMAND_TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long POLL_MS = 500;

    private final NanoClock clock;
    private final int memberCount;
    private final List<NodeProcess> nodes = new ArrayList<>();

    /**
     * Writes the nodes' configurations; nothing is started.
     *
     * @param network they live in.
     * @param memberCount nodes that carry a member of the control plane each, and are started by {@link #startAll}.
     * @param spareCount further nodes, which are not.
     * @param home directory for all of them; decides the device.
     * @param journalMebibytes size of each journal.
     * @param cleanup told of every process and directory.
     * @param clock of time-outs.
     * @throws IOException when a configuration cannot be written.
     */
    ClusterProcesses(
            final ClusterNetwork network,
            final int memberCount,
            final int spareCount,
            final Path home,
            final long journalMebibytes,
            final Cleanup cleanup,
            final NanoClock clock)
            throws IOException {
        this.clock = clock;
        this.memberCount = memberCount;
        final List<String> members = new ArrayList<>();
        for (int node = 0; node < memberCount; node++) {
            members.add('"' + network.member(node) + '"');
        }
        for (int node = 0; node < memberCount + spareCount; node++) {
            final Path directory = Files.createDirectories(home.resolve("node" + (node + 1)));
            final Path configuration = directory.resolve("millrace.toml");
            Files.writeString(configuration, settings(node, members, journalMebibytes, media(directory, cleanup)));
            final NodeProcess process = cleanup.add(
                    new NodeProcess(directory.resolve("data"), List.of("--config", configuration.toString()), clock));
            process.listenAt(network.host(node) + ":0");
            process.prefix(network.prefix(node));
            nodes.add(process);
        }
    }

    private static Path media(final Path directory, final Cleanup cleanup) throws IOException {
        return Files.isWritable(SHARED_MEMORY)
                ? cleanup.add(TemporaryDirectory.create(SHARED_MEMORY)).path()
                : directory;
    }

    private static String settings(
            final int node, final List<String> members, final long journalMebibytes, final Path media) {
        return String.format(
                Locale.ROOT,
                """
                [node]
                name = "node%d"

                [cluster]
                members = [%s]
                %s

                [journal]
                size = "%dMiB"
                zone-size = "%dMiB"

                [aeron]
                directory = "%s"
                """,
                node + 1,
                String.join(", ", members),
                node < members.size() ? "member = " + node : "",
                journalMebibytes,
                Math.max(2, Long.highestOneBit(journalMebibytes / 16)),
                media.resolve("node"));
    }

    /** Number of nodes that carry a member of the control plane; they come before the spare ones. */
    int count() {
        return memberCount;
    }

    /**
     * Returns a node's process.
     *
     * @param node from 0.
     */
    NodeProcess node(final int node) {
        return nodes.get(node);
    }

    /** The addresses of the members, parted by commas, as clients and commands take them. */
    String endpoints() {
        final List<String> endpoints = new ArrayList<>();
        for (final NodeProcess node : nodes.subList(0, memberCount)) {
            endpoints.add(node.lastEndpoint());
        }
        return String.join(",", endpoints);
    }

    /**
     * Returns the node that listens at an endpoint.
     *
     * @param endpoint host:port.
     * @return from 0; -1: none.
     */
    int at(final String endpoint) {
        for (int node = 0; node < nodes.size(); node++) {
            if (nodes.get(node).lastEndpoint().equals(endpoint)) {
                return node;
            }
        }
        return -1;
    }

    /**
     * Starts every member that does not run, and waits until all are ready.
     *
     * @throws IOException when one does not start.
     */
    void startAll() throws IOException {
        for (final NodeProcess node : nodes.subList(0, memberCount)) {
            if (!node.isAlive()) {
                node.start();
            }
        }
        for (final NodeProcess node : nodes.subList(0, memberCount)) {
            while (!node.isReady()) {
                pause();
            }
        }
    }

    /**
     * Stops a process where it stands (SIGSTOP), or lets it go on.
     *
     * @param node from 0.
     * @param signal STOP or CONT.
     * @throws IOException when the signal cannot be sent.
     */
    void signal(final int node, final String signal) throws IOException {
        final Process kill = new ProcessBuilder(
                        "kill", "-" + signal, Long.toString(nodes.get(node).pid()))
                .start();
        try {
            kill.waitFor(5, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Gives up a node's device for an empty one, as an operator does when it is lost; the node is down, and its next
     * start makes a new journal.
     *
     * @param node from 0.
     * @throws IOException when a file cannot be removed.
     */
    void wipe(final int node) throws IOException {
        Files.delete(nodes.get(node).dataDirectory().resolve("journal.millrace"));
        Files.delete(nodes.get(node).dataDirectory().resolve("identity"));
    }

    /**
     * Runs a command of an operator, with {@code --connect} and {@code --output json}.
     *
     * @param arguments of {@code millrace}.
     * @return its last line of JSON.
     * @throws IOException when it ends with another code than 0.
     */
    JsonFields operate(final String... arguments) throws IOException {
        final List<String> options = new ArrayList<>(List.of(arguments));
        options.addAll(List.of("--connect", endpoints(), "--output", "json"));
        final ChildProcess child =
                new ChildProcess("operator", NodeProcess.command(options, ""), List.of("MILLRACE_NO_BUILD=1"));
        try (child) {
            final long deadlineNs = clock.nanoTime() + COMMAND_TIMEOUT_NS;
            while (child.isAlive() && clock.nanoTime() < deadlineNs) {
                pause();
            }
            final int code = child.stop();
            JsonFields last = null;
            for (String line = child.pollLine(); line != null; line = child.pollLine()) {
                if (line.startsWith("{")) {
                    last = JsonFields.parse(line);
                }
            }
            if (code != 0 || last == null) {
                throw new IOException(
                        "millrace " + String.join(" ", options) + " ended with " + code + ": " + child.errors());
            }
            return last;
        }
    }

    /**
     * Waits until every chain has all its replicas again.
     *
     * @param timeoutNs longest wait.
     * @return how long it took, in nanoseconds.
     * @throws IOException when it takes longer.
     */
    long awaitWhole(final long timeoutNs) throws IOException {
        final long beganNs = clock.nanoTime();
        String last = "no answer";
        while (clock.nanoTime() - beganNs < timeoutNs) {
            try {
                final JsonFields status = operate("cluster", "status");
                if (Boolean.parseBoolean(status.get("whole", "false"))) {
                    return clock.nanoTime() - beganNs;
                }
                last = status.toString();
            } catch (final IOException e) {
                last = String.valueOf(e.getMessage());
            }
            pause();
        }
        throw notWhole(timeoutNs, last);
    }

    /**
     * Waits until every chain has all its replicas again, without a process of its own for each question: on a small
     * machine those alone disturb the nodes.
     *
     * @param cluster to ask.
     * @param timeoutNs longest wait.
     * @return how long it took, in nanoseconds.
     * @throws IOException when it takes longer.
     */
    long awaitWhole(final ClusterManager cluster, final long timeoutNs) throws IOException {
        final long beganNs = clock.nanoTime();
        String last = "no answer";
        while (clock.nanoTime() - beganNs < timeoutNs) {
            try {
                final ClusterInfo info = cluster.describe();
                if (!info.chains().isEmpty()
                        && info.chains().stream().noneMatch(ClusterInfo.Chain::isUnderReplicated)) {
                    return clock.nanoTime() - beganNs;
                }
                last = info.toString();
            } catch (final MillraceException e) {
                last = String.valueOf(e.getMessage());
            }
            pause();
        }
        throw notWhole(timeoutNs, last);
    }

    private IOException notWhole(final long timeoutNs, final String last) {
        final StringBuilder text = new StringBuilder("the cluster is not whole after ")
                .append(timeoutNs / 1_000_000_000L)
                .append(" s: ")
                .append(last);
        for (int node = 0; node < nodes.size(); node++) {
            text.append("\nnode")
                    .append(node + 1)
                    .append(": ")
                    .append(nodes.get(node).errors());
        }
        return new IOException(text.toString());
    }

    /** Lets some time pass. */
    static void pause() throws IOException {
        pause(POLL_MS / 10);
    }

    /**
     * Lets time pass.
     *
     * @param millis milliseconds.
     * @throws IOException when interrupted.
     */
    @AllowedHere("the rig waits")
    static void pause(final long millis) throws IOException {
        try {
            Thread.sleep(millis);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        }
    }
}
