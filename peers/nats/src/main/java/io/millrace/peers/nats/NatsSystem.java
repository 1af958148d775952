package io.millrace.peers.nats;

import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.Pacing;
import io.millrace.perf.system.QueueTailReader;
import io.millrace.perf.system.ServerStart;
import io.millrace.perf.system.SkippedException;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import io.nats.client.Connection;
import io.nats.client.Dispatcher;
import io.nats.client.JetStreamApiException;
import io.nats.client.Nats;
import io.nats.client.Options;
import io.nats.client.PushSubscribeOptions;
import io.nats.client.api.ConsumerConfiguration;
import io.nats.client.api.DeliverPolicy;
import io.nats.client.api.StorageType;
import io.nats.client.api.StreamConfiguration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * NATS JetStream with one server.
 *
 * <p><b>Threading:</b> the rig's thread; the client has its own, so the rig sleeps between due times.
 */
abstract class NatsSystem implements BenchSystem {
    private static final String PROGRAM = "nats-server";
    private static final String STREAM = "bench-";
    private static final int OUTGOING_MESSAGES = 512 * 1024;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(15);

    private final String name;
    private final boolean isSynced;
    private @Nullable SystemContext context;
    private @Nullable Connection connection;
    private @Nullable Connection tailConnection;
    private NatsVersion version = new NatsVersion(0, 0, "unknown");
    private String address = "";
    private String[] subjects = {};

    /**
     * Makes a variant.
     *
     * @param name in rows.
     * @param isSynced whether the server syncs every message before it answers.
     */
    NatsSystem(final String name, final boolean isSynced) {
        this.name = name;
        this.isSynced = isSynced;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean claimsDurable() {
        return isSynced;
    }

    @Override
    public final Set<Ability> abilities() {
        return Set.of(
                Ability.APPEND, Ability.TAIL_READ, Ability.CATCH_UP_READ, Ability.READ_BESIDE_WRITE, Ability.STREAMS);
    }

    @Override
    public final Pacing pacing() {
        return Pacing.SLEEP;
    }

    @Override
    public final void start(final SystemContext newContext) throws IOException, SkippedException {
        context = newContext;
        final Optional<String> missing = newContext.packages().ensure(PROGRAM, PROGRAM);
        if (missing.isPresent()) {
            throw new SkippedException(missing.get());
        }
        readVersion(newContext);
        if (isSynced && !version.syncsEveryMessage()) {
            throw new SkippedException("nats-server " + version.text()
                    + " cannot sync every message: that came with 2.10 (jetstream.sync_interval)");
        }
        final int port = newContext.freePort();
        address = "nats://127.0.0.1:" + port;
        final Path settings = newContext.directory().resolve("nats.conf");
        Files.write(settings, settings(port, newContext.directory().resolve("data")));
        final ChildProcess server = newContext.start(name, List.of(PROGRAM, "-c", settings.toString()), List.of());
        newContext.add((AutoCloseable) this::closeClients); // before their server is ended
        new ServerStart(name, server, newContext.clock()).await(TIMEOUT_NS, this::connects);
        createStreams(newContext.streams());
    }

    @Override
    public final Target openTarget() throws IOException {
        return new NatsTarget(started(), connection().jetStream(), subjects);
    }

    @Override
    public final TailReader openTailReader() throws IOException {
        final QueueTailReader seen = new QueueTailReader(started().clock());
        final Connection own = connect();
        tailConnection = own;
        final Dispatcher dispatcher = own.createDispatcher();
        dispatcher.setPendingLimits(-1, -1); // as many as come: it must not drop what it is slow to see
        try {
            final var unused = own.jetStream()
                    .subscribe(
                            subjects[0],
                            dispatcher,
                            event -> seen.seen(NatsReader.indexOf(event)),
                            false,
                            PushSubscribeOptions.builder()
                                    .ordered(true)
                                    .configuration(ConsumerConfiguration.builder()
                                            .deliverPolicy(DeliverPolicy.New)
                                            .build())
                                    .build());
        } catch (final JetStreamApiException e) {
            throw new IOException(name + ": no reader at the end", e);
        }
        return seen;
    }

    @Override
    public final CatchUpReader openCatchUpReader() throws IOException {
        try {
            return new NatsReader(connection().getStreamContext(STREAM + 0));
        } catch (final JetStreamApiException e) {
            throw new IOException(name + ": no reader from the start", e);
        }
    }

    @Override
    public final boolean dropCaches() {
        return false; // the server keeps blocks of messages in memory for some seconds
    }

    @Override
    public final Map<String, String> describe() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", "nats-server " + version.text() + ", jnats " + Nats.CLIENT_VERSION);
        facts.put("stream", "file storage, 1 replica, " + (isSynced ? "sync_interval always" : "default sync"));
        facts.put("acknowledged", "answer to publishAsync");
        facts.put("server", "nats-server -js, a process of its own");
        return facts;
    }

    @Override
    public final Set<Long> processIds() {
        return context == null ? Set.of() : context.processIds();
    }

    @Override
    public final void close() {
        closeClients();
        if (context != null) {
            context.closeProcesses();
        }
    }

    private void closeClients() {
        CloseHelper.quietCloseAll(tailConnection, connection);
    }

    private List<String> settings(final int port, final Path data) {
        return List.of(
                "host: 127.0.0.1",
                "port: " + port,
                "jetstream {",
                "  store_dir: \"" + data + "\"",
                isSynced ? "  sync_interval: always" : "  # sync_interval: the server's default",
                "}");
    }

    private void readVersion(final SystemContext newContext) throws IOException {
        final ChildProcess asked = newContext.start(name + "-version", List.of(PROGRAM, "--version"), List.of());
        final long deadlineNs = newContext.clock().nanoTime() + TIMEOUT_NS;
        @Nullable String printed = asked.pollLine();
        while (printed == null && newContext.clock().nanoTime() - deadlineNs < 0) {
            YieldingIdleStrategy.INSTANCE.idle();
            printed = asked.pollLine();
        }
        asked.stop();
        version = NatsVersion.parse(printed == null ? asked.errors() : printed);
    }

    private boolean connects() throws IOException {
        if (connection == null) {
            connection = connect();
        }
        return true;
    }

    private Connection connect() throws IOException {
        try {
            return Nats.connect(new Options.Builder()
                    .server(address)
                    .maxMessagesInOutgoingQueue(OUTGOING_MESSAGES)
                    .noReconnect()
                    .build());
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(name + ": interrupted", e);
        }
    }

    private void createStreams(final int count) throws IOException {
        subjects = new String[count];
        try {
            for (int i = 0; i < count; i++) {
                subjects[i] = "bench." + i;
                connection()
                        .jetStreamManagement()
                        .addStream(StreamConfiguration.builder()
                                .name(STREAM + i)
                                .subjects(subjects[i])
                                .storageType(StorageType.File)
                                .build());
            }
        } catch (final JetStreamApiException e) {
            throw new IOException(name + ": the streams were not created", e);
        }
    }

    private SystemContext started() {
        if (context == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return context;
    }

    private Connection connection() {
        if (connection == null) {
            throw new IllegalStateException(name + " is not connected");
        }
        return connection;
    }
}
