package io.millrace.perf.cluster;

import io.millrace.perf.process.DebianPackages;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where the nodes of a cluster on this machine live: each in a network namespace of its own on a bridge, when this
 * process may make them, so that a node can be cut off from the others; else all on loopback.
 *
 * <p><b>Threading</b>: the rig's thread.
 *
 * <p><b>Invariants</b>: names carry this process's id, so that two runs do not meet; {@link #close()} removes all.
 */
final class ClusterNetwork implements AutoCloseable {
    private static final int BASE_PORT = 9470;
    private static final int PORTS_OF_A_MEMBER = 5;
    private static final int PORT_TRIES = 200;
    private static final int FIRST_LOOPBACK_PORT = 20_000;
    private static final int LOOPBACK_PORTS = 10_000;

    private final int nodeCount;
    private final String tag;
    private final String subnet;
    private final boolean hasNamespaces;
    private final List<Integer> loopbackPorts = new ArrayList<>();

    private ClusterNetwork(final int nodeCount, final boolean hasNamespaces) throws IOException {
        this.nodeCount = nodeCount;
        this.hasNamespaces = hasNamespaces;
        final long pid = ProcessHandle.current().pid();
        tag = Long.toString(pid % 100_000, Character.MAX_RADIX);
        subnet = String.format(Locale.ROOT, "10.%d.%d.", 64 + pid / 250 % 128, 1 + pid % 250);
        if (!hasNamespaces) {
            findPorts();
        }
    }

    /**
     * Makes it.
     *
     * @param nodeCount nodes, from 1.
     * @param say is told when nodes cannot be cut off, and why.
     * @return the network; to be closed.
     * @throws IOException when namespaces could be begun but not completed.
     */
    static ClusterNetwork open(final int nodeCount, final Consumer<String> say) throws IOException {
        final String missing = missing(say);
        if (missing != null) {
            say.accept("no partitions: " + missing);
            return new ClusterNetwork(nodeCount, false);
        }
        final ClusterNetwork network = new ClusterNetwork(nodeCount, true);
        try {
            network.build();
            return network;
        } catch (final IOException e) {
            network.close();
            say.accept("no partitions: " + e.getMessage());
            return new ClusterNetwork(nodeCount, false);
        }
    }

    private static @Nullable String missing(final Consumer<String> say) throws IOException {
        if (!Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid"))) {
            return "network namespaces need root";
        }
        final DebianPackages packages = new DebianPackages(say);
        return packages.ensure("ip", "iproute2")
                .or(() -> packages.ensure("nft", "nftables"))
                .orElse(null);
    }

    private void build() throws IOException {
        ip("link", "add", bridge(), "type", "bridge");
        ip("addr", "add", subnet + "254/24", "dev", bridge());
        ip("link", "set", bridge(), "up");
        for (int node = 0; node < nodeCount; node++) {
            ip("netns", "add", namespace(node));
            ip("link", "add", link(node), "type", "veth", "peer", "name", "eth0", "netns", namespace(node));
            ip("link", "set", link(node), "master", bridge(), "up");
            ip("-n", namespace(node), "link", "set", "lo", "up");
            ip("-n", namespace(node), "addr", "add", host(node) + "/24", "dev", "eth0");
            ip("-n", namespace(node), "link", "set", "eth0", "up");
            inside(node, "nft", "add", "table", "inet", "cut");
            inside(node, "nft", "add chain inet cut in { type filter hook input priority 0 ; }");
        }
    }

    private void findPorts() throws IOException {
        long port = ProcessHandle.current().pid() * 17;
        for (int tries = 0; loopbackPorts.size() < nodeCount; tries++) {
            if (tries == PORT_TRIES) {
                throw new IOException("no " + PORTS_OF_A_MEMBER + " free ports in a row on loopback");
            }
            final int base = FIRST_LOOPBACK_PORT + (int) (port % LOOPBACK_PORTS);
            port += 2 * PORTS_OF_A_MEMBER;
            if (areFree(base)) {
                loopbackPorts.add(base);
            }
        }
    }

    private static boolean areFree(final int base) {
        for (int port = base; port < base + PORTS_OF_A_MEMBER; port++) {
            try (DatagramSocket socket =
                    new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))) {
                socket.getLocalPort();
            } catch (final IOException e) {
                return false;
            }
        }
        return true;
    }

    /** Whether {@link #cut} works here. */
    boolean canCut() {
        return hasNamespaces;
    }

    /**
     * Returns the address of a node.
     *
     * @param node from 0.
     */
    String host(final int node) {
        return hasNamespaces ? subnet + (node + 1) : "127.0.0.1";
    }

    /**
     * Returns the base endpoint of a node's member of the control plane.
     *
     * @param node from 0.
     */
    String member(final int node) {
        return host(node) + ":" + (hasNamespaces ? BASE_PORT : loopbackPorts.get(node));
    }

    /**
     * Returns what a command must begin with to run where a node lives.
     *
     * @param node from 0.
     */
    List<String> prefix(final int node) {
        return hasNamespaces ? List.of("ip", "netns", "exec", namespace(node)) : List.of();
    }

    /**
     * Cuts a node off from all other nodes, in both directions; clients still reach it.
     *
     * @param node from 0.
     * @throws IOException when the rules cannot be set.
     */
    void cut(final int node) throws IOException {
        for (int other = 0; other < nodeCount; other++) {
            if (other != node) {
                inside(node, "nft", "add rule inet cut in ip saddr " + host(other) + " drop");
                inside(other, "nft", "add rule inet cut in ip saddr " + host(node) + " drop");
            }
        }
    }

    /**
     * Ends every cut.
     *
     * @throws IOException when the rules cannot be taken away.
     */
    void heal() throws IOException {
        for (int node = 0; node < nodeCount; node++) {
            inside(node, "nft", "flush chain inet cut in");
        }
    }

    @Override
    public void close() {
        if (!hasNamespaces) {
            return;
        }
        for (int node = 0; node < nodeCount; node++) {
            quietly("ip", "link", "del", link(node));
            quietly("ip", "netns", "del", namespace(node));
        }
        quietly("ip", "link", "del", bridge());
    }

    private String bridge() {
        return "mr" + tag + "b";
    }

    private String link(final int node) {
        return "mr" + tag + "v" + node;
    }

    private String namespace(final int node) {
        return "millrace-" + tag + "-" + (node + 1);
    }

    private void inside(final int node, final String... command) throws IOException {
        final List<String> whole = new ArrayList<>(prefix(node));
        whole.addAll(List.of(command));
        run(whole);
    }

    private static void ip(final String... arguments) throws IOException {
        final List<String> whole = new ArrayList<>(List.of("ip"));
        whole.addAll(List.of(arguments));
        run(whole);
    }

    private static void quietly(final String... command) {
        try {
            run(List.of(command));
        } catch (final IOException e) {
            return; // it was not there
        }
    }

    private static void run(final List<String> command) throws IOException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        try {
            process.getOutputStream().close();
            final String said =
                    new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IOException(String.join(" ", command) + ": " + said.strip());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted: " + String.join(" ", command), e);
        } finally {
            process.destroyForcibly();
        }
    }
}
