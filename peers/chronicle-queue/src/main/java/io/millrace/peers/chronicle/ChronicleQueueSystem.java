package io.millrace.peers.chronicle;

import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import net.openhft.chronicle.queue.rollcycles.LargeRollCycles;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * Chronicle Queue, in this process.
 *
 * <p>Its {@code appender.sync()} was seen to flush nothing on the device, so there is no durable variant to measure.
 *
 * <p><b>Threading:</b> the rig's thread; the tail reader has one of its own.
 */
public final class ChronicleQueueSystem implements BenchSystem {
    static {
        // Set before its first class is loaded: no notices on standard output, and nothing sent to anybody.
        System.setProperty("chronicle.announcer.disable", "true");
        System.setProperty("chronicle.analytics.disable", "true");
    }

    private static final String BUILD = "/META-INF/maven/net.openhft/chronicle-queue/pom.properties";

    private @Nullable SystemContext context;
    private @Nullable ChronicleQueue queue;
    private @Nullable ChronicleTarget target;
    private @Nullable ChronicleTail tail;

    @Override
    public String name() {
        return "chronicle-queue";
    }

    @Override
    public boolean claimsDurable() {
        return false;
    }

    @Override
    public Set<Ability> abilities() {
        return Set.of(Ability.APPEND, Ability.TAIL_READ, Ability.CATCH_UP_READ, Ability.READ_BESIDE_WRITE);
    }

    @Override
    public void start(final SystemContext newContext) throws IOException {
        context = newContext;
        queue = open();
    }

    @Override
    public Target openTarget() {
        final ChronicleTarget opened = new ChronicleTarget(queue(), started().eventLength());
        target = opened;
        return opened;
    }

    @Override
    public TailReader openTailReader() throws IOException {
        final ChronicleTail opened =
                new ChronicleTail(open(), started().eventLength(), started().clock());
        tail = opened;
        return opened.seen();
    }

    @Override
    public CatchUpReader openCatchUpReader() {
        return new ChronicleReader(queue().createTailer(), started().eventLength());
    }

    @Override
    public Map<String, String> describe() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", "Chronicle Queue " + version());
        facts.put("where", "in the driving process, memory-mapped");
        facts.put("rollCycle", LargeRollCycles.LARGE_DAILY.toString());
        facts.put("sync", "none");
        facts.put("acknowledged", "return of writeBytes");
        return facts;
    }

    @Override
    public Set<Long> processIds() {
        return Set.of();
    }

    @Override
    public void close() {
        CloseHelper.quietCloseAll(tail, target, queue);
    }

    private ChronicleQueue open() throws IOException {
        final Path directory = Files.createDirectories(started().directory().resolve("queue"));
        return SingleChronicleQueueBuilder.binary(directory.toFile())
                .rollCycle(LargeRollCycles.LARGE_DAILY)
                .build();
    }

    private static String version() {
        final Properties build = new Properties();
        try (InputStream file = ChronicleQueue.class.getResourceAsStream(BUILD)) {
            if (file != null) {
                build.load(file);
            }
        } catch (final IOException e) {
            return "of unknown version: " + e.getMessage();
        }
        return build.getProperty("version", "of unknown version");
    }

    private SystemContext started() {
        if (context == null) {
            throw new IllegalStateException("chronicle-queue was not started");
        }
        return context;
    }

    private ChronicleQueue queue() {
        if (queue == null) {
            throw new IllegalStateException("chronicle-queue was not started");
        }
        return queue;
    }
}
