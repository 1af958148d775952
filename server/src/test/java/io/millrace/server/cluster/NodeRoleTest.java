package io.millrace.server.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.ClusterInfo;
import io.millrace.client.EventReader;
import io.millrace.client.EventView;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Three nodes over loopback, stepped by the test, under a control plane in memory. */
@Timeout(60)
final class NodeRoleTest {
    private static final int CHAINS = 4;
    private static final String STREAM = "role/events";

    private final MemoryControlPlane control = new MemoryControlPlane();
    private final List<RoleNode> nodes = new ArrayList<>();

    @AfterEach
    void close() {
        nodes.forEach(RoleNode::close);
    }

    private void start(final int count) {
        for (int i = 0; i < count; i++) {
            final RoleNode node = new RoleNode("node-" + (i + 1));
            nodes.add(node);
            node.start(control, CHAINS);
        }
        until("the registrations", () -> nodes.stream()
                .allMatch(node -> node.standing().incarnation() > 0));
    }

    private void turn() {
        final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
        control.turn(nowNs);
        for (final RoleNode node : nodes) {
            node.turn(nowNs);
        }
    }

    private void until(final String what, final BooleanSupplier condition) {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertTrue(SystemNanoClock.INSTANCE.nanoTime() < deadlineNs, "waited 20 s for: " + what);
            turn();
        }
    }

    /** Lets a client wait on a thread of its own while this one turns everything. */
    private <T> T asked(final Callable<T> call) throws Exception {
        final FutureTask<T> task = new FutureTask<>(call);
        final Thread thread = new Thread(task, "test-client");
        thread.start();
        until("an answer", task::isDone);
        thread.join();
        return task.get();
    }

    private Millrace connect() throws Exception {
        final List<String> endpoints = new ArrayList<>();
        nodes.forEach(node -> endpoints.add(node.endpoint()));
        return asked(() -> Millrace.connect(
                new Millrace.Context().endpoint(String.join(",", endpoints)).requestTimeoutNs(15_000_000_000L)));
    }

    private void configure(final Millrace millrace) throws Exception {
        for (final RoleNode node : nodes) {
            assertTrue(asked(() -> millrace.cluster().addNode(node.id())));
        }
        assertTrue(asked(() -> millrace.cluster().configureChains(CHAINS, 3, 2)));
        until("chains", () -> nodes.stream().allMatch(node -> node.standing().chainCount() == CHAINS));
    }

    private static boolean isWhole(final ClusterInfo info) {
        return info.chains().size() == CHAINS && info.chains().stream().noneMatch(ClusterInfo.Chain::isUnderReplicated);
    }

    private static byte[] event(final int number) {
        return ("event " + number).getBytes(StandardCharsets.UTF_8);
    }

    private void write(final Millrace millrace, final int from, final int count) throws Exception {
        asked(() -> {
            try (EventWriter writer = millrace.openWriter(STREAM)) {
                for (int i = from; i < from + count; i++) {
                    writer.append("key " + i % 7, event(i));
                }
            }
            return count;
        });
    }

    private Set<String> read(final Millrace millrace, final int count) throws Exception {
        return asked(() -> {
            final Set<String> found = new TreeSet<>();
            try (EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
                while (found.size() < count) {
                    final EventView event = reader.read(Duration.ofSeconds(10));
                    assertTrue(event != null && found.add(event.asText()), "missing, or twice");
                }
            }
            return found;
        });
    }

    @Test
    void shouldServeStreamsWhenChainsAreMade() throws Exception {
        start(3);
        try (Millrace millrace = connect()) {
            configure(millrace);
            asked(() -> millrace.streams().createStream(STREAM, StreamConfiguration.fixed(4)));
            write(millrace, 0, 20);
            assertEquals(20, read(millrace, 20).size());
            final ClusterInfo info = asked(() -> millrace.cluster().describe());
            assertTrue(isWhole(info), info::toString);
            assertEquals(3, info.nodes().size());
        }
    }

    @Test
    void shouldGoOnWithoutANodeAndTakeItBackWhenItIsStartedAgain() throws Exception {
        start(3);
        try (Millrace millrace = connect()) {
            configure(millrace);
            asked(() -> millrace.streams().createStream(STREAM, StreamConfiguration.fixed(4)));
            write(millrace, 0, 20);
            final RoleNode lost = nodes.get(1);
            final long before = lost.rememberedIncarnation();
            lost.close();
            write(millrace, 20, 20);
            lost.start(control, CHAINS);
            until("the registration", () -> lost.standing().incarnation() > 0);
            assertTrue(lost.rememberedIncarnation() > before);
            long deadline = 100;
            while (!isWhole(asked(() -> millrace.cluster().describe()))) {
                assertTrue(deadline-- > 0, "the node was not taken back");
                turnFor(100);
            }
            write(millrace, 40, 20);
            assertEquals(60, read(millrace, 60).size());
        }
    }

    private void turnFor(final long millis) {
        final long endNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (SystemNanoClock.INSTANCE.nanoTime() < endNs) {
            turn();
        }
    }

    @Test
    void shouldTakeAnEmptiedNodeInWhenItHasForgottenEverything() throws Exception {
        start(3);
        final RoleNode emptied = nodes.get(2);
        final long before = emptied.rememberedIncarnation();
        emptied.close();
        emptied.format();
        emptied.forget();
        emptied.start(control, CHAINS);
        until("the registration", () -> emptied.standing().incarnation() > 0);
        assertTrue(emptied.rememberedIncarnation() > before);
    }

    @Test
    void shouldRefuseChangesAndGoOnWritingWhenTheControlPlaneIsSilent() throws Exception {
        start(3);
        try (Millrace millrace = connect()) {
            configure(millrace);
            asked(() -> millrace.streams().createStream(STREAM, StreamConfiguration.fixed(1)));
            try (EventWriter writer = asked(() -> millrace.openWriter(STREAM))) {
                asked(() -> writer.append("k", event(0)));
                control.silent(true);
                asked(() -> writer.append("k", event(1)));
                final Exception failed = assertThrows(
                        Exception.class, () -> asked(() -> millrace.streams().createScope("other")));
                assertTrue(String.valueOf(failed.getCause()).contains("no leader"), () -> "" + failed.getCause());
                control.silent(false);
                assertTrue(asked(() -> millrace.streams().createScope("another")));
            }
        }
    }

    @Test
    void shouldEndWhenAnotherClusterTakesItIn() {
        start(1);
        final RoleNode node = nodes.get(0);
        node.close();
        final MemoryControlPlane other = new MemoryControlPlane();
        node.start(other, CHAINS);
        final MillraceException ended = assertThrows(
                MillraceException.class,
                () -> until("the end", () -> {
                    other.turn(SystemNanoClock.INSTANCE.nanoTime());
                    return false;
                }));
        assertEquals(ErrorCode.OTHER_CLUSTER, ended.code());
    }

    @Test
    void shouldEndWhenAnotherProcessHasItsPlace() {
        start(1);
        final RoleNode node = nodes.get(0);
        final RoleNode copy = new RoleNode("node-1");
        nodes.add(copy);
        copy.start(control, CHAINS);
        final MillraceException ended = assertThrows(MillraceException.class, () -> until("the end", () -> false));
        assertEquals(ErrorCode.NODE_ID_IN_USE, ended.code());
        assertTrue(node.standing().incarnation() > 0);
    }
}
