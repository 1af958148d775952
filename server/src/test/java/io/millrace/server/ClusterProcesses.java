package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.agrona.CloseHelper;

/**
 * Nodes of one cluster, each a real process.
 *
 * <p><b>Threading</b>: one thread.
 */
final class ClusterProcesses implements AutoCloseable {
    private static final int PORTS_PER_MEMBER = 5;

    /** What is written while a slow machine starts a node again must fit: batches of one event take 8 KiB each. */
    private static final String JOURNAL_SIZE = "256MiB";

    private static final int FIRST_PORT = 10_000;
    private static final int LAST_PORT = 20_000;

    private static final long WAIT_NS = TimeUnit.SECONDS.toNanos(90);

    private final List<NodeProcess> nodes = new ArrayList<>();
    private final List<String> members = new ArrayList<>();

    /**
     * Makes nodes that do not run.
     *
     * @param count of nodes
     * @param memberCount of members of the control plane, on the first nodes
     * @param chains that each has room for
     */
    ClusterProcesses(final int count, final int memberCount, final int chains) {
        for (int i = 0; i < memberCount; i++) {
            members.add("127.0.0.1:" + freePorts());
        }
        for (int i = 0; i < count; i++) {
            nodes.add(NodeProcess.create()
                    .with("journal.size=" + JOURNAL_SIZE)
                    .with("journal.zone-size=16MiB")
                    .with("node.name=node-" + (i + 1))
                    .with("chains=" + chains)
                    .with("cluster.members=" + String.join(",", members))
                    .with("cluster.member=" + (i < memberCount ? i : -1)));
        }
    }

    /**
     * Finds a port with four free ones behind it. They lie below those that the kernel gives to sockets which ask for
     * any: a node that is away for a while finds its own again.
     */
    private int freePorts() {
        for (int attempt = 0; attempt < 200; attempt++) {
            final int port = ThreadLocalRandom.current().nextInt(FIRST_PORT, LAST_PORT);
            boolean isFree = members.stream().noneMatch(member -> isNear(member, port));
            for (int i = 0; i < PORTS_PER_MEMBER && isFree; i++) {
                isFree = isFree(port + i);
            }
            if (isFree) {
                return port;
            }
        }
        throw new AssertionError("no five free ports in a row");
    }

    private static boolean isNear(final String member, final int port) {
        return Math.abs(Integer.parseInt(member.substring(member.lastIndexOf(':') + 1)) - port) < PORTS_PER_MEMBER;
    }

    private static boolean isFree(final int port) {
        try (DatagramSocket socket = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (final IOException e) {
            return false;
        }
    }

    /** Has a node run alone from its next start on. */
    NodeProcess alone(final int index) {
        return node(index).with("cluster.members=").with("cluster.member=-1");
    }

    /** Has a node be one of the cluster from its next start on. */
    NodeProcess joined(final int index) {
        return node(index)
                .with("cluster.members=" + String.join(",", members))
                .with("cluster.member=" + (index < members.size() ? index : -1));
    }

    /** Starts all nodes at once and waits until each listens. */
    ClusterProcesses start() {
        final List<FutureTask<NodeProcess>> starts = new ArrayList<>();
        for (final NodeProcess node : nodes) {
            final FutureTask<NodeProcess> start = new FutureTask<>(() -> node.start());
            starts.add(start);
            new Thread(start, "test-start").start();
        }
        for (final FutureTask<NodeProcess> start : starts) {
            try {
                start.get();
            } catch (final InterruptedException | ExecutionException e) {
                throw new AssertionError("a node did not start", e);
            }
        }
        return this;
    }

    /** Returns a node. */
    NodeProcess node(final int index) {
        return nodes.get(index);
    }

    /** Returns the node that is reached at an address. */
    NodeProcess at(final String endpoint) {
        return nodes.stream()
                .filter(node -> node.endpoint().equals(endpoint))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no node at " + endpoint));
    }

    /** Returns the addresses of all nodes, for clients. */
    String endpoints() {
        final List<String> endpoints = new ArrayList<>();
        nodes.forEach(node -> endpoints.add(node.endpoint()));
        return String.join(",", endpoints);
    }

    /** Makes a client that knows all nodes. */
    Millrace connect() {
        return Millrace.connect(new Millrace.Context()
                .endpoint(endpoints())
                .connectTimeoutNs(WAIT_NS)
                .requestTimeoutNs(WAIT_NS));
    }

    /** Adds all nodes and makes the chains. */
    void configure(final Millrace millrace, final int chains, final int replicationFactor, final int minimum) {
        await(
                millrace,
                info -> info.nodes().stream().filter(ClusterInfo.Node::isAlive).count() >= replicationFactor);
        for (final ClusterInfo.Node node : millrace.cluster().describe().nodes()) {
            millrace.cluster().addNode(node.nodeId());
        }
        millrace.cluster().configureChains(chains, replicationFactor, minimum);
        await(millrace, ClusterProcesses::isWhole);
    }

    /** Tells whether each chain has all its members. */
    static boolean isWhole(final ClusterInfo info) {
        return !info.chains().isEmpty() && info.chains().stream().noneMatch(ClusterInfo.Chain::isUnderReplicated);
    }

    /** Asks until the cluster is as wanted. */
    ClusterInfo await(final Millrace millrace, final Predicate<ClusterInfo> wanted) {
        return await(millrace, wanted, () -> LockSupport.parkNanos(50_000_000L));
    }

    /** Asks until the cluster is as wanted, and does something else between. */
    ClusterInfo await(final Millrace millrace, final Predicate<ClusterInfo> wanted, final Runnable between) {
        final long deadlineNs = System.nanoTime() + WAIT_NS;
        while (true) {
            final ClusterInfo info = millrace.cluster().describe();
            if (wanted.test(info)) {
                return info;
            }
            assertTrue(System.nanoTime() < deadlineNs, () -> info + "\n" + errorTexts());
            between.run();
        }
    }

    /** Tells how the cluster is, and what its nodes have said, for the message of a failed test. */
    String describe(final Millrace millrace) {
        String info;
        try {
            info = millrace.cluster().describe().toString();
        } catch (final MillraceException e) {
            info = String.valueOf(e.getMessage());
        }
        return info + "\n" + errorTexts();
    }

    private String errorTexts() {
        final StringBuilder text = new StringBuilder();
        nodes.forEach(node -> text.append(node.endpoint()).append(":\n").append(node.errorText()));
        return text.toString();
    }

    @Override
    public void close() {
        CloseHelper.closeAll(nodes);
    }
}
