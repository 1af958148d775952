package io.millrace.server;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.MillraceException;
import io.millrace.control.ControlLimits;
import io.millrace.journal.BlockDevice;
import io.millrace.journal.FormatContext;
import io.millrace.journal.Journal;
import io.millrace.journal.JournalContext;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.store.StoreLimits;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.Transport;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.agrona.CloseHelper;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * A node and a client that speak over real loopback, both stepped on the caller's thread: what an event costs in
 * processor time, without the scheduler between the two. Only while the client waits for an answer to set-up does a
 * second thread step the node.
 *
 * <p><b>Threading:</b> the constructor's thread.
 */
final class InProcessNode implements AutoCloseable {
    static final UUID NODE = new UUID(1, 2);
    private static final int CHAINS = 2;
    private static final int BUFFER_LENGTH = 8 << 20;
    private static final long START_TIMEOUT_NS = 10_000_000_000L;
    private static final Duration CALL_TIMEOUT = Duration.ofSeconds(10);

    private final Transport media;
    private final DeviceAgent agent;
    private final SessionAcceptor acceptor;
    private final Millrace millrace;
    private final EventWriter writer;

    /**
     * Starts both and opens a writer of a stream with one segment.
     *
     * @param journal settings that name a formatted device or file; the rest is set here.
     */
    InProcessNode(final JournalContext journal) {
        media = Transport.launch(new Transport.Context());
        agent = new DeviceAgent(
                journal.nodeId(NODE).bufferLength(BUFFER_LENGTH),
                ChainPlacement.single(CHAINS),
                StoreLimits.defaults(),
                ReplicationLimits.defaults(),
                SystemNanoClock.INSTANCE,
                new SystemEpochNanoClock(),
                () -> 1);
        final ControlCarrier control = new ControlCarrier(agent, List.of(), ControlLimits.DEFAULT);
        agent.recover();
        acceptor = new SessionAcceptor(
                media,
                new AcceptorContext().listenEndpoint("127.0.0.1:0").node("benchmark", 1, "none", 1 << 20),
                agent);
        agent.endpoint(acceptor.boundEndpoint());
        startControlPlane(control);
        final Setting setting = connect();
        millrace = setting.millrace;
        writer = setting.writer;
    }

    /**
     * Formats a device for {@link #InProcessNode}.
     *
     * @param device empty.
     */
    static void format(final BlockDevice device) {
        Journal.format(device, new FormatContext().zoneLength(4 << 20).nodeId(NODE));
    }

    /** The writer; the client is stepped by it and by {@link #turn()}. */
    EventWriter writer() {
        return writer;
    }

    /** Steps both sides once. */
    void turn() {
        stepNode();
        millrace.doWork();
    }

    @Override
    public void close() {
        CloseHelper.quietClose(() -> whileNodeRuns(() -> {
            writer.close();
            millrace.close();
        }));
        CloseHelper.closeAll(acceptor, agent, media);
    }

    private record Setting(Millrace millrace, EventWriter writer) {}

    private Setting connect() {
        final Setting[] made = new Setting[1];
        whileNodeRuns(() -> {
            final Millrace connected = Millrace.connect(new Millrace.Context()
                    .endpoint(acceptor.boundEndpoint())
                    .clientName("benchmark")
                    .invoker(true));
            connected.streams().createStream("benchmark/events", StreamConfiguration.fixed(1));
            final EventWriter opened = connected.openWriter("benchmark/events");
            opened.append("key", new byte[1]);
            opened.flush(CALL_TIMEOUT);
            made[0] = new Setting(connected, opened);
        });
        return made[0];
    }

    /**
     * The client's blocking calls step the client only, so the node is stepped beside them; they never overlap turns.
     */
    private void whileNodeRuns(final Runnable calls) {
        final NodeThread thread = new NodeThread();
        thread.start();
        try {
            calls.run();
        } finally {
            thread.end();
        }
    }

    private void stepNode() {
        final long nowNs = SystemNanoClock.INSTANCE.nanoTime();
        media.doWork();
        acceptor.doWork(nowNs);
        agent.doWork(nowNs);
    }

    private void startControlPlane(final ControlCarrier control) {
        final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + START_TIMEOUT_NS;
        boolean appended = false;
        while (!control.service().isReady()) {
            if (!appended) {
                appended = control.service()
                        .tryStartNode(NODE, NODE, agent.journal().incarnation(), CHAINS, acceptor.boundEndpoint());
            }
            stepNode();
            if (SystemNanoClock.INSTANCE.nanoTime() > deadlineNs) {
                throw new IllegalStateException("the control plane does not start");
            }
        }
    }

    /** Steps the node until it is ended. */
    private final class NodeThread extends Thread {
        private volatile boolean isRunning = true;
        private volatile boolean hasFailed;

        private NodeThread() {
            super("benchmark-node");
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                // The ring belongs to the thread that has something in flight.
                while (isRunning || agent.journal().inFlightCount() > 0) {
                    stepNode();
                    YieldingIdleStrategy.INSTANCE.idle();
                }
            } catch (final MillraceException e) {
                hasFailed = true;
            }
        }

        private void end() {
            isRunning = false;
            boolean isInterrupted = false;
            while (isAlive()) {
                try {
                    join();
                } catch (final InterruptedException e) {
                    isInterrupted = true;
                }
            }
            if (isInterrupted) {
                Thread.currentThread().interrupt();
            }
            if (hasFailed) {
                throw new IllegalStateException("the node has failed");
            }
        }
    }
}
