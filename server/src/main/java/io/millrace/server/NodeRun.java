package io.millrace.server;

import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.http.HttpEndpoint;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemEpochClock;
import org.agrona.concurrent.SystemNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * A node with the two files that outlive its process: counters and distinct errors.
 *
 * <p><b>Threading</b>: the thread that constructs it runs it; each device's thread comes by after its turns.
 */
public final class NodeRun implements AutoCloseable, Node.Turn {
    private final ErrorFile errors;
    private final Node node;
    private final NodeCounters counters;
    private final NodeHealth health;
    private final @Nullable HttpEndpoint http;
    private final Consumer<String> operator;
    private final @Nullable String[] toldFences;
    private final @Nullable String[] toldDamages;

    /**
     * Starts the node.
     *
     * @param configuration of the node.
     * @param mustFormat as {@link DataDirectory#mustFormat} decided.
     * @param hostWarnings what the host checks found and did not refuse.
     * @param operator takes lines for people.
     * @throws io.millrace.codec.MillraceException when the node cannot start.
     */
    public NodeRun(
            final NodeConfiguration configuration,
            final boolean mustFormat,
            final List<String> hostWarnings,
            final Consumer<String> operator) {
        this.operator = operator;
        Identity.makeDirectory(configuration.dataDirectory());
        health = new NodeHealth(configuration.journalPaths(), SystemNanoClock.INSTANCE, hostWarnings);
        final AtomicReference<@Nullable HttpEndpoint> listening = new AtomicReference<>();
        Node started = null;
        final ErrorFile opened = new ErrorFile(configuration.dataDirectory(), SystemEpochClock.INSTANCE, operator);
        try {
            started = new Node(
                    configuration,
                    mustFormat,
                    text -> operator.accept("warning: " + text),
                    opened,
                    health,
                    () -> listening.set(listen(configuration.text(Setting.HTTP_ENDPOINT))));
            opened.open();
            counters = new NodeCounters(configuration.dataDirectory(), started, NodeRun::epochNs);
        } catch (final RuntimeException exception) {
            CloseHelper.quietCloseAll(started, opened, listening.get());
            throw exception;
        }
        http = listening.get();
        if (http != null) {
            http.metrics(counters.table());
        }
        node = started;
        errors = opened;
        toldFences = new String[started.devices().size()];
        toldDamages = new String[started.devices().size()];
    }

    /** Milliseconds are enough for the counters; the clock of nanoseconds would make an object at each update. */
    private static long epochNs() {
        return TimeUnit.MILLISECONDS.toNanos(SystemEpochClock.INSTANCE.time());
    }

    private @Nullable HttpEndpoint listen(final String endpoint) {
        return NodeConfiguration.OFF.equals(endpoint) ? null : new HttpEndpoint(endpoint, NodeVersion.get(), health);
    }

    /** Returns the node. */
    public Node node() {
        return node;
    }

    /** Returns host:port of health and metrics, null when they are off. */
    public @Nullable String httpEndpoint() {
        return http == null ? null : http.endpoint();
    }

    /** Runs the node until it is stopped. */
    public void run() {
        node.run(this);
        counters.stopped();
    }

    @Override
    public void after(final NodeDevice device, final long nowNs) {
        if (counters.update(device.number(), nowNs)) {
            health.turned(device, nowNs);
        }
        tellDamage(device);
        final String fenced = device.agent().fencedReason();
        if (fenced != null && !fenced.equals(toldFences[device.number()])) {
            toldFences[device.number()] = fenced;
            errors.onError(new IllegalStateException(fenced));
            operator.accept((toldFences.length == 1 ? "the device" : "device " + device.number())
                    + " is fenced, appends are refused from now on: " + fenced);
        }
    }

    private void tellDamage(final NodeDevice device) {
        final String damage = device.agent().journal().scrub().damage();
        if (damage != null && !damage.equals(toldDamages[device.number()])) {
            toldDamages[device.number()] = damage;
            errors.onError(new IllegalStateException(damage));
            operator.accept("the node goes on, but its device is damaged: " + damage);
        }
    }

    @Override
    public void ended(final NodeDevice device) {
        counters.take(device.number());
    }

    @Override
    public void close() {
        CloseHelper.closeAll(http, node, counters, errors);
    }
}
