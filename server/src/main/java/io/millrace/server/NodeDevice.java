package io.millrace.server;

import io.millrace.codec.EventFrame;
import io.millrace.journal.Backend;
import io.millrace.journal.JournalContext;
import io.millrace.replication.ChainPlacement;
import io.millrace.replication.DeviceAgent;
import io.millrace.replication.ReplicationLimits;
import io.millrace.server.cluster.NodeRole;
import io.millrace.server.configuration.NodeConfiguration;
import io.millrace.server.configuration.Setting;
import io.millrace.server.host.Budget;
import io.millrace.store.StoreLimits;
import io.millrace.transport.AcceptorContext;
import io.millrace.transport.DutyCycleIdle;
import io.millrace.transport.IdlePolicy;
import io.millrace.transport.SessionAcceptor;
import io.millrace.transport.Transport;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.SystemEpochNanoClock;
import org.jspecify.annotations.Nullable;

/**
 * One device of a node: its journal and chains, its sessions, its way to the media, and its duty cycle.
 *
 * <p>A turn: the driver, if this thread runs it, and Aeron's conductor; frames of sessions; the device. Without work:
 * yield, then sleep in the kernel. Where this thread runs the driver, a socket wakes it; where the driver has threads
 * of its own, the sockets are theirs, and it naps: {@value #SHORTEST_NAP_NS} ns at first, each nap twice as long, up to
 * a millisecond; a completion wakes it.
 *
 * <p><b>Threading</b>: its own thread, from construction to {@link #close()}.
 */
final class NodeDevice implements AutoCloseable {
    /** Longest sleep in the kernel. */
    static final long MAX_WAIT_NS = 1_000_000L;

    private static final long SHORTEST_NAP_NS = 50_000L;
    private static final long LONG_IN_FLIGHT_NS = 500_000L;
    private static final long DRAIN_TIMEOUT_NS = 5_000_000_000L;
    private static final long LEAVE_TIMEOUT_NS = 1_000_000_000L;
    private static final int LAST_TURNS = 1_000;

    private final NodeConfiguration configuration;
    private final int number;
    private final boolean isDedicated;
    private final NanoClock clock;
    private final Consumer<String> warnings;
    private final NodeHealth health;
    private final DeviceAgent agent;
    private final @Nullable NodeRole role;
    private final AtomicLong transportRebuildCount = new AtomicLong();
    private @Nullable NodeMedia media;
    private @Nullable Transport transport;
    private @Nullable SessionAcceptor acceptor;
    private @Nullable DutyCycleIdle idle;
    private volatile int mediaGeneration;
    private long napNs = SHORTEST_NAP_NS;
    private long napCount;
    private long watchedVersion = -1;
    private int[] watchedDescriptors = new int[0];
    private boolean socketsWatched;
    private boolean isClosed;

    /**
     * Opens and locks the journal; nothing is written yet.
     *
     * @throws io.millrace.codec.MillraceException when it cannot be opened.
     */
    NodeDevice(
            final NodeConfiguration configuration,
            final ChainPlacement placement,
            final boolean isDedicated,
            final StoreLimits storeLimits,
            final NanoClock clock,
            final LongSupplier secrets,
            final Consumer<String> warnings,
            final NodeHealth health,
            final @Nullable NodeRole role) {
        this.configuration = configuration;
        this.number = placement.device();
        this.isDedicated = isDedicated;
        this.clock = clock;
        this.warnings = warnings;
        this.health = health;
        this.role = role;
        agent = new DeviceAgent(
                journalContext(),
                placement,
                storeLimits,
                replicationLimits(),
                clock,
                new SystemEpochNanoClock(),
                secrets,
                role == null ? null : role.cluster());
        if (role != null) {
            role.join(agent);
        }
    }

    /**
     * Connects to the media and listens.
     *
     * @throws io.millrace.codec.MillraceException when the address cannot be listened on.
     */
    void listen(final NodeMedia nodeMedia, final IdlePolicy idlePolicy) {
        media = nodeMedia;
        mediaGeneration = nodeMedia.generation();
        final Transport connected = nodeMedia.connect();
        transport = connected;
        final SessionAcceptor listening = new SessionAcceptor(connected, acceptorContext(), agent);
        acceptor = listening;
        agent.endpoint(advertisedEndpoint());
        if (role != null) {
            role.connect(connected);
        }
        idle = new DutyCycleIdle(
                idlePolicy,
                isDedicated ? this::nap : this::awaitInKernel,
                DutyCycleIdle.DEFAULT_IDLE_BEFORE_WAIT_NS,
                Runtime.getRuntime().availableProcessors(),
                number == 0 ? warnings : text -> {});
    }

    /** Returns its number, from 0. */
    int number() {
        return number;
    }

    /** Returns the journal's file or device. */
    Path journalPath() {
        return configuration.journalPaths().get(number);
    }

    /** Returns what it does. */
    DeviceAgent agent() {
        return agent;
    }

    /** Returns its sessions. */
    SessionAcceptor acceptor() {
        return listening(acceptor);
    }

    /** Returns host:port that clients and other nodes reach it at. */
    String advertisedEndpoint() {
        return configuration.advertisedEndpoint(number, acceptor().boundEndpoint());
    }

    /** Returns what it does as a member of a cluster; null: its chains are chains of one. */
    @Nullable
    NodeRole role() {
        return role;
    }

    /** Returns its way to the media, another one after a pause. */
    Transport transport() {
        return listening(transport);
    }

    private static <T> T listening(final @Nullable T part) {
        if (part == null) {
            throw new IllegalStateException("the device does not listen yet");
        }
        return part;
    }

    /** Returns how often its media were rebuilt after a pause beyond Aeron's time-outs; any thread. */
    long transportRebuildCount() {
        return transportRebuildCount.get();
    }

    /**
     * Runs one turn.
     *
     * @param nowNs monotonic time.
     * @return work done.
     */
    int doWork(final long nowNs) {
        int work = transport().doWork();
        if (transport().isClosed() || listening(media).generation() != mediaGeneration) {
            rebuildTransport();
        }
        work += acceptor().doWork(nowNs);
        work += agent.doWork(nowNs);
        return work;
    }

    /**
     * Runs until it is told to stop, then takes no more frames, waits until everything taken is durable and
     * acknowledged, and notes the end. A fenced device ends nothing: it goes on serving reads and says why it refuses.
     *
     * @param isStopping asked at each turn.
     * @param eachTurn told after each turn.
     */
    void runUntil(final BooleanSupplier isStopping, final Node.Turn eachTurn) {
        final DutyCycleIdle idling = listening(idle);
        while (!isStopping.getAsBoolean()) {
            final long nowNs = clock.nanoTime();
            final int work = doWork(nowNs);
            eachTurn.after(this, nowNs);
            idling.idle(work, nowNs, maxWaitNs(work, nowNs));
        }
        takeLeave();
        agent.beginDrain();
        final long deadlineNs = clock.nanoTime() + DRAIN_TIMEOUT_NS;
        while (!agent.isDrained() && agent.fencedReason() == null && clock.nanoTime() < deadlineNs) {
            transport().doWork();
            agent.doWork(clock.nanoTime());
        }
        for (int i = 0; i < LAST_TURNS; i++) {
            agent.doWork(clock.nanoTime());
            transport().doWork();
        }
        unwatchSockets(); // one that is readable ends every wait for the device at once
        agent.markEnd();
        eachTurn.ended(this);
    }

    /** The others go on without it, and whoever waits here for them, or they for it, is not to wait for long. */
    private void takeLeave() {
        final NodeRole member = role;
        if (member != null) {
            member.leave();
            final long deadlineNs = clock.nanoTime() + LEAVE_TIMEOUT_NS;
            while (!member.hasLeft() && clock.nanoTime() < deadlineNs) {
                doWork(clock.nanoTime());
                agent.journal().await(MAX_WAIT_NS);
            }
        }
    }

    /** Lets go of sessions, media and journal; idempotent. */
    @Override
    public void close() {
        if (!isClosed) {
            isClosed = true;
            CloseHelper.closeAll(role, acceptor, transport, agent);
        }
    }

    /**
     * After SIGSTOP or a long pause Aeron has given the client up: everything of it is made anew, the journal stays.
     */
    private void rebuildTransport() {
        warnings.accept("the media were closed after a pause of this process; listening again");
        health.transportDown(number, true);
        unwatchSockets(); // a socket that is still watched keeps its port
        CloseHelper.quietClose(transport);
        final NodeMedia current = listening(media);
        current.renew(mediaGeneration);
        mediaGeneration = current.generation();
        final Transport connected = current.connect();
        transport = connected;
        acceptor().rebind(connected);
        if (role != null) {
            role.connect(connected);
        }
        transportRebuildCount.incrementAndGet();
        health.transportDown(number, false);
    }

    /** Nobody else may wake this thread but a completion, so naps are short. */
    private boolean nap(final long timeoutNs) {
        agent.journal().await(timeoutNs);
        return true;
    }

    private boolean awaitInKernel(final long timeoutNs) {
        if (acceptor().hasIpcSession()) {
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
        final Transport current = transport();
        if (current.socketDescriptorsVersion() == watchedVersion) {
            return;
        }
        unwatchSockets();
        watchedVersion = current.socketDescriptorsVersion();
        watchedDescriptors = new int[current.socketDescriptorCount()];
        socketsWatched = watchedDescriptors.length > 0;
        for (int i = 0; i < watchedDescriptors.length; i++) {
            watchedDescriptors[i] = current.socketDescriptor(i);
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
    private long maxWaitNs(final int work, final long nowNs) {
        if (agent.journal().inFlightCount() != 0) {
            return agent.journal().oldestInFlightNs(nowNs) > LONG_IN_FLIGHT_NS ? MAX_WAIT_NS : 0;
        }
        if (!isDedicated) {
            return MAX_WAIT_NS;
        }
        napNs = work > 0 ? SHORTEST_NAP_NS : nextNap(napNs);
        return napNs;
    }

    private long nextNap(final long lastNs) {
        final long slept = listening(idle).kernelWaitCount();
        if (slept == napCount) {
            return lastNs;
        }
        napCount = slept;
        return Math.min(MAX_WAIT_NS, 2 * lastNs);
    }

    private AcceptorContext acceptorContext() {
        return new AcceptorContext()
                .listenEndpoint(configuration.listenEndpoint(number))
                .listenIpc(number == 0) // one stream of a driver cannot tell devices apart
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
        return DataDirectory.journalContext(configuration, number)
                .backend(Backend.valueOf(
                        configuration.text(Setting.JOURNAL_BACKEND).toUpperCase(Locale.ROOT)))
                .bufferLength(configuration.integer(Setting.JOURNAL_BUFFER_SIZE))
                .writesInFlight(configuration.integer(Setting.JOURNAL_WRITES_IN_FLIGHT))
                .calibratedWritesInFlight(!configuration.isSet(Setting.JOURNAL_WRITES_IN_FLIGHT))
                .ioDeadlineNs(configuration.number(Setting.JOURNAL_IO_DEADLINE))
                .stallThresholdNs(configuration.number(Setting.JOURNAL_STALL_THRESHOLD))
                .scrubBytesPerSecond(configuration.number(Setting.JOURNAL_SCRUB_RATE))
                .warnings(warnings);
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
}
