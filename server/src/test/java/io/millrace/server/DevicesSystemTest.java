package io.millrace.server;

import static io.millrace.server.NodeSystemTest.connect;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.client.StreamState;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.host.CpuAffinity;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Nodes whose media driver and devices have threads of their own. */
@Timeout(120)
final class DevicesSystemTest {
    private static final String STREAM = "devices/events";
    private static final int DEVICES = 3;

    private static NodeProcess dedicated() {
        return NodeProcess.create().with("threading=dedicated");
    }

    private static Path device(final NodeProcess node, final int number) {
        return node.directory().resolve("device-" + number);
    }

    private static String paths(final NodeProcess node, final int... numbers) {
        final StringBuilder paths = new StringBuilder("journal.paths=");
        for (final int number : numbers) {
            paths.append(paths.charAt(paths.length() - 1) == '=' ? "" : ",").append(device(node, number));
        }
        return paths.toString();
    }

    private static NodeProcess several() throws IOException {
        final NodeProcess node = NodeProcess.create().with("limits.sessions=4").listen("127.0.0.1:" + freePorts());
        return node.with(paths(node, 0, 1, 2));
    }

    /** Finds a port with free ones behind it; another process may still be faster, then the start says so. */
    private static int freePorts() throws IOException {
        for (int attempt = 0; attempt < 100; attempt++) {
            try (DatagramSocket first = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                final int port = first.getLocalPort();
                if (port + DEVICES < 65_536 && isFree(port + 1) && isFree(port + 2)) {
                    return port;
                }
            }
        }
        throw new IOException("no three free ports in a row");
    }

    private static boolean isFree(final int port) {
        try (DatagramSocket socket = new DatagramSocket(port, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (final IOException e) {
            return false;
        }
    }

    @Test
    void shouldStoreEachEventOnceWhenTheDriverHasThreadsOfItsOwn() {
        try (NodeProcess node = dedicated().start();
                Millrace millrace = connect(node)) {
            assertEquals("dedicated", node.ready("threading"));
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(4));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            for (int i = 0; i < 500; i++) {
                load.step(2_000);
            }
            node.kill();
            node.start(() -> load.step(2_000));
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    void shouldAllocateNothingPerEventWhenTheDriverHasThreadsOfItsOwn() throws Exception {
        try (NodeProcess node = dedicated().with("journal.size=512MiB").start();
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(2));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            final HttpClient client = HttpClient.newHttpClient();
            write(load, 20_000);
            final long before = allocated(client, node, load);
            final int events = 40_000;
            write(load, events);
            final double perEvent = (allocated(client, node, load) - before) / (double) events;
            assertTrue(perEvent < 8, perEvent + " bytes an event");
        }
    }

    private static void write(final KeyedLoad load, final int events) {
        final long target = load.acknowledgedCount() + events;
        final long deadlineNs = System.nanoTime() + 40_000_000_000L;
        while (load.acknowledgedCount() < target) {
            assertTrue(System.nanoTime() < deadlineNs, load::toString);
            load.step(1_000);
        }
    }

    /** The counter is taken ten times a second: what it says is at least as new as this call. */
    private static long allocated(final HttpClient client, final NodeProcess node, final KeyedLoad load)
            throws IOException, InterruptedException {
        load.finish();
        final String updated = value(get(client, node, "/metrics").body(), "millrace_updated_time_seconds ");
        final long deadlineNs = System.nanoTime() + 20_000_000_000L;
        while (System.nanoTime() < deadlineNs) {
            final String metrics = get(client, node, "/metrics").body();
            if (!value(metrics, "millrace_updated_time_seconds ").equals(updated)) {
                return Long.parseLong(value(metrics, "millrace_device_thread_allocated_bytes_total "));
            }
        }
        throw new AssertionError("the counters stand still");
    }

    private static String value(final String metrics, final String name) {
        return metrics.lines()
                .filter(line -> line.startsWith(name))
                .map(line -> line.substring(name.length()))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void shouldNameThePortWhenItIsTakenAndTheDriverHasThreadsOfItsOwn() throws IOException {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                NodeProcess node = dedicated().listen("127.0.0.1:" + taken.getLocalPort())) {
            node.refusedStart().assertIs(ErrorCode.PORT_IN_USE.exitCode(), ErrorCode.PORT_IN_USE.id());
        }
    }

    @Test
    void shouldSpreadSegmentsAndLoseNothingWhenANodeOfThreeDevicesIsKilled() throws IOException {
        try (NodeProcess node = several().start("--format");
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(8));
            final StreamInfo info = millrace.streams().describe(STREAM);
            final Set<String> heads = new TreeSet<>();
            for (final SegmentInfo segment : info.segments()) {
                heads.add(segment.head());
                assertEquals(node.port() + (segment.chain() - 1) % DEVICES, port(segment.head()), "round robin");
            }
            assertEquals(DEVICES, heads.size(), heads::toString);
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            for (int i = 0; i < 300; i++) {
                load.step(4_000);
            }
            node.kill();
            node.start(() -> load.step(4_000));
            for (int i = 0; i < 300; i++) {
                load.step(4_000);
            }
            load.finish();
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
            assertEquals(0, node.terminate(), node::errorText);
            node.start(() -> load.step(0));
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    private static int port(final String endpoint) {
        return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
    }

    @Test
    void shouldTruncateSealAndDeleteOverAllDevices() throws IOException {
        try (NodeProcess node = several().start("--format");
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(6));
            final List<String> keys = KeyedLoad.keyPerSegment(millrace.streams().describe(STREAM));
            try (EventWriter writer = millrace.openWriter(STREAM)) {
                for (final String key : keys) {
                    writer.append(key, "before".getBytes(StandardCharsets.UTF_8));
                }
                assertEquals(6 * 18, millrace.streams().describe(STREAM).readableBytes());
                assertTrue(millrace.streams().truncate(STREAM, StreamPosition.TAIL));
                for (final String key : keys) {
                    writer.append(key, "after".getBytes(StandardCharsets.UTF_8));
                }
            }
            final StreamInfo truncated = millrace.streams().describe(STREAM);
            for (final SegmentInfo segment : truncated.segments()) {
                assertEquals(18, segment.startOffset());
                assertEquals(35, segment.length());
            }
            final MillraceException beyond = Assertions.assertThrows(MillraceException.class, () -> millrace.streams()
                    .truncate(
                            STREAM,
                            StreamPosition.of(
                                    truncated.streamId(),
                                    new long[] {truncated.segments().get(1).segmentId()},
                                    new long[] {1_000})));
            assertEquals(ErrorCode.OFFSET_OUT_OF_RANGE, beyond.code());
            try (EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
                for (int i = 0; i < keys.size(); i++) {
                    assertEquals(
                            "after",
                            java.util.Objects.requireNonNull(reader.read(java.time.Duration.ofSeconds(20)))
                                    .asText());
                }
            }
            assertTrue(millrace.streams().seal(STREAM));
            final StreamInfo sealed = millrace.streams().describe(STREAM);
            assertEquals(StreamState.SEALED, sealed.state());
            assertTrue(sealed.segments().stream().allMatch(SegmentInfo::isSealed));
            assertTrue(millrace.streams().delete(STREAM));
            final MillraceException gone = Assertions.assertThrows(
                    MillraceException.class, () -> millrace.streams().describe(STREAM));
            assertEquals(ErrorCode.STREAM_NOT_FOUND, gone.code());
        }
    }

    @Test
    void shouldRefuseTheStartWhenADeviceIsMissingExchangedOrLeftOut() throws IOException {
        try (NodeProcess node = several()) {
            node.start("--format");
            assertEquals(0, node.terminate(), node::errorText);
            final Path kept = node.directory().resolve("kept");
            Files.move(device(node, 1), kept);
            node.refusedStart("--format")
                    .assertIs(ErrorCode.DEVICE_NOT_FOUND.exitCode(), ErrorCode.DEVICE_NOT_FOUND.id());
            Files.move(kept, device(node, 1));
            node.with(paths(node, 0, 2, 1))
                    .refusedStart()
                    .assertIs(ErrorCode.DEVICE_EXCHANGED.exitCode(), ErrorCode.DEVICE_EXCHANGED.id());
            node.with(paths(node, 0, 1))
                    .refusedStart()
                    .assertIs(ErrorCode.DEVICE_EXCHANGED.exitCode(), ErrorCode.DEVICE_EXCHANGED.id());
            // Even where nobody remembers the devices but the control state.
            final Path identity = node.data().resolve(Identity.FILE_NAME);
            final byte[] remembered = Files.readAllBytes(identity);
            Files.delete(identity);
            node.refusedStart();
            Files.write(identity, remembered);
            node.with(paths(node, 0, 1, 2)).start();
        }
    }

    @Test
    void shouldRefuseMetadataAtADeviceWithoutTheControlPlane() throws IOException {
        try (NodeProcess node = several().start("--format");
                Millrace other = Millrace.connect(new Millrace.Context()
                        .endpoint("127.0.0.1:" + (node.port() + 1))
                        .connectTimeoutNs(20_000_000_000L))) {
            final MillraceException refused = Assertions.assertThrows(
                    MillraceException.class, () -> other.streams().describe("any/stream"));
            assertEquals(ErrorCode.WRONG_NODE, refused.code());
            assertTrue(String.valueOf(refused.getMessage()).contains(node.endpoint()), refused::getMessage);
        }
    }

    @Test
    void shouldShowEveryDeviceInMetricsAndHealth() throws Exception {
        try (NodeProcess node = several().start("--format")) {
            final HttpClient client = HttpClient.newHttpClient();
            String metrics = "";
            final long deadlineNs = System.nanoTime() + 20_000_000_000L;
            while (!metrics.contains("millrace_journal_capacity_bytes{device=\"2\"}")
                    && System.nanoTime() < deadlineNs) {
                metrics = get(client, node, "/metrics").body();
            }
            for (int i = 0; i < DEVICES; i++) {
                assertTrue(metrics.contains("millrace_journal_fenced{device=\"" + i + "\"} 0"), metrics);
                assertTrue(metrics.contains("millrace_append_queue_time_seconds_count{device=\"" + i + "\"}"), metrics);
            }
            assertEquals(
                    1,
                    metrics.lines()
                            .filter("# TYPE millrace_journal_fenced gauge"::equals)
                            .count());
            int status = 0;
            while (status != 200 && System.nanoTime() < deadlineNs) {
                status = get(client, node, "/health/ready").statusCode();
            }
            assertEquals(200, status);
            assertTrue(node.errorText().contains("device 2: "), node::errorText);
        }
    }

    private static HttpResponse<String> get(final HttpClient client, final NodeProcess node, final String path)
            throws IOException, InterruptedException {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://" + node.ready("http") + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void shouldBindEachThreadToItsCpuWhenAListIsGiven() throws IOException {
        final CpuAffinity affinity = CpuAffinity.load();
        assumeTrue(affinity != null, "native calls do not work here");
        final List<Integer> allowed = CpuAffinity.allowed(affinity, 1);
        assumeTrue(allowed.size() >= 2, "one CPU alone");
        final int last = allowed.get(allowed.size() - 1);
        final int other = allowed.get(allowed.size() - 2);
        try (NodeProcess node = dedicated().with("cpus=" + last + "," + other).start()) {
            assumeTrue(!node.errorText().contains("errno 1"), "the kernel denies sched_setaffinity");
            assertEquals(List.of(Integer.toString(last)), cpusOf(node, "millrace-dev-0"));
            assertEquals(List.of(Integer.toString(other)), cpusOf(node, "millrace-media"));
            assertTrue(node.errorText().contains("millrace-dev-0 on CPU " + last), node::errorText);
            final List<String> free = cpusOf(node, "millrace-http");
            assertFalse(free.contains(Integer.toString(last)), "others are not bound: " + free);
        }
    }

    @Test
    void shouldRefuseTheStartWhenACpuDoesNotExist() {
        try (NodeProcess node = dedicated().with("cpus=0,8000")) {
            final NodeProcess.Refusal refusal = node.refusedStart();
            refusal.assertIs(ErrorCode.CPU_AFFINITY.exitCode(), ErrorCode.CPU_AFFINITY.id());
            assertTrue(refusal.errorText().contains("8000"), refusal::toString);
        }
    }

    /** Reads what the kernel says of the threads of a name. */
    private static List<String> cpusOf(final NodeProcess node, final String name) throws IOException {
        final List<String> cpus = new ArrayList<>();
        final Path tasks = Path.of("/proc", Long.toString(node.processId()), "task");
        try (Stream<Path> all = Files.list(tasks)) {
            for (final Path task : all.toList()) {
                final List<String> status = Files.readAllLines(task.resolve("status"));
                if (status.contains("Name:\t" + name)) {
                    status.stream()
                            .filter(line -> line.startsWith("Cpus_allowed_list:"))
                            .map(line -> line.substring(line.indexOf(':') + 1).strip())
                            .forEach(cpus::add);
                }
            }
        }
        return cpus;
    }
}
