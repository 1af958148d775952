package io.millrace.peers.pravega;

import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.Pacing;
import io.millrace.perf.system.ServerStart;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import io.millrace.perf.system.Transactions;
import io.pravega.client.ClientConfig;
import io.pravega.client.EventStreamClientFactory;
import io.pravega.client.admin.ReaderGroupManager;
import io.pravega.client.admin.StreamManager;
import io.pravega.client.stream.EventWriterConfig;
import io.pravega.client.stream.ReaderConfig;
import io.pravega.client.stream.ReaderGroupConfig;
import io.pravega.client.stream.ScalingPolicy;
import io.pravega.client.stream.StreamConfiguration;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * Pravega with one bookie.
 *
 * <p><b>Threading:</b> the rig's thread; the client has its own, so the rig sleeps between due times.
 */
public final class PravegaSystem implements BenchSystem {
    private static final String NAME = "pravega";
    private static final String SCOPE = "bench";
    private static final String STREAM = "stream-0";
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(120);
    private static final int PORTS = 6;
    private static final List<String> FLAGS = List.of(
            "-Xms3g",
            "-Xmx3g",
            "-XX:MaxDirectMemorySize=2g",
            "-XX:+UseG1GC",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            "-Dlogback.configurationFile=millrace-pravega-logging.xml");

    private final List<AutoCloseable> opened = new ArrayList<>();
    private @Nullable SystemContext context;
    private @Nullable EventStreamClientFactory clients;
    private @Nullable ReaderGroupManager groups;
    private int readerCount;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public boolean claimsDurable() {
        return true;
    }

    @Override
    public Set<Ability> abilities() {
        return Set.of(
                Ability.APPEND,
                Ability.TAIL_READ,
                Ability.CATCH_UP_READ,
                Ability.READ_BESIDE_WRITE,
                Ability.WRITERS,
                Ability.TRANSACTIONS);
    }

    @Override
    public Pacing pacing() {
        return Pacing.SLEEP;
    }

    @Override
    public void start(final SystemContext newContext) throws IOException {
        context = newContext;
        final Path directory = newContext.directory();
        // ZooKeeper's data and what else it makes for a while: on the same disk, and gone with the directory.
        final Path temporary = Files.createDirectories(directory.resolve("tmp"));
        final List<String> flags = new ArrayList<>(FLAGS);
        flags.add("-Djava.io.tmpdir=" + temporary);
        final List<String> arguments = new ArrayList<>();
        arguments.add(directory.toString());
        for (int i = 0; i < PORTS; i++) {
            arguments.add(Integer.toString(newContext.freePort()));
        }
        final ChildProcess server = newContext.startJava(NAME, flags, PravegaServer.class.getName(), arguments);
        final ServerStart start = new ServerStart(NAME, server, newContext.clock());
        newContext.add((AutoCloseable) this::closeClients); // before their servers are ended
        start.awaitLine(TIMEOUT_NS, PravegaServer.READY);
        final ClientConfig client = ClientConfig.builder()
                .controllerURI(URI.create("tcp://127.0.0.1:" + arguments.get(3)))
                .build();
        start.await(TIMEOUT_NS, () -> createStream(client));
        clients = EventStreamClientFactory.withScope(SCOPE, client);
        groups = ReaderGroupManager.withScope(SCOPE, client);
    }

    @Override
    public Target openTarget() {
        final PravegaTarget target = keep(new PravegaTarget(started()));
        for (int i = 0; i < started().writers(); i++) {
            target.add(clients()
                    .createEventWriter(
                            STREAM,
                            RawSerializer.INSTANCE,
                            EventWriterConfig.builder()
                                    .enableConnectionPooling(false)
                                    .build()));
        }
        return target;
    }

    @Override
    public TailReader openTailReader() {
        final PravegaReader reader = reader();
        reader.settle();
        return keep(new PravegaTail(reader, started().clock())).seen();
    }

    @Override
    public CatchUpReader openCatchUpReader() {
        return reader();
    }

    @Override
    public boolean dropCaches() {
        return false; // the segment store's cache of 128 MiB lives as long as its process
    }

    @Override
    public Transactions openTransactions() {
        return keep(new PravegaTransactions(
                clients()
                        .createTransactionalEventWriter(
                                "transactions",
                                STREAM,
                                RawSerializer.INSTANCE,
                                EventWriterConfig.builder().build()),
                started().eventLength(),
                started().clock()));
    }

    @Override
    public Map<String, String> describe() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", "Pravega 0.13.0, BookKeeper 4.14.1, ZooKeeper 3.6.3");
        facts.put("log", "one bookie, journal synced, adaptive group writes, ensemble and quorums 1");
        facts.put("stream", "1 segment, long-term storage in a local directory");
        facts.put("acknowledged", "future of writeEvent, no connection pooling");
        facts.put("server", "all servers in one JVM, " + String.join(" ", FLAGS));
        return facts;
    }

    @Override
    public Set<Long> processIds() {
        return context == null ? Set.of() : context.processIds();
    }

    @Override
    public void close() {
        closeClients();
        if (context != null) {
            context.closeProcesses();
        }
    }

    private void closeClients() {
        for (int i = opened.size() - 1; i >= 0; i--) {
            CloseHelper.quietClose(opened.get(i));
        }
        opened.clear();
        CloseHelper.quietCloseAll(groups, clients);
        groups = null;
        clients = null;
    }

    private static boolean createStream(final ClientConfig client) {
        try (StreamManager streams = StreamManager.create(client)) {
            streams.createScope(SCOPE);
            streams.createStream(
                    SCOPE,
                    STREAM,
                    StreamConfiguration.builder()
                            .scalingPolicy(ScalingPolicy.fixed(1))
                            .build());
            return streams.checkStreamExists(SCOPE, STREAM);
        }
    }

    private PravegaReader reader() {
        final String group = "group-" + ++readerCount;
        groups().createReaderGroup(
                        group,
                        ReaderGroupConfig.builder().stream(SCOPE + "/" + STREAM).build());
        return new PravegaReader(clients()
                .createReader(
                        "reader",
                        group,
                        RawSerializer.INSTANCE,
                        ReaderConfig.builder().build()));
    }

    private <T extends AutoCloseable> T keep(final T resource) {
        opened.add(resource);
        return resource;
    }

    private SystemContext started() {
        if (context == null) {
            throw new IllegalStateException("pravega was not started");
        }
        return context;
    }

    private EventStreamClientFactory clients() {
        if (clients == null) {
            throw new IllegalStateException("pravega was not started");
        }
        return clients;
    }

    private ReaderGroupManager groups() {
        if (groups == null) {
            throw new IllegalStateException("pravega was not started");
        }
        return groups;
    }
}
