package io.millrace.server;

import io.millrace.codec.AllowedHere;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.EventFrame;
import io.millrace.codec.MillraceException;
import io.millrace.control.ControlLimits;
import io.millrace.journal.Backend;
import io.millrace.journal.JournalContext;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.host.Budget;
import io.millrace.store.StoreLimits;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.DutyCycleIdle;
import io.millrace.transport.IdlePolicy;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.Transport;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.agrona.CloseHelper;
import org.agrona.ErrorHandler;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.agrona.concurrent.SystemNanoClock;

/**
 * One appliance: composes transport, device and control plane and runs them on one thread.
 *
 * <p>A turn: the driver and Aeron's conductor, frames of sessions, the device (journal, commit, acknowledgements,
 * readers, control plane). Without work: yield, then sleep in the kernel until a completion or a socket.
 *
 * <p><b>Threading</b>: the thread that constructs it runs it; {@link #stop()} may come from any thread.
 */
public final class Node implements AutoCloseable {
    private static final long MAX_WAIT_NS = 1_000_000L;
    private static final long LONG_IN_FLIGHT_NS = 500_000L;
    private static final long START_TIMEOUT_NS = 30_000_000_000L;
    private static final long DRAIN_TIMEOUT_NS = 5_000_000_000L;

    private final NodeConfiguration configuration;
    private final Consumer<String> warnings;
    private final ErrorHandler errors;
    private final NanoClock clock = SystemNanoClock.INSTANCE;
    private final DeviceAgent agent;
    private final ControlCarrier control;
    private final IdlePolicy idlePolicy;
    private Transport transport;
    private final SessionAcceptor acceptor;
    private final DutyCycleIdle idle;
    private final NodeReport report;
    private long watchedVersion = -1;
    private int[] watchedDescriptors = new int[0];
    private boolean socketsWatched;
    private final AtomicLong transportRebuildCount = new AtomicLong();
    private final NodeHealth health;
    private volatile boolean stopping;
    private boolean closed;

    /**
     * Formats the journal if that was decided, recovers it, and starts to listen.
     *
     * @param configuration of the node.
     * @param mustFormat as {@link DataDirectory#mustFormat} decided.
     * @param warnings takes lines an operator should see.
     * @param errors takes what goes wrong while running.
     * @param health is told what becomes of the node.
     * @param listener starts to answer for the node's health: before anything that takes long, formatting or recovery,
     *     but never while another process may have the journal. Of two nodes on one data directory both want the port
     *     of HTTP; the operator must be told of the journal (MR-6004), not of the port.
     * @throws MillraceException when the node cannot start; nothing is left behind.
     */
    @AllowedHere("composition root")
    Node(
            final NodeConfiguration configuration,
            final boolean mustFormat,
            final Consumer<String> warnings,
            final ErrorHandler errors,
            final NodeHealth health,
            final Runnable listener) {
        this.health = health;
        this.configuration = configuration;
        this.warnings = warnings;
        this.errors = errors;
        idlePolicy = idlePolicy(configuration);
        final long startedNs = clock.nanoTime();
        final SecureRandom random = new SecureRandom();
        final DataDirectory directory = new DataDirectory(configuration);
        if (mustFormat) {
            listener.run(); // nobody has a journal that does not exist
            directory.format((done, total) -> {});
        }
        agent = new DeviceAgent(
                journalContext(),
                configuration.integer(Setting.CHAINS),
                storeLimits(configuration, Runtime.getRuntime().maxMemory()),
                replicationLimits(),
                clock,
                new SystemEpochNanoClock(),
                random::nextLong);
        Transport openedTransport = null;
        SessionAcceptor openedAcceptor = null;
        try {
            control = new ControlCarrier(agent, ControlLimits.DEFAULT);
            directory.admit(agent.journal().deviceUuid());
            if (!mustFormat) {
                listener.run();
            }
            agent.recover();
            openedTransport = launchTransport();
            openedAcceptor = new SessionAcceptor(openedTransport, acceptorContext(), agent);
            transport = openedTransport;
            acceptor = openedAcceptor;
            agent.endpoint(acceptor.boundEndpoint());
            idle = new DutyCycleIdle(
                    idlePolicy,
                    this::awaitInKernel,
                    DutyCycleIdle.DEFAULT_IDLE_BEFORE_WAIT_NS,
                    Runtime.getRuntime().availableProcessors(),
                    warnings);
            startControlPlane();
            report = NodeReport.of(
                    configuration.text(Setting.NODE_NAME),
                    acceptor.boundEndpoint(),
                    configuration.journalPath(),
                    agent,
                    idlePolicy,
                    mustFormat,
                    clock.nanoTime() - startedNs);
        } catch (final RuntimeException exception) {
            CloseHelper.quietCloseAll(openedAcceptor, openedTransport, agent);
            throw exception;
        }
    }

    /** Returns what the node came up with. */
    public NodeReport report() {
        return report;
    }

    /** Returns the device's agent, for counters. */
    public DeviceAgent agent() {
        return agent;
    }

    /** Returns the sessions, for counters. */
    public SessionAcceptor acceptor() {
        return acceptor;
    }

    /** Returns the media in use, for counters. */
    public Transport transport() {
        return transport;
    }

    /** Returns how often the media were rebuilt after a pause beyond Aeron's time-outs. */
    public long transportRebuildCount() {
        return transportRebuildCount.get();
    }

    /** Asks the node to end {@link #run}; from any thread. */
    public void stop() {
        health.draining();
        stopping = true;
    }

    /**
     * Runs until {@link #stop()}, then takes no more frames, waits until everything taken is durable and acknowledged,
     * and returns. A fenced device ends nothing: the node goes on serving reads and says why it refuses.
     *
     * @param eachTurn is called between turns with the turn's time, for counters; it must be quick.
     */
    public void run(final Turn eachTurn) {
        while (!stopping) {
            final long nowNs = clock.nanoTime();
            final int work = doWork(nowNs);
            eachTurn.after(nowNs);
            idle.idle(work, nowNs, maxWaitNs(nowNs));
        }
        final long deadlineNs = clock.nanoTime() + DRAIN_TIMEOUT_NS;
        while (!agent.isDrained() && agent.fencedReason() == null && clock.nanoTime() < deadlineNs) {
            transport.doWork();
            agent.doWork(clock.nanoTime());
        }
        for (int i = 0; i < 1_000; i++) {
            agent.doWork(clock.nanoTime());
            transport.doWork();
        }
        agent.markEnd();
    }

    /** Is told after each turn. */
    @FunctionalInterface
    public interface Turn {
        /**
         * Does what is due between turns.
         *
         * @param nowNs the turn's monotonic time.
         */
        void after(long nowNs);
    }

    /**
     * Runs one turn.
     *
     * @param nowNs monotonic time.
     * @return work done.
     */
    public int doWork(final long nowNs) {
        int work = transport.doWork();
        if (transport.isClosed()) {
            rebuildTransport();
        }
        work += acceptor.doWork(nowNs);
        work += agent.doWork(nowNs);
        return work;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            CloseHelper.closeAll(acceptor, transport, agent);
        }
    }

    /**
     * After SIGSTOP or a long pause Aeron has given the client up: everything of it is made anew, the journal stays.
     */
    private void rebuildTransport() {
        warnings.accept("the media were closed after a pause of this process; listening again");
        health.transportDown(true);
        unwatchSockets(); // a socket that is still watched keeps its port
        CloseHelper.quietClose(transport);
        transport = launchTransport();
        acceptor.rebind(transport);
        transportRebuildCount.incrementAndGet();
        health.transportDown(false);
    }

    private void startControlPlane() {
        final UUID node = DataDirectory.nodeId(configuration);
        final UUID device = agent.journal().deviceUuid();
        final long deadlineNs = clock.nanoTime() + START_TIMEOUT_NS;
        boolean appended = false;
        while (!control.service().isReady()) {
            final long nowNs = clock.nanoTime();
            if (!appended) {
                appended = control.service()
                        .tryStartNode(
                                node,
                                device,
                                agent.journal().incarnation(),
                                agent.chainCount(),
                                acceptor.boundEndpoint());
            }
            agent.doWork(nowNs);
            transport.doWork();
            agent.journal().await(MAX_WAIT_NS);
            final String fenced = agent.fencedReason();
            if (fenced != null || nowNs > deadlineNs) {
                throw new MillraceException(
                        ErrorCode.DEVICE_FENCED,
                        fenced != null ? fenced : "the journal took no record within 30 s of the start");
            }
        }
    }

    private boolean awaitInKernel(final long timeoutNs) {
        if (acceptor.hasIpcSession()) {
            return false;
        }
        watchSockets();
        if (!socketsWatched) {
            return false;
        }
        agent.journal().await(timeoutNs);
        return true;
    }

    private void watchSockets() {
        if (transport.socketDescriptorsVersion() == watchedVersion) {
            return;
        }
        unwatchSockets();
        watchedVersion = transport.socketDescriptorsVersion();
        watchedDescriptors = new int[transport.socketDescriptorCount()];
        socketsWatched = watchedDescriptors.length > 0;
        for (int i = 0; i < watchedDescriptors.length; i++) {
            watchedDescriptors[i] = transport.socketDescriptor(i);
            if (!agent.journal().watch(watchedDescriptors[i])) {
                socketsWatched = false;
            }
        }
    }

    private void unwatchSockets() {
        for (final int descriptor : watchedDescriptors) {
            agent.journal().unwatch(descriptor);
        }
        watchedDescriptors = new int[0];
        watchedVersion = -1;
    }

    /** A write in flight is waited for in the kernel only when it takes long: then its worker may need this core. */
    private long maxWaitNs(final long nowNs) {
        if (agent.journal().inFlightCount() == 0) {
            return MAX_WAIT_NS;
        }
        return agent.journal().oldestInFlightNs(nowNs) > LONG_IN_FLIGHT_NS ? MAX_WAIT_NS : 0;
    }

    private Transport launchTransport() {
        final Transport.Context context = new Transport.Context()
                .aeronDirectory(aeronDirectory())
                .windowLength(configuration.integer(Setting.TRANSPORT_WINDOW))
                .termLength(configuration.integer(Setting.TRANSPORT_TERM_LENGTH))
                .maxImageTermLength(Budget.imageTermBytes(configuration))
                .imageLimit(Budget.imageLimit(configuration))
                .logMemoryLimit(Budget.logBytesLimit(configuration))
                .errorHandler(errors)
                .warning(warnings);
        if (configuration.number(Setting.TRANSPORT_MTU) != NodeConfiguration.AUTO) {
            context.loopbackMtuLength(configuration.integer(Setting.TRANSPORT_MTU))
                    .networkMtuLength(configuration.integer(Setting.TRANSPORT_MTU));
        }
        return Transport.launch(context);
    }

    /** The same at each start, so that what a killed process left is taken away by the next. */
    private String aeronDirectory() {
        final String configured = configuration.text(Setting.AERON_DIRECTORY);
        return configured.isEmpty()
                ? "/dev/shm/millrace-"
                        + UUID.nameUUIDFromBytes(configuration
                                .journalPath()
                                .toAbsolutePath()
                                .normalize()
                                .toString()
                                .getBytes(StandardCharsets.UTF_8))
                : configured;
    }

    private AcceptorContext acceptorContext() {
        return new AcceptorContext()
                .listenEndpoint(configuration.text(Setting.LISTEN_ENDPOINT))
                .sessionLimit(configuration.integer(Setting.LIMITS_SESSIONS))
                .sessionMemory(Budget.sessionBytes(configuration))
                .heartbeatIntervalNs(configuration.number(Setting.SESSION_HEARTBEAT))
                .sessionTimeoutNs(configuration.number(Setting.SESSION_TIMEOUT))
                .node(
                        configuration.text(Setting.NODE_NAME),
                        agent.journal().incarnation(),
                        agent.journal().durabilityMode().describe(),
                        EventFrame.MAX_PAYLOAD);
    }

    private JournalContext journalContext() {
        return DataDirectory.journalContext(configuration)
                .backend(Backend.valueOf(
                        configuration.text(Setting.JOURNAL_BACKEND).toUpperCase(Locale.ROOT)))
                .bufferLength(configuration.integer(Setting.JOURNAL_BUFFER_SIZE))
                .writesInFlight(configuration.integer(Setting.JOURNAL_WRITES_IN_FLIGHT))
                .calibratedWritesInFlight(!configuration.isSet(Setting.JOURNAL_WRITES_IN_FLIGHT))
                .ioDeadlineNs(configuration.number(Setting.JOURNAL_IO_DEADLINE))
                .stallThresholdNs(configuration.number(Setting.JOURNAL_STALL_THRESHOLD))
                .warnings(warnings);
    }

    /**
     * Divides what the budget says of the heap by the chains: an index that is full must refuse, not end the process.
     */
    static StoreLimits storeLimits(final NodeConfiguration configuration, final long heapBytes) {
        return StoreLimits.defaults()
                .withIndexBytes(
                        Budget.of(configuration, heapBytes).indexBytes() / configuration.integer(Setting.CHAINS));
    }

    private ReplicationLimits replicationLimits() {
        final ReplicationLimits defaults = ReplicationLimits.defaults();
        return new ReplicationLimits(
                configuration.integer(Setting.LIMITS_READERS),
                defaults.journalReaders(),
                defaults.maxHeldAnswers(),
                defaults.maxWritersPerSession(),
                defaults.maxReadersPerSession(),
                defaults.readFramesPerTurn(),
                defaults.maxCreditBytes(),
                configuration.number(Setting.LIMITS_WRITER_RETENTION),
                configuration.number(Setting.JOURNAL_CHECKPOINT_INTERVAL));
    }

    private static IdlePolicy idlePolicy(final NodeConfiguration configuration) {
        final String text = configuration.text(Setting.IDLE_POLICY);
        return switch (text) {
            case "auto" -> IdlePolicy.forHost(Runtime.getRuntime().availableProcessors(), false);
            default -> IdlePolicy.valueOf(text.replace('-', '_').toUpperCase(Locale.ROOT));
        };
    }
}
