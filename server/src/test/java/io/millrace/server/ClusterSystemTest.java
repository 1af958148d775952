package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import io.millrace.server.metric.FileMetrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three real node processes, each with a member of the control plane. */
@Timeout(240)
final class ClusterSystemTest {
    private static final String STREAM = "cluster/events";
    private static final int CHAINS = 3;

    /** On a machine that runs the whole suite beside it; what a failover takes on a quiet one is measured elsewhere. */
    private static final long LONGEST_STALL_NS = TimeUnit.SECONDS.toNanos(15);

    /** The state is hashed after every 512 commands: a cluster without requests has as many in about 20 s. */
    private static final long LONGEST_HASH_NS = TimeUnit.SECONDS.toNanos(60);

    private static final long STAND_NS = TimeUnit.SECONDS.toNanos(13);
    private static final long COUNTERS_INTERVAL_NS = TimeUnit.MILLISECONDS.toNanos(200);

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
    void shouldHoldTheSameStateOnAllMembersWhenTheLeaderHasChanged() {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS).start();
                Millrace millrace = cluster.connect()) {
            cluster.configure(millrace, CHAINS, 3, 2);
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(CHAINS));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            write(cluster, millrace, load, 2_000);
            final ClusterInfo before = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
            final NodeProcess leader = cluster.node(before.leaderMember());
            leader.kill();
            write(cluster, millrace, load, 2_000);
            leader.start(() -> load.step(500));
            final ClusterInfo after = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
            assertTrue(after.leaderTerm() > before.leaderTerm(), after::toString);
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            final long from = control(cluster, 0, "commands");
            final long sinceNs = System.nanoTime();
            long[] at;
            long[] hashes;
            do {
                assertTrue(System.nanoTime() - sinceNs < LONGEST_HASH_NS, "no hash of a common position");
                at = control(cluster, "hashed.commands");
                LockSupport.parkNanos(COUNTERS_INTERVAL_NS);
                hashes = control(cluster, "hashed.state");
                LockSupport.parkNanos(COUNTERS_INTERVAL_NS);
                // counters are taken one by one: only what stood still around them fits together
            } while (at[0] <= from
                    || at[1] != at[0]
                    || at[2] != at[0]
                    || !Arrays.equals(at, control(cluster, "hashed.commands")));
            assertEquals(hashes[0], hashes[1]);
            assertEquals(hashes[0], hashes[2]);
            while (control(cluster, 1, "compared.commands") < at[0]) {
                assertTrue(System.nanoTime() - sinceNs < LONGEST_HASH_NS, "the members have not compared");
                LockSupport.parkNanos(COUNTERS_INTERVAL_NS);
            }
            for (int i = 0; i < 3; i++) {
                assertEquals(0, control(cluster, i, "divergences"));
            }
        }
    }

    @Test
    void shouldGoOnWithTheSameMemberWhenTheLeadersNodeStoodStillForLongerThanAeronWaits() throws IOException {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS).start();
                Millrace millrace = cluster.connect()) {
            cluster.configure(millrace, CHAINS, 3, 2);
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(CHAINS));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            write(cluster, millrace, load, 2_000);
            final ClusterInfo before = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
            final NodeProcess leader = cluster.node(before.leaderMember());
            // The device's own transport is made anew, as PauseSystemTest has it; the member is not.
            leader.expectingError("ConductorServiceTimeoutException")
                    .expectingError("AgentTerminationException")
                    .expectingError("Aeron client is terminating")
                    .signal("STOP");
            final long sinceNs = System.nanoTime();
            write(cluster, millrace, load, 2_000);
            while (System.nanoTime() - sinceNs < STAND_NS) {
                LockSupport.parkNanos(COUNTERS_INTERVAL_NS);
            }
            leader.signal("CONT");
            final ClusterInfo after = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
            assertTrue(after.leaderTerm() > before.leaderTerm(), after::toString);
            write(cluster, millrace, load, 2_000);
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            for (int i = 0; i < 3; i++) {
                assertEquals(0, control(cluster, i, "restarts"), "restarts of member " + i);
            }
        }
    }

    private static long[] control(final ClusterProcesses cluster, final String name) {
        final long[] values = new long[3];
        Arrays.setAll(values, node -> control(cluster, node, name));
        return values;
    }

    private static long control(final ClusterProcesses cluster, final int node, final String name) {
        return FileMetrics.read(cluster.node(node).data()).value("control." + name);
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
