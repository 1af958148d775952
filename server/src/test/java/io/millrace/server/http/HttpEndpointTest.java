package io.millrace.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.metric.Metric;
import io.millrace.server.metric.MetricKind;
import io.millrace.server.metric.MetricTable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link HttpEndpoint}: what it answers, and that nobody can hold it up or fill it. */
@Timeout(60)
final class HttpEndpointTest {
    private static final int CONNECTION_LIMIT = 32;

    private final FakeHealth health = new FakeHealth();
    private final HttpEndpoint http = new HttpEndpoint("127.0.0.1:0", "1.2.3", health);

    @AfterEach
    void close() {
        http.close();
    }

    @Test
    void shouldAnswer200Or503WithReasonsWhenHealthIsAskedFor() throws IOException {
        assertTrue(ask("GET /health/ready HTTP/1.1").startsWith("HTTP/1.1 200 "));
        assertTrue(
                ask("GET /health/ready HTTP/1.1").contains("{\"ready\":true,\"reasons\":[],\"warnings\":[\"slow\"]}"));
        health.reasons.add(new Health.Reason("journal-full", ErrorCode.JOURNAL_FULL, "no room"));
        final String unready = ask("GET /health/ready HTTP/1.1");
        assertTrue(unready.startsWith("HTTP/1.1 503 "), unready);
        assertTrue(
                unready.contains("{\"reason\":\"journal-full\",\"code\":\"MR-4001\",\"message\":\"no room\"}"),
                unready);
        assertTrue(ask("GET /health/live HTTP/1.1").startsWith("HTTP/1.1 200 "));
    }

    @Test
    void shouldAnswerMetricsOnceThereAreAny() throws IOException {
        assertTrue(ask("GET /metrics HTTP/1.1").startsWith("HTTP/1.1 503 "));
        final MetricTable table = new MetricTable(List.of(new Metric("sessions", MetricKind.GAUGE, "Open sessions")));
        table.set(0, 5);
        http.metrics(table);
        final String answer = ask("GET /metrics HTTP/1.1");
        assertTrue(answer.contains("text/plain; version=0.0.4"), answer);
        assertTrue(answer.contains("\nmillrace_sessions 5\n"), answer);
        final String head = ask("HEAD /metrics HTTP/1.1");
        assertTrue(head.startsWith("HTTP/1.1 200 "), head);
        assertTrue(head.endsWith("\r\n\r\n"), head);
    }

    @Test
    void shouldRefuseByNameWhenPathOrMethodIsNotItsOwn() throws IOException {
        assertTrue(ask("GET / HTTP/1.1").startsWith("HTTP/1.1 404 "));
        assertTrue(ask("GET /metrics/more HTTP/1.1").startsWith("HTTP/1.1 404 "));
        for (final String method : List.of("POST", "PUT", "DELETE", "OPTIONS", "TRACE")) {
            final String answer = ask(method + " /metrics HTTP/1.1");
            assertTrue(answer.startsWith("HTTP/1.1 405 "), answer);
            assertTrue(answer.contains("Allow: GET, HEAD\r\n"), answer);
        }
    }

    @Test
    void shouldGoOnWhenRequestsAreNonsenseOrTooLong() throws IOException {
        for (final String nonsense :
                List.of("\r\n\r\n", "GET\r\n\r\n", "GET /metrics HTTP/1.1\r\nX: " + "y".repeat(100_000) + "\r\n\r\n")) {
            try (Socket socket = connect()) {
                socket.getOutputStream().write(nonsense.getBytes(ISO_8859_1));
                final byte[] answer = socket.getInputStream().readAllBytes();
                assertFalse(new String(answer, ISO_8859_1).startsWith("HTTP/1.1 200 "));
            } catch (final SocketException e) {
                assertTrue(String.valueOf(e.getMessage()).matches(".*(reset|[Bb]roken pipe).*"), e::toString);
            }
        }
        assertTrue(ask("GET /health/live HTTP/1.1").startsWith("HTTP/1.1 200 "));
    }

    @Test
    void shouldAnswerOthersWhenAClientIsSlowAndCloseWhatIsTooMuch() throws IOException {
        final List<Socket> silent = new ArrayList<>();
        try {
            for (int i = 0; i < CONNECTION_LIMIT / 2; i++) {
                final Socket socket = connect();
                socket.getOutputStream().write("GET /metrics HTT".getBytes(ISO_8859_1));
                silent.add(socket);
            }
            assertTrue(ask("GET /health/live HTTP/1.1").startsWith("HTTP/1.1 200 "), "slow ones hold nobody up");
            for (int i = 0; i < CONNECTION_LIMIT; i++) {
                silent.add(connect());
            }
            final Socket last = silent.get(silent.size() - 1);
            assertEquals(-1, last.getInputStream().read(), "the last one is closed at once");
            assertEquals(-1, silent.get(0).getInputStream().read(), "a slow one is closed in time");
        } finally {
            for (final Socket socket : silent) {
                socket.close();
            }
        }
    }

    @Test
    void shouldRefuseByNameWhenTheAddressIsTakenOrNotOfThisHost() {
        assertEquals(
                ErrorCode.PORT_IN_USE,
                assertThrows(MillraceException.class, () -> new HttpEndpoint(http.endpoint(), "1", health).close())
                        .code());
        assertEquals(
                ErrorCode.LISTEN_ADDRESS,
                assertThrows(MillraceException.class, () -> new HttpEndpoint("192.0.2.1:0", "1", health).close())
                        .code());
    }

    private Socket connect() throws IOException {
        final String endpoint = http.endpoint();
        final Socket socket = new Socket(
                InetAddress.getLoopbackAddress(), Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1)));
        socket.setSoTimeout(20_000);
        return socket;
    }

    private String ask(final String request) throws IOException {
        try (Socket socket = connect()) {
            socket.getOutputStream().write((request + "\r\nHost: here\r\n\r\n").getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    /** Says what it was told. */
    private static final class FakeHealth implements Health {
        private final List<Reason> reasons = new ArrayList<>();

        @Override
        public List<Reason> notLive() {
            return List.of();
        }

        @Override
        public List<Reason> notReady() {
            return List.copyOf(reasons);
        }

        @Override
        public List<String> warnings() {
            return List.of("slow");
        }
    }
}
