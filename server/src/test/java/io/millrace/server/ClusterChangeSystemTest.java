package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What operators do with a cluster while it is written to. */
@Timeout(240)
final class ClusterChangeSystemTest {
    private static final String STREAM = "cluster/events";
    private static final int CHAINS = 3;

    private static long replicas(final ClusterInfo info, final UUID node) {
        return info.chains().stream()
                .flatMap(chain -> chain.replicas().stream())
                .filter(replica -> replica.replica().nodeId().equals(node))
                .filter(replica ->
                        replica.role() == ClusterInfo.Role.MEMBER || replica.role() == ClusterInfo.Role.LEARNER)
                .count();
    }

    /** Refused while its device still gives free what it had. */
    private static boolean isRemoved(final Millrace millrace, final UUID node) {
        try {
            return millrace.cluster().removeNode(node);
        } catch (final MillraceException e) {
            assertEquals(ErrorCode.NODE_IN_USE, e.code(), e.getMessage());
            return false;
        }
    }

    private static boolean isSettled(final ClusterInfo info) {
        return ClusterProcesses.isWhole(info)
                && info.chains().stream()
                        .flatMap(chain -> chain.replicas().stream())
                        .noneMatch(replica -> replica.role() == ClusterInfo.Role.LEARNER);
    }

    @Test
    void shouldLoseNothingWhenANodeIsAddedAndAnotherDrained() {
        try (ClusterProcesses cluster = new ClusterProcesses(4, 3, CHAINS).start();
                Millrace millrace = cluster.connect()) {
            cluster.await(
                    millrace,
                    info -> info.nodes().stream()
                                    .filter(ClusterInfo.Node::isAlive)
                                    .count()
                            == 4);
            final UUID fourth = NodeIds.ofName("node-4");
            for (int i = 1; i <= 3; i++) {
                millrace.cluster().addNode(NodeIds.ofName("node-" + i));
            }
            millrace.cluster().configureChains(CHAINS, 3, 2);
            cluster.await(millrace, ClusterProcesses::isWhole);
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(CHAINS));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            ClusterSystemTest.write(cluster, millrace, load, 2_000);
            assertEquals(0, replicas(millrace.cluster().describe(), fourth));

            assertTrue(millrace.cluster().addNode(fourth));
            cluster.await(millrace, info -> replicas(info, fourth) > 0 && isSettled(info), () -> load.step(500));
            final UUID drained = NodeIds.ofName("node-2");
            assertTrue(millrace.cluster().drainNode(drained));
            cluster.await(millrace, info -> replicas(info, drained) == 0 && isSettled(info), () -> load.step(500));
            cluster.await(millrace, info -> isRemoved(millrace, drained), () -> load.step(500));
            cluster.node(1).awaitEnd(5, "MR-4010");
            ClusterSystemTest.write(cluster, millrace, load, 2_000);
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    void shouldLoseNothingWhenNodesAreRestartedOneByOneAndOneWithAnEmptyDevice() throws IOException {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS).start();
                Millrace millrace = cluster.connect()) {
            cluster.configure(millrace, CHAINS, 3, 2);
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(CHAINS));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            ClusterSystemTest.write(cluster, millrace, load, 2_000);
            for (int i = 0; i < 3; i++) {
                final NodeProcess node = cluster.node(i);
                assertEquals(0, node.terminate(), node::errorText);
                ClusterSystemTest.write(cluster, millrace, load, 1_000);
                if (i == 1) {
                    Files.delete(node.journal());
                    Files.delete(node.data().resolve("identity"));
                }
                node.start(() -> load.step(500));
                cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
            }
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    void shouldRefuseTheDirectoryOfANodeAloneAndThatOfACluster() {
        try (ClusterProcesses cluster = new ClusterProcesses(1, 1, 1);
                NodeProcess alone = NodeProcess.create()) {
            final NodeProcess node = cluster.node(0).start();
            try (Millrace millrace = cluster.connect()) {
                cluster.configure(millrace, 1, 1, 1);
                millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1));
                final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
                ClusterSystemTest.write(cluster, millrace, load, 1_000);
                node.kill();
                node.start(() -> load.step(500));
                load.finish();
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
            node.terminate();
            alone.with("node.name=node-1").onDataOf(node).refusedStart().assertIs(5, "MR-6017");
        }
    }
}
