package io.millrace.server.http;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import io.millrace.server.metric.MetricSource;
import io.millrace.server.metric.PrometheusText;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Answers {@code /health/live}, {@code /health/ready} and {@code /metrics} by the JDK's own server, one request a
 * connection. Limits: {@value #CONNECTION_LIMIT} connections, {@value #HEADER_BYTES} bytes of request head, bodies are
 * not read, {@value #TIMEOUT_S} s for a request and for an answer.
 *
 * <p><b>Threading</b>: daemon threads of its own, at most one a connection.
 */
public final class HttpEndpoint implements AutoCloseable {
    private static final int CONNECTION_LIMIT = 32;
    private static final int HEADER_BYTES = 8 * 1024;
    private static final int TIMEOUT_S = 5;
    private static final long IDLE_THREAD_S = 5;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String JSON = "application/json; charset=utf-8";
    private static final String TEXT = "text/plain; charset=utf-8";

    /** The JDK's server takes its limits from properties of the process, once, when it is loaded. */
    private static final Map<String, Integer> LIMITS = Map.of(
            "jdk.httpserver.maxConnections", CONNECTION_LIMIT,
            "sun.net.httpserver.maxReqHeaderSize", HEADER_BYTES,
            "sun.net.httpserver.maxReqHeaders", 64,
            "sun.net.httpserver.maxReqTime", TIMEOUT_S,
            "sun.net.httpserver.maxRspTime", TIMEOUT_S,
            "sun.net.httpserver.maxIdleConnections", 0,
            "sun.net.httpserver.idleInterval", TIMEOUT_S,
            "sun.net.httpserver.drainAmount", 0);

    static {
        LIMITS.forEach((name, value) -> System.setProperty(name, Integer.toString(value)));
    }

    private final HttpServer server;
    private final ThreadPoolExecutor threads;
    private final Health health;
    private final String version;
    private final String host;
    private volatile @Nullable MetricSource metrics;

    /**
     * Listens.
     *
     * @param endpoint host:port; port 0 takes a free one.
     * @param version of this build.
     * @param health is asked at each request.
     * @throws MillraceException MR-5001 port in use, MR-5002 not an address of this host.
     */
    public HttpEndpoint(final String endpoint, final String version, final Health health) {
        this.version = version;
        this.health = health;
        final int colon = endpoint.lastIndexOf(':');
        host = endpoint.substring(0, colon);
        server = bind(endpoint, new InetSocketAddress(host, Integer.parseInt(endpoint.substring(colon + 1))));
        threads = new ThreadPoolExecutor(
                0, CONNECTION_LIMIT, IDLE_THREAD_S, TimeUnit.SECONDS, new SynchronousQueue<>(), HttpEndpoint::daemon);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        final Thread starter = daemon(server::start); // the dispatcher inherits that it is a daemon
        starter.start();
        try {
            starter.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Thread daemon(final Runnable work) {
        final Thread thread = new Thread(work, "millrace-http");
        thread.setDaemon(true);
        return thread;
    }

    private static HttpServer bind(final String endpoint, final InetSocketAddress address) {
        final String setting = "http.endpoint = " + endpoint + ": ";
        if (address.isUnresolved()) {
            throw new MillraceException(ErrorCode.LISTEN_ADDRESS, setting + "the host's name cannot be resolved");
        }
        try {
            tryAddress(address);
            return HttpServer.create(address, CONNECTION_LIMIT);
        } catch (final BindException e) {
            final boolean isInUse = String.valueOf(e.getMessage()).contains("in use");
            throw new MillraceException(
                    isInUse ? ErrorCode.PORT_IN_USE : ErrorCode.LISTEN_ADDRESS,
                    setting
                            + e.getMessage()
                            + (isInUse
                                    ? ". Stop the other process (ss -tlpn), choose another port, or set it to \"off\""
                                    : ""),
                    e);
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.LISTEN_ADDRESS, setting + e.getMessage(), e);
        }
    }

    /** HttpServer keeps a socket and a selector open for ever when it cannot bind: a plain socket finds out first. */
    private static void tryAddress(final InetSocketAddress address) throws IOException {
        try (ServerSocket trial = new ServerSocket()) {
            trial.bind(address);
        }
    }

    /**
     * Gives the metrics, once there are any.
     *
     * @param source is read at each request, by a thread of the endpoint.
     */
    public void metrics(final MetricSource source) {
        metrics = source;
    }

    /** Returns host:port with the port that was taken. */
    public String endpoint() {
        return host + ":" + server.getAddress().getPort();
    }

    private void answer(final HttpExchange exchange) throws IOException {
        try (exchange) {
            final String method = exchange.getRequestMethod();
            final boolean isHead = "HEAD".equals(method);
            exchange.getResponseHeaders().set("Connection", "close");
            exchange.getResponseHeaders().set("Cache-Control", "no-store");
            if (!isHead && !"GET".equals(method)) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                send(exchange, false, METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD are answered here\n");
                return;
            }
            switch (exchange.getRequestURI().getPath()) {
                case "/health/live" -> sendHealth(exchange, isHead, "live", health.notLive());
                case "/health/ready" -> sendHealth(exchange, isHead, "ready", health.notReady());
                case "/metrics" -> sendMetrics(exchange, isHead);
                default -> send(exchange, isHead, NOT_FOUND, TEXT, "there are /health/live, /health/ready, /metrics\n");
            }
        }
    }

    private void sendHealth(
            final HttpExchange exchange, final boolean isHead, final String name, final List<Health.Reason> reasons)
            throws IOException {
        send(
                exchange,
                isHead,
                reasons.isEmpty() ? OK : UNAVAILABLE,
                JSON,
                HealthText.of(name, reasons, health.warnings()) + "\n");
    }

    private void sendMetrics(final HttpExchange exchange, final boolean isHead) throws IOException {
        final MetricSource source = metrics;
        if (source == null) {
            send(exchange, isHead, UNAVAILABLE, TEXT, "the node is starting: there are no metrics yet\n");
        } else {
            send(exchange, isHead, OK, PrometheusText.CONTENT_TYPE, PrometheusText.of(version, source));
        }
    }

    private static void send(
            final HttpExchange exchange, final boolean isHead, final int status, final String type, final String body)
            throws IOException {
        final byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        if (isHead) {
            exchange.getResponseHeaders().set("Content-Length", Integer.toString(bytes.length));
            exchange.sendResponseHeaders(status, -1);
            return;
        }
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
