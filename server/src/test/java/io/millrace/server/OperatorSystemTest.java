package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import io.millrace.server.metric.PrometheusParser;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What an operator sees of a node: alive, paused, killed and stopped, in files and over HTTP. */
@Timeout(120)
final class OperatorSystemTest {
    private static final int EVENTS = 100;
    private static final long PATIENCE_NS = 20_000_000_000L;

    @Test
    void shouldTellTheStateAndTheCountersWhetherTheNodeLivesOrNot() throws Exception {
        try (NodeProcess node = NodeProcess.started()) {
            final CliProcess cli = new CliProcess(node.directory(), node.endpoint());
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                millrace.streams().createStream("seen/events", StreamConfiguration.fixed(1));
                NodeSystemTest.appendAll(millrace, "seen/events", EVENTS, 100);
            }
            final Map<String, String> seen = stat(cli, node, "--watch", "--count", "1");
            assertEquals("RUNNING", seen.get("node.state"));
            assertTrue(number(seen, "counters.records.committed") >= EVENTS, seen::toString);
            assertTrue(number(seen, "times.append.journal.time.count") > 0, seen::toString);
            final CliProcess.Outcome watched =
                    cli.run("stat", "--data", node.data().toString(), "--watch", "--interval", "0.3", "--count", "2");
            assertTrue(watched.assertDone().text().contains("/s"), "rates: " + watched);
            assertEquals(
                    "RUNNING",
                    cli.run("errors", "--data", node.data().toString(), "--output", "json")
                            .assertDone()
                            .json()
                            .get("node.state"));
            overHttp(node);

            signal(node, "-STOP");
            awaitState(cli, node, "NOT_RESPONDING");
            signal(node, "-CONT");
            awaitState(cli, node, "RUNNING");
            node.kill();
            assertEquals("DEAD", stat(cli, node).get("node.state"));
            final CliProcess.Outcome words =
                    cli.run("stat", "--data", node.data().toString());
            assertTrue(words.assertDone().text().contains("dead (was process "), words::toString);
            final CliProcess.Outcome errors =
                    cli.run("errors", "--data", node.data().toString());
            assertTrue(errors.assertDone().text().contains("no errors"), errors::toString);
            node.start();
            assertEquals(0, node.terminate(), node::errorText);
            assertEquals("STOPPED", stat(cli, node).get("node.state"));
            cli.run("stat", "--data", "nowhere").assertRefused(ErrorCode.DATA_DIRECTORY);
            cli.run("errors", "--data", "nowhere").assertRefused(ErrorCode.DATA_DIRECTORY);
        }
    }

    private static void overHttp(final NodeProcess node) throws Exception {
        assertEquals(200, ask(node, "/health/live").statusCode());
        final HttpResponse<String> ready = ask(node, "/health/ready");
        assertEquals(200, ready.statusCode(), ready::body);
        assertEquals("true", JsonText.object(ready.body()).get("ready"));
        final HttpResponse<String> metrics = ask(node, "/metrics");
        assertEquals(200, metrics.statusCode());
        PrometheusParser.assertAccepted(metrics.body());
        final Map<String, String> samples = PrometheusParser.parse(metrics.body());
        assertTrue(
                Double.parseDouble(String.valueOf(samples.get("millrace_append_queue_time_seconds_count"))) > 0,
                metrics::body);
        assertEquals("0", samples.get("millrace_journal_fenced"));
    }

    @Test
    void shouldBeUnreadyButLiveUntilTruncatedWhenTheJournalIsFull() throws Exception {
        try (NodeProcess node = NodeProcess.create()
                .with("journal.size=32MiB")
                .with("journal.zone-size=4MiB")
                .start()) {
            final CliProcess cli = new CliProcess(node.directory(), node.endpoint());
            cli.run("stream", "create", "full/events").assertDone();
            final byte[] line = new byte[512 * 1024];
            java.util.Arrays.fill(line, (byte) 'x');
            line[line.length - 1] = '\n';
            final byte[] input = new byte[72 * line.length];
            for (int i = 0; i < 72; i++) {
                System.arraycopy(line, 0, input, i * line.length, line.length);
            }
            cli.runWith(input, "write", "full/events", "-").assertRefused(ErrorCode.JOURNAL_FULL);
            final HttpResponse<String> ready = ask(node, "/health/ready");
            assertEquals(503, ready.statusCode(), ready::body);
            assertEquals("journal-full", JsonText.object(ready.body()).get("reasons.0.reason"));
            assertEquals(200, ask(node, "/health/live").statusCode());
            assertEquals(404, ask(node, "/").statusCode());

            cli.run("stream", "truncate", "full/events", "--at", "TAIL").assertDone();
            final long deadlineNs = System.nanoTime() + 20_000_000_000L;
            while (ask(node, "/health/ready").statusCode() != 200) {
                assertTrue(System.nanoTime() < deadlineNs, "what was truncated makes no room");
                Thread.sleep(50);
            }
            cli.runWith(java.util.Arrays.copyOf(input, 20 * line.length), "write", "full/events", "-")
                    .assertDone();
        }
    }

    static HttpResponse<String> ask(final NodeProcess node, final String path)
            throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create("http://" + node.ready("http") + path))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    private static Map<String, String> stat(final CliProcess cli, final NodeProcess node, final String... options) {
        final String[] all = new String[options.length + 5];
        all[0] = "stat";
        all[1] = "--data";
        all[2] = node.data().toString();
        all[3] = "--output";
        all[4] = "json";
        System.arraycopy(options, 0, all, 5, options.length);
        return cli.run(all).assertDone().json();
    }

    private static void awaitState(final CliProcess cli, final NodeProcess node, final String state) {
        final long deadlineNs = System.nanoTime() + PATIENCE_NS;
        String seen = "";
        while (!state.equals(seen)) {
            assertTrue(System.nanoTime() < deadlineNs, "it stays " + seen);
            LockSupport.parkNanos(100_000_000L);
            seen = String.valueOf(stat(cli, node).get("node.state"));
        }
    }

    private static void signal(final NodeProcess node, final String signal) throws Exception {
        assertEquals(
                0,
                new ProcessBuilder("kill", signal, Long.toString(node.processId()))
                        .start()
                        .waitFor());
    }

    private static long number(final Map<String, String> values, final String path) {
        return Long.parseLong(values.getOrDefault(path, "-1"));
    }
}
