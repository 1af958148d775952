package io.millrace.peers.kafka;

import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.Pacing;
import io.millrace.perf.system.ServerStart;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.agrona.CloseHelper;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.utils.AppInfoParser;
import org.jspecify.annotations.Nullable;

/**
 * Kafka with one broker.
 *
 * <p><b>Threading:</b> the rig's thread; the client has its own, so the rig sleeps between due times.
 */
abstract class KafkaSystem implements BenchSystem {
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long REQUEST_TIMEOUT_SECONDS = 30;
    private static final double FAST_RATE = 100_000;
    private static final List<String> FLAGS = List.of(
            "-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35");

    private final String name;
    private final boolean isFlushed;
    private final Properties producerSettings = new Properties();
    private @Nullable SystemContext context;
    private @Nullable KafkaTarget target;
    private @Nullable KafkaTail tail;
    private int port;
    private String bootstrap = "";
    private String[] topics = {};

    /**
     * Makes a variant.
     *
     * @param name in rows.
     * @param isFlushed whether the broker syncs before it acknowledges.
     */
    KafkaSystem(final String name, final boolean isFlushed) {
        this.name = name;
        this.isFlushed = isFlushed;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean claimsDurable() {
        return isFlushed;
    }

    @Override
    public final Set<Ability> abilities() {
        return Set.of(
                Ability.APPEND,
                Ability.TAIL_READ,
                Ability.CATCH_UP_READ,
                Ability.READ_BESIDE_WRITE,
                Ability.WRITERS,
                Ability.STREAMS);
    }

    @Override
    public final Pacing pacing() {
        return Pacing.SLEEP;
    }

    @Override
    public final void start(final SystemContext newContext) throws IOException {
        context = newContext;
        port = newContext.freePort();
        bootstrap = "127.0.0.1:" + port;
        final ChildProcess server = newContext.startJava(
                name,
                FLAGS,
                KafkaServer.class.getName(),
                List.of(
                        newContext.directory().toString(),
                        Integer.toString(port),
                        Integer.toString(newContext.freePort())));
        newContext.add((AutoCloseable) this::closeClients); // before their server is ended
        topics = new String[newContext.streams()];
        new ServerStart(name, server, newContext.clock()).await(TIMEOUT_NS, this::hasBroker);
        createTopics();
        final boolean isFast =
                newContext.load().ratePerSecond() == 0 || newContext.load().ratePerSecond() > FAST_RATE;
        producerSettings.put("acks", "all");
        producerSettings.put("linger.ms", isFast ? "5" : "0");
        producerSettings.put("batch.size", isFast ? "262144" : "16384");
    }

    @Override
    public final Target openTarget() {
        final KafkaTarget opened = new KafkaTarget(started(), bootstrap, topics, producerSettings);
        target = opened;
        return opened;
    }

    @Override
    public final TailReader openTailReader() {
        final KafkaTail opened = new KafkaTail(bootstrap, topics[0], started().clock());
        tail = opened;
        return opened.seen();
    }

    @Override
    public final CatchUpReader openCatchUpReader() {
        return new KafkaReader(bootstrap, topics[0]);
    }

    @Override
    public final Map<String, String> describe() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", "Kafka " + AppInfoParser.getVersion());
        facts.put("topic", "1 partition, 1 replica" + (isFlushed ? ", flush.messages=1" : ", page cache"));
        facts.put("producer", producerSettings.toString());
        facts.put("acknowledged", "callback of send");
        facts.put("server", "broker and controller in one JVM, " + String.join(" ", FLAGS));
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
        CloseHelper.quietCloseAll(tail, target);
    }

    private boolean hasBroker() throws Exception {
        new Socket(InetAddress.getLoopbackAddress(), port)
                .close(); // refused until it listens: the client would log that
        try (Admin admin = Admin.create(adminSettings())) {
            return !admin.describeCluster().nodes().get(2, TimeUnit.SECONDS).isEmpty();
        }
    }

    private void createTopics() throws IOException {
        final List<NewTopic> wanted = new ArrayList<>();
        for (int i = 0; i < topics.length; i++) {
            topics[i] = "stream-" + i;
            final NewTopic topic = new NewTopic(topics[i], 1, (short) 1);
            wanted.add(isFlushed ? topic.configs(Map.of("flush.messages", "1")) : topic);
        }
        try (Admin admin = Admin.create(adminSettings())) {
            admin.createTopics(wanted).all().get(REQUEST_TIMEOUT_SECONDS, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(name + ": interrupted", e);
        } catch (final ExecutionException | TimeoutException e) {
            throw new IOException(name + ": the topics were not created", e);
        }
    }

    private Properties adminSettings() {
        final Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrap);
        return settings;
    }

    private SystemContext started() {
        if (context == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return context;
    }
}
