package io.millrace.server;

import io.millrace.server.configuration.NodeConfiguration;
import java.util.function.Consumer;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemEpochClock;
import org.jspecify.annotations.Nullable;

/**
 * A node with the two files that outlive its process: counters and distinct errors.
 *
 * <p><b>Threading</b>: the thread that constructs it runs it.
 */
public final class NodeRun implements AutoCloseable {
    private final ErrorFile errors;
    private final Node node;
    private final NodeCounters counters;
    private final Consumer<String> operator;
    private @Nullable String toldFence;

    /**
     * Starts the node.
     *
     * @param configuration of the node.
     * @param mustFormat as {@link DataDirectory#mustFormat} decided.
     * @param operator takes lines for people.
     * @throws io.millrace.codec.MillraceException when the node cannot start.
     */
    public NodeRun(final NodeConfiguration configuration, final boolean mustFormat, final Consumer<String> operator) {
        this.operator = operator;
        Identity.makeDirectory(configuration.dataDirectory());
        Node started = null;
        final ErrorFile opened = new ErrorFile(configuration.dataDirectory(), SystemEpochClock.INSTANCE, operator);
        try {
            started = new Node(configuration, mustFormat, text -> operator.accept("warning: " + text), opened);
            opened.open();
            counters = new NodeCounters(configuration.dataDirectory(), started);
        } catch (final RuntimeException exception) {
            CloseHelper.quietCloseAll(started, opened);
            throw exception;
        }
        node = started;
        errors = opened;
    }

    /** Returns the node. */
    public Node node() {
        return node;
    }

    /** Runs the node until it is stopped. */
    public void run() {
        node.run(this::afterTurn);
    }

    private void afterTurn(final long nowNs) {
        counters.update(nowNs);
        final String fenced = node.agent().fencedReason();
        if (fenced != null && !fenced.equals(toldFence)) {
            toldFence = fenced;
            errors.onError(new IllegalStateException(fenced));
            operator.accept("the device is fenced, appends are refused from now on: " + fenced);
        }
    }

    @Override
    public void close() {
        CloseHelper.closeAll(node, counters, errors);
    }
}
