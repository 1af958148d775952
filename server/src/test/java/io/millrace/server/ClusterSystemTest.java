package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three real node processes, each with a member of the control plane. */
@Timeout(240)
final class ClusterSystemTest {
    private static final String STREAM = "cluster/events";
    private static final int CHAINS = 3;

    /** On a machine that runs the whole suite beside it; what a failover takes on a quiet one is measured elsewhere. */
    private static final long LONGEST_STALL_NS = TimeUnit.SECONDS.toNanos(15);

    @Test
    void shouldLoseNothingWhenEachMemberOfAChainIsKilledInTurn() {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS).start();
                Millrace millrace = cluster.connect()) {
            cluster.configure(millrace, CHAINS, 3, 2);
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(CHAINS));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            write(cluster, millrace, load, 2_000);
            for (int place = 0; place < 3; place++) {
                final ClusterInfo whole = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
                final NodeProcess victim =
                        cluster.at(whole.chains().get(0).replicas().get(place).endpoint());
                victim.kill();
                write(cluster, millrace, load, 2_000);
                victim.start(() -> load.step(500));
            }
            final ClusterInfo whole = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
            assertTrue(whole.nodes().stream().allMatch(ClusterInfo.Node::isAlive), whole::toString);
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    void shouldKeepEverythingWhenAllNodesAreKilledAtOnce() {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS).start();
                Millrace millrace = cluster.connect()) {
            cluster.configure(millrace, CHAINS, 3, 2);
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(CHAINS));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            write(cluster, millrace, load, 3_000);
            for (int i = 0; i < 3; i++) {
                cluster.node(i).signalKill();
            }
            for (int i = 0; i < 3; i++) {
                cluster.node(i).kill();
            }
            cluster.start();
            write(cluster, millrace, load, 3_000);
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    void shouldBeMadeAndShownByTheCommandLine() {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS).start()) {
            final CliProcess cli = new CliProcess(cluster.node(0).directory(), cluster.endpoints());
            final String made = cli.run("cluster", "init", "--chains", "" + CHAINS, "--output", "json")
                    .assertDone()
                    .text();
            assertTrue(made.contains("\"changed\":true"), made);
            assertTrue(made.contains("\"serving\":true"), made);
            final String again = cli.run("cluster", "init", "--chains", "" + CHAINS, "--output", "json")
                    .assertDone()
                    .text();
            assertTrue(again.contains("\"changed\":false"), again);
            cli.run("cluster", "init", "--chains", "" + (CHAINS - 1)).assertRefused(ErrorCode.CHAINS_CONFIGURED);
            cli.run("cluster", "drain", "node-1").assertRefused(ErrorCode.DEVICES_TOO_FEW);
            cli.run("cluster", "remove", "node-2").assertRefused(ErrorCode.NODE_IN_USE);
            cli.run("cluster", "drain", "node-9").assertRefused(ErrorCode.NODE_UNKNOWN);
            final String text = cli.run("cluster", "status").assertDone().text();
            assertTrue(text.contains("all chains are whole"), text);
            final String json = cli.run("cluster", "status", "--output", "json")
                    .assertDone()
                    .text();
            assertTrue(json.contains("\"whole\":true"), json);
            cli.run("stream", "create", STREAM, "--segments", "4").assertDone();
            cli.runWith("a\nb\n".getBytes(StandardCharsets.UTF_8), "write", STREAM, "-")
                    .assertDone();
            final String installs = String.valueOf(
                    cli.run("stat", "--data", cluster.node(0).data().toString(), "--output", "json")
                            .assertDone()
                            .json()
                            .get("counters.chain.installs"));
            assertTrue(Long.parseLong(installs) >= CHAINS, installs);
            final String read = cli.run("read", STREAM).assertDone().text();
            assertEquals(
                    new TreeSet<>(List.of("a", "b")), new TreeSet<>(read.lines().toList()));
        }
    }

    /** Writes until so many more events are acknowledged; fails when none is for long, and says how the cluster is. */
    static void write(final ClusterProcesses cluster, final Millrace millrace, final KeyedLoad load, final int events) {
        final long target = load.acknowledgedCount() + events;
        long acknowledged = load.acknowledgedCount();
        long sinceNs = System.nanoTime();
        while (load.acknowledgedCount() < target) {
            load.step(500);
            if (load.acknowledgedCount() > acknowledged) {
                acknowledged = load.acknowledgedCount();
                sinceNs = System.nanoTime();
            }
            assertTrue(System.nanoTime() - sinceNs < LONGEST_STALL_NS, () -> load + "\n" + cluster.describe(millrace));
        }
    }
}
