package io.millrace.peers.archive;

import io.aeron.Aeron;
import io.aeron.Publication;
import io.aeron.Subscription;
import io.aeron.archive.ArchiveVersion;
import io.aeron.archive.client.AeronArchive;
import io.aeron.archive.codecs.SourceLocation;
import io.millrace.perf.process.ChildProcess;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.ServerStart;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NoOpLock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Aeron Archive: each writer is an exclusive publication with a recording of its own. Over UDP what is recorded is what
 * arrived at the socket, not the spy's view of the local publication.
 *
 * <p><b>Threading:</b> the rig's thread, which is Aeron's client thread too.
 */
abstract class ArchiveSystem implements BenchSystem {
    /** Stream of the writers' publications. */
    static final int STREAM_ID = 21;

    private static final int REPLAY_STREAM_ID = 22;
    private static final int SYNC_LEVEL = 1;
    private static final int MTU_LENGTH = 8192;
    private static final long TIMEOUT_NS = TimeUnit.SECONDS.toNanos(30);
    private static final List<String> FLAGS = List.of("-Xms1g", "-Xmx1g", "-XX:+UseG1GC");

    private final String name;
    private final boolean isUdp;
    private @Nullable SystemContext context;
    private @Nullable Aeron aeron;
    private @Nullable AeronArchive archive;
    private @Nullable ArchiveTarget target;
    private String channel = "aeron:ipc";

    /**
     * Makes a variant.
     *
     * @param name in rows.
     * @param isUdp whether events and replays go over UDP loopback instead of shared memory.
     */
    ArchiveSystem(final String name, final boolean isUdp) {
        this.name = name;
        this.isUdp = isUdp;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final boolean claimsDurable() {
        return true;
    }

    @Override
    public final Set<Ability> abilities() {
        return Set.of(Ability.APPEND, Ability.TAIL_READ, Ability.CATCH_UP_READ, Ability.WRITERS);
    }

    @Override
    public final void start(final SystemContext newContext) throws IOException {
        context = newContext;
        final Path driver = newContext.sharedMemoryDirectory().resolve("driver");
        final Path data = newContext.directory().resolve("archive");
        final ChildProcess server = newContext.startJava(
                name,
                FLAGS,
                ArchiveServer.class.getName(),
                List.of(
                        driver.toString(),
                        data.toString(),
                        Integer.toString(SYNC_LEVEL),
                        Integer.toString(MTU_LENGTH)));
        new ServerStart(name, server, newContext.clock()).awaitLine(TIMEOUT_NS, ArchiveServer.READY);
        channel = isUdp ? "aeron:udp?endpoint=127.0.0.1:" + newContext.freePort() : "aeron:ipc";
        aeron = newContext.add(Aeron.connect(new Aeron.Context()
                .aeronDirectoryName(driver.toString())
                .useConductorAgentInvoker(true)
                .idleStrategy(YieldingIdleStrategy.INSTANCE)));
        archive = newContext.add(AeronArchive.connect(new AeronArchive.Context()
                .aeron(aeron)
                .ownsAeronClient(false)
                .lock(NoOpLock.INSTANCE)
                .controlRequestChannel("aeron:ipc?term-length=64k")
                .controlRequestStreamId(AeronArchive.Configuration.localControlStreamId())
                .controlResponseChannel("aeron:ipc?term-length=64k")
                .idleStrategy(YieldingIdleStrategy.INSTANCE)));
    }

    @Override
    public final Target openTarget() throws IOException {
        return target();
    }

    /** The one target; a reader opened before it makes it, because a replay needs a recording. */
    private ArchiveTarget target() throws IOException {
        if (target != null) {
            return target;
        }
        final ArchiveTarget opened = new ArchiveTarget(started(), aeron(), archive(), channel);
        for (int writer = 0; writer < started().writers(); writer++) {
            if (isUdp && writer == 0) {
                // REMOTE: what came over the socket; LOCAL would record a spy of the sender's own memory.
                archive().startRecording(channel, STREAM_ID, SourceLocation.REMOTE);
            }
            final Publication publication = isUdp
                    ? aeron().addExclusivePublication(channel, STREAM_ID)
                    : archive().addRecordedExclusivePublication(channel, STREAM_ID);
            opened.add(publication);
        }
        target = opened;
        return opened;
    }

    @Override
    public final TailReader openTailReader() throws IOException {
        final Subscription replay = replay(AeronArchive.REPLAY_ALL_AND_FOLLOW, REPLAY_STREAM_ID);
        final long deadlineNs = started().clock().nanoTime() + TIMEOUT_NS;
        while (!replay.isConnected()) {
            aeron().conductorAgentInvoker().invoke();
            if (started().clock().nanoTime() - deadlineNs > 0) {
                throw new IOException(name + ": the replay does not connect");
            }
            YieldingIdleStrategy.INSTANCE.idle();
        }
        return new ArchiveTailReader(replay, started().clock());
    }

    @Override
    public final CatchUpReader openCatchUpReader() throws IOException {
        return new ArchiveCatchUpReader(
                replay(target().recordedPosition(0), REPLAY_STREAM_ID + 1), aeron().conductorAgentInvoker());
    }

    @Override
    public final Map<String, String> describe() {
        final Map<String, String> facts = new LinkedHashMap<>();
        facts.put("version", "Aeron Archive " + ArchiveVersion.VERSION);
        facts.put("channel", isUdp ? "udp loopback, recorded at the receiver" : "ipc");
        facts.put("mtu", Integer.toString(MTU_LENGTH));
        facts.put("fileSyncLevel", Integer.toString(SYNC_LEVEL));
        facts.put("acknowledged", "recording position counter");
        facts.put("server", "driver and archive on one yielding thread, " + String.join(" ", FLAGS));
        return facts;
    }

    @Override
    public final Set<Long> processIds() {
        return context == null ? Set.of() : context.processIds();
    }

    @Override
    public final void close() {
        CloseHelper.quietCloseAll(archive, aeron);
        if (context != null) {
            context.closeProcesses();
        }
    }

    private Subscription replay(final long length, final int streamId) throws IOException {
        final String to = isUdp ? "aeron:udp?endpoint=127.0.0.1:" + started().freePort() : "aeron:ipc";
        return archive().replay(target().recordingId(0), 0, length, to, streamId);
    }

    private SystemContext started() {
        if (context == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return context;
    }

    private Aeron aeron() {
        if (aeron == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return aeron;
    }

    private AeronArchive archive() {
        if (archive == null) {
            throw new IllegalStateException(name + " was not started");
        }
        return archive;
    }
}
