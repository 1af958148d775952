package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ClusterInfo;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamState;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.agrona.IoUtil;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A node that was alone becomes one of a cluster, which takes over its streams; real processes. */
@Timeout(300)
final class TakeOverSystemTest {
    private static final String STREAM = "alone/events";
    private static final int CHAINS = 3;
    private static final long STEP_MILLIS = 50;
    private static final int CHECKPOINTED = 30_000;

    /** Each takes a process of its own, some tenths of a second. */
    private static final int MOST_LOOKS = 30;

    private static final long WAIT_NS = TimeUnit.SECONDS.toNanos(60);

    /** Writes while the node is alone; a sealed stream and a deleted one besides. */
    private static KeyedLoad fill(final ClusterProcesses cluster, final Millrace millrace) {
        millrace.streams().createStream(STREAM, StreamConfiguration.fixed(5));
        millrace.streams().createStream("alone/sealed", StreamConfiguration.fixed(1));
        millrace.streams().seal("alone/sealed");
        millrace.streams().createStream("alone/gone", StreamConfiguration.fixed(2));
        millrace.streams().seal("alone/gone");
        millrace.streams().delete("alone/gone");
        final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
        ClusterSystemTest.write(cluster, millrace, load, 3_000);
        return load;
    }

    private static void assertStreams(final Millrace millrace) {
        assertEquals(
                StreamState.SEALED, millrace.streams().describe("alone/sealed").state());
        assertEquals(
                ErrorCode.STREAM_NOT_FOUND,
                assertThrows(MillraceException.class, () -> millrace.streams().describe("alone/gone"))
                        .code());
        assertEquals(5, millrace.streams().describe(STREAM).segments().size());
    }

    private static void awaitUntil(final BooleanSupplier condition, final NodeProcess node) {
        final long deadlineNs = System.nanoTime() + WAIT_NS;
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadlineNs && node.isAlive(), node::errorText);
            LockSupport.parkNanos(500_000L);
        }
    }

    @Test
    void shouldGoOnWithAllStreamsWhenANodeThatWasAloneIsStartedWithACluster() {
        try (ClusterProcesses cluster = new ClusterProcesses(1, 1, CHAINS)) {
            final NodeProcess node = cluster.alone(0).start();
            try (Millrace millrace = cluster.connect()) {
                final KeyedLoad load = fill(cluster, millrace);
                node.kill();
                cluster.joined(0).start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 3_000);
                assertStreams(millrace);
                final ClusterInfo info = cluster.await(millrace, ClusterProcesses::isWhole, () -> load.step(500));
                assertEquals(CHAINS, info.chainCount());
                node.kill(); // with a torn end, most often
                node.start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 1_000);
                millrace.streams().createStream("cluster/later", StreamConfiguration.fixed(4));
                millrace.streams().delete("alone/sealed");
                assertEquals(0, node.terminate(), node::errorText);
                node.start(() -> load.step(500));
                assertEquals(
                        4,
                        millrace.streams().describe("cluster/later").segments().size());
                load.finish();
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
            node.terminate();
            cluster.alone(0).refusedStart().assertIs(5, "MR-6017");
        }
    }

    /** Before it, a checkpoint holds the state of chain 0; behind it, none does any more. */
    @Test
    void shouldGoOnWithAllStreamsWhenCheckpointsWereTakenBeforeAndBehindTheTakeOver() {
        try (ClusterProcesses cluster = new ClusterProcesses(1, 1, CHAINS)) {
            final NodeProcess node =
                    cluster.alone(0).with("journal.checkpoint-interval=1MiB").start();
            try (Millrace millrace = cluster.connect()) {
                final KeyedLoad load = fill(cluster, millrace);
                ClusterSystemTest.write(cluster, millrace, load, CHECKPOINTED);
                awaitCheckpoint(node, "none while it is alone");
                node.kill();
                cluster.joined(0).start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, CHECKPOINTED);
                awaitCheckpoint(node, "none in the cluster");
                node.kill();
                node.start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 500);
                assertStreams(millrace);
                load.finish();
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
        }
    }

    /** It is written beside the events, and counted when it is durable. */
    private static void awaitCheckpoint(final NodeProcess node, final String otherwise) {
        for (int i = 0; i < MOST_LOOKS; i++) {
            if (checkpoints(node) > 0) {
                return;
            }
        }
        throw new AssertionError(otherwise);
    }

    private static long checkpoints(final NodeProcess node) {
        final String text = new CliProcess(node.directory(), node.endpoint())
                .run("stat", "--data", node.data().toString(), "--output", "json")
                .text();
        final Matcher matcher =
                Pattern.compile("\"journal.checkpoints\":([0-9]+)").matcher(text);
        assertTrue(matcher.find(), text);
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void shouldLoseNothingWhenItIsKilledAtAnyMomentOfTheTakeOver() throws IOException {
        try (ClusterProcesses cluster = new ClusterProcesses(1, 1, CHAINS)) {
            final NodeProcess node = cluster.alone(0).start();
            try (Millrace millrace = cluster.connect()) {
                final KeyedLoad load = fill(cluster, millrace);
                node.kill();
                cluster.joined(0);
                final Path control = node.data().resolve("control");
                final Path file = node.data().resolve(ClusterFile.FILE_NAME);
                // The member has a directory; it has a log; the node has noted its cluster, and offers its state.
                killWhen(node, () -> Files.exists(control.resolve("member")), 0);
                killWhen(node, () -> Files.exists(control.resolve("cluster")), 100);
                final long beganNs = System.nanoTime();
                killWhen(node, () -> Files.exists(file), 0);
                final long offeredMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNs);
                // Around the moment at which it offers it again, is told that it is taken, and its chains are
                // installed.
                for (int i = -3; i < 6; i++) {
                    final long millis = Math.max(0, offeredMillis + STEP_MILLIS * i);
                    killWhen(node, () -> true, millis);
                }
                node.start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 3_000);
                assertStreams(millrace);
                load.finish();
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
        }
    }

    private static void killWhen(final NodeProcess node, final BooleanSupplier condition, final long thenMillis) {
        node.begin();
        awaitUntil(condition, node);
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(thenMillis));
        node.kill();
    }

    @Test
    void shouldGrowToThreeReplicasWhenItIsOneOfThreeNodesFromNowOn() {
        try (ClusterProcesses cluster = new ClusterProcesses(3, 3, CHAINS)) {
            cluster.alone(0).start();
            final KeyedLoad load;
            try (Millrace alone = Millrace.connect(cluster.node(0).endpoint())) {
                load = fill(cluster, alone);
                load.finish();
            }
            cluster.node(0).terminate();
            cluster.joined(0);
            cluster.start();
            try (Millrace millrace = cluster.connect()) {
                cluster.await(millrace, info -> info.chainCount() == CHAINS && ClusterProcesses.isWhole(info));
                assertStreams(millrace);
                final KeyedLoad more = new KeyedLoad("x", millrace.openWriter(STREAM));
                ClusterSystemTest.write(cluster, millrace, more, 1_000);
                cluster.configure(millrace, CHAINS, 3, 2);
                final ClusterInfo grown = cluster.await(
                        millrace,
                        info -> info.chains().stream()
                                .allMatch(chain -> chain.replicas().stream()
                                                .filter(replica -> replica.role() == ClusterInfo.Role.MEMBER)
                                                .count()
                                        == 3),
                        () -> more.step(500));
                assertEquals(3, grown.nodes().size());
                cluster.node(0).kill();
                ClusterSystemTest.write(cluster, millrace, more, 1_000);
                more.finish();
                more.assertIn(KeyedLoad.readAll(millrace, STREAM));
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
        }
    }

    @Test
    void shouldEndAndKeepItsStreamsWhenTheClusterHasChainsOfItsOwn() {
        try (ClusterProcesses cluster = new ClusterProcesses(2, 1, CHAINS)) {
            cluster.node(0).start();
            final NodeProcess second = cluster.alone(1).start();
            try (Millrace millrace = Millrace.connect(cluster.node(0).endpoint());
                    Millrace alone = Millrace.connect(second.endpoint())) {
                cluster.configure(millrace, CHAINS, 1, 1);
                final KeyedLoad load = fill(cluster, alone);
                second.kill();
                cluster.joined(1).start();
                second.awaitEnd(5, "MR-6016");
                cluster.alone(1).start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 1_000);
                assertStreams(alone);
                load.finish();
                load.assertIn(KeyedLoad.readAll(alone, STREAM));
            }
        }
    }

    @Test
    void shouldEndWithAnErrorWhenTheControlPlanesDirectoryIsLost() throws IOException {
        try (ClusterProcesses cluster = new ClusterProcesses(1, 1, CHAINS)) {
            final NodeProcess node = cluster.alone(0).start();
            try (Millrace millrace = cluster.connect()) {
                final KeyedLoad load = fill(cluster, millrace);
                assertEquals(0, node.terminate(), node::errorText);
                cluster.joined(0).start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 500);
                node.kill();
                final Path control = node.data().resolve("control");
                final Path aside = node.directory().resolve("control-aside");
                Files.move(control, aside);
                node.begin();
                node.awaitEnd(5, ErrorCode.OTHER_CLUSTER.id());
                IoUtil.delete(control.toFile(), false);
                Files.move(aside, control);
                node.start(() -> load.step(500));
                ClusterSystemTest.write(cluster, millrace, load, 500);
                load.finish();
                load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            }
        }
    }
}
