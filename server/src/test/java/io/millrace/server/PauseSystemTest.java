package io.millrace.server;

import static io.millrace.server.NodeSystemTest.connect;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * SIGSTOP of either side, with events in flight, for longer than the session's time-out: both go on in the same
 * process, and nothing is lost or doubled. {@code -Dpause.seconds=30} pauses for longer than all of Aeron's time-outs,
 * so that driver and client are rebuilt as well.
 */
final class PauseSystemTest {
    private static final String STREAM = "pause/events";
    private static final long PAUSE_NS = TimeUnit.SECONDS.toNanos(Long.getLong("pause.seconds", 2));
    private static final boolean IS_LONG = PAUSE_NS > TimeUnit.SECONDS.toNanos(10);
    private static final int MAX_PENDING = 2_000;

    @Test
    @Timeout(150)
    void shouldLoseAndDoubleNothingWhenTheNodeIsStopped() throws Exception {
        stopNode(node("single").start());
    }

    @Test
    @Timeout(150)
    void shouldLoseAndDoubleNothingWhenANodeWithDriverThreadsIsStopped() throws Exception {
        stopNode(node("dedicated").start());
    }

    @Test
    @Timeout(150)
    void shouldLoseAndDoubleNothingWhenANodeOfTwoDevicesIsStopped() throws Exception {
        final NodeProcess node = node("dedicated").with("journal.size=256MiB").with("limits.sessions=4");
        final Path home = node.directory();
        stopNode(node.with("journal.paths=" + home.resolve("a") + "," + home.resolve("b"))
                .start("--format"));
    }

    private static void stopNode(final NodeProcess started) throws Exception {
        try (NodeProcess node = started;
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(2));
            final KeyedLoad load = new KeyedLoad("w", millrace.openWriter(STREAM));
            run(load, 300);
            signal("STOP", node.processId());
            run(load, TimeUnit.NANOSECONDS.toMillis(PAUSE_NS));
            signal("CONT", node.processId());
            final long before = load.acknowledgedCount();
            load.finish();
            assertTrue(load.acknowledgedCount() > before, "events were in flight");
            assertTrue(millrace.counters().reconnects() > 0, "the session was lost");
            load.assertIn(KeyedLoad.readAll(millrace, STREAM));
        }
    }

    @Test
    @Timeout(150)
    void shouldLoseAndDoubleNothingWhenTheClientIsStopped() throws Exception {
        try (NodeProcess node = node("auto").start();
                Millrace millrace = connect(node)) {
            millrace.streams().createStream(STREAM, StreamConfiguration.fixed(2));
            final Path go = node.directory().resolve("go");
            final Path out = node.directory().resolve("writer");
            final Process writer = new ProcessBuilder(command(node.endpoint(), go))
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            try {
                awaitEvents(millrace, writer, out);
                signal("STOP", writer.pid());
                TimeUnit.NANOSECONDS.sleep(PAUSE_NS);
                signal("CONT", writer.pid());
                Files.createFile(go);
                assertTrue(writer.waitFor(60, TimeUnit.SECONDS), () -> "the writer does not end: " + text(out));
                assertEquals(0, writer.exitValue(), () -> text(out));
            } finally {
                writer.destroyForcibly();
            }
            final Map<String, Long> read = KeyedLoad.readAll(millrace, STREAM);
            final String[] told = text(out).trim().split(" ", -1);
            final long sum = read.values().stream().mapToLong(Long::longValue).sum();
            assertEquals(Long.parseLong(told[0]), sum, "all offered events, each once");
            assertTrue(Long.parseLong(told[1]) > 0, "the session was lost");
            assertEquals(IS_LONG, Long.parseLong(told[2]) > 0, "media rebuilt");
        }
    }

    private static NodeProcess node(final String threading) {
        final NodeProcess node = NodeProcess.create();
        if (IS_LONG) {
            // Aeron's own word for the pause, told once; the node then makes its media anew.
            node.expectingError("ConductorServiceTimeoutException").expectingError("AgentTerminationException");
        }
        return node.with("threading=" + threading).with("session.timeout=1s").with("journal.size=512MiB");
    }

    private static void run(final KeyedLoad load, final long millis) {
        final long endNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (System.nanoTime() < endNs) {
            load.step(MAX_PENDING);
        }
    }

    private static void awaitEvents(final Millrace millrace, final Process writer, final Path out) {
        final long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (millrace.streams().describe(STREAM).readableBytes() < 100_000) {
            assertTrue(writer.isAlive() && System.nanoTime() < deadlineNs, () -> "no events: " + text(out));
        }
    }

    private static void signal(final String name, final long pid) throws IOException, InterruptedException {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + name, Long.toString(pid))
                        .start()
                        .waitFor());
    }

    private static String text(final Path file) {
        try {
            return Files.readString(file);
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    private static List<String> command(final String endpoint, final Path go) {
        final List<String> command = new ArrayList<>(NodeProcess.javaCommand(List.of()));
        command.set(command.size() - 1, StoppedWriter.class.getName());
        command.add(endpoint);
        command.add(go.toString());
        return command;
    }

    /**
     * Writes until a file appears and the session was lost and found again; ends when all is acknowledged; tells
     * events, reconnects and rebuilds.
     */
    static final class StoppedWriter {
        private StoppedWriter() {}

        public static void main(final String[] arguments) {
            try (Millrace millrace = Millrace.connect(arguments[0]);
                    EventWriter writer = millrace.openWriter(STREAM)) {
                final KeyedLoad load = new KeyedLoad("w", writer);
                while (Files.notExists(Path.of(arguments[1]))
                        || millrace.counters().reconnects() == 0) {
                    load.step(MAX_PENDING);
                }
                load.finish();
                System.out.println(
                        load.offeredCount() + " " + millrace.counters().reconnects() + " "
                                + millrace.counters().transportRebuilds());
            }
        }
    }
}
