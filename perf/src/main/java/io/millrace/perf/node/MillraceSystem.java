package io.millrace.perf.node;

import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.MillraceException;
import io.millrace.perf.load.AckShares;
import io.millrace.perf.load.ClientTarget;
import io.millrace.perf.load.TakingTurns;
import io.millrace.perf.report.JsonFields;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.CatchUpReader;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.agrona.CloseHelper;
import org.jspecify.annotations.Nullable;

/**
 * One node of Millrace, in a process of its own with the flags every node has, and its client on the rig's thread.
 *
 * <p><b>Threading:</b> the rig's thread; a catch-up reader brings a client of its own and may be used by another.
 */
public final class MillraceSystem implements OwnSystem {
    /** Its name in rows: one node. */
    public static final String NAME = "millrace-1";

    private static final String SCOPE = "bench/";
    private static final int SEEN_LIMIT = 16 * 1024;
    private static final int FEW_STREAMS = 16;
    private static final int BUFFER_LENGTH = 4 << 20;
    private static final int LARGE_BUFFER_LENGTH = 16 << 20;
    private static final int SMALL_BUFFER_LENGTH = 2 << 20;
    /** What is read back warm is to fit, beside what is being written. */
    private static final String READ_BACK_SETTINGS = "buffer-size = \"128MiB\"\n";

    /** Half a minute of the smallest batches. */
    private static final double BATCHES_WITHOUT_RATE = 400_000;

    private static final double FAST_BYTES_PER_SECOND = 20e6;

    private final List<EventWriter> writers = new ArrayList<>();
    private final List<ClientTarget> targets = new ArrayList<>();
    private @Nullable SystemContext context;
    private @Nullable BenchNode node;
    private @Nullable Millrace client;
    private @Nullable EventReader tail;
    private boolean isRingEmpty;

    /** For {@link java.util.ServiceLoader}. */
    public MillraceSystem() {}

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
        return EnumSet.of(
                Ability.APPEND,
                Ability.TAIL_READ,
                Ability.CATCH_UP_READ,
                Ability.READ_BESIDE_WRITE,
                Ability.WRITERS,
                Ability.STREAMS);
    }

    @Override
    public void start(final SystemContext given) throws IOException {
        context = given;
        node = BenchNode.start(
                given.directory(),
                journalBytes(given.load()),
                "",
                given.load().isReadBack() ? READ_BACK_SETTINGS : "",
                given.cleanup(),
                given.clock());
        client = given.add(connect("millrace-bench"));
        for (int stream = 0; stream < given.streams(); stream++) {
            client.streams().createStream(name(stream), StreamConfiguration.fixed(1));
        }
    }

    @Override
    public Target openTarget() {
        isRingEmpty = false;
        final SystemContext given = context();
        final int count = Math.max(given.writers(), given.streams());
        for (int writer = 0; writer < count; writer++) {
            final EventWriter opened = client().openWriter(name(writer % given.streams()));
            writers.add(opened);
            targets.add(new ClientTarget(opened, given.eventLength(), count));
        }
        return count == 1 ? targets.get(0) : new TakingTurns(targets);
    }

    @Override
    public TailReader openTailReader() {
        final EventReader reader = client().openReader(name(0), StreamPosition.TAIL);
        tail = reader;
        return new Tail(reader, context());
    }

    @Override
    public CatchUpReader openCatchUpReader() {
        return new CatchUp(connect("millrace-bench-reader"), name(0));
    }

    @Override
    public boolean dropCaches() throws IOException {
        if (isRingEmpty) {
            return true; // what is read does not go through it: the next reader goes to the device, too
        }
        isRingEmpty = true;
        final NodeProcess process = node().process();
        closeClient();
        process.stop();
        process.startAndAwait();
        client = context().add(connect("millrace-bench"));
        return true;
    }

    @Override
    public Map<String, String> describe() {
        final Map<String, String> described = new LinkedHashMap<>();
        final JournalInfo journal = node().journal();
        described.put("version", "this tree");
        described.put("durability", journal.durability());
        described.put("durabilityMode", journal.durabilityMode());
        described.put("journalBackend", journal.backend());
        described.put("device", journal.device());
        described.put("calibration", journal.calibration());
        final JsonFields ready = node().process().ready();
        described.put("idlePolicy", ready.get("idlePolicy", "unknown"));
        described.put("threading", ready.get("threading", "unknown"));
        described.put("client", "on the rig's thread");
        described.put("mtu", "8 KiB on loopback (transport.mtu = auto)");
        if (context().load().isReadBack()) {
            described.put("journalSettings", READ_BACK_SETTINGS.strip());
        }
        return described;
    }

    @Override
    public Set<Long> processIds() {
        return node == null ? Set.of() : node.pids();
    }

    /** What the node has counted until now. */
    public NodeCounters counters() {
        return node().counters();
    }

    /** Whether there is a client: not between two lives of the node. */
    public boolean isConnected() {
        return client != null;
    }

    /** Frames lost on the way to this client. */
    public long clientNaks() {
        return client().counters().naks();
    }

    @Override
    public void resetShares() {
        targets.forEach(ClientTarget::resetTimes);
    }

    @Override
    public AckShares shares() {
        final AckShares all = AckShares.empty();
        targets.forEach(target -> all.add(target.shares()));
        return all;
    }

    @Override
    public @Nullable String death() {
        return node == null ? null : node.death();
    }

    @Override
    public void close() {
        closeClient();
        CloseHelper.quietClose(node);
    }

    private void closeClient() {
        writers.forEach(CloseHelper::quietClose);
        writers.clear();
        targets.clear();
        CloseHelper.quietCloseAll(tail, client);
        tail = null;
        client = null;
    }

    private Millrace connect(final String name) {
        final SystemContext.Load load = context().load();
        final int streams = Math.max(load.streams(), load.writers());
        final boolean isFast =
                load.ratePerSecond() == 0 || load.ratePerSecond() * load.eventLength() > FAST_BYTES_PER_SECOND;
        return Millrace.connect(new Millrace.Context()
                .endpoint(node().endpoint())
                .clientName(name)
                .invoker(true)
                .nanoClock(context().clock())
                .writerBufferLength(
                        streams > FEW_STREAMS ? SMALL_BUFFER_LENGTH : isFast ? LARGE_BUFFER_LENGTH : BUFFER_LENGTH)
                .writerMaxPendingEvents(isFast ? 256 * 1024 : 64 * 1024));
    }

    /** A batch takes 4 KiB at least, and more than 20,000 a second no device takes. */
    private static long journalBytes(final SystemContext.Load load) {
        final double payload = (double) load.eventCount() * (load.eventLength() + 32);
        final double batches = load.ratePerSecond() == 0
                ? Math.min((double) load.eventCount(), BATCHES_WITHOUT_RATE)
                : load.eventCount() / load.ratePerSecond() * Math.min(load.ratePerSecond(), 20_000);
        return (long) (payload * 1.05 + batches * 4096) + (512L << 20);
    }

    private static String name(final int stream) {
        return SCOPE + "stream-" + stream;
    }

    private SystemContext context() {
        return started(context);
    }

    private BenchNode node() {
        return started(node);
    }

    private Millrace client() {
        return started(client);
    }

    private static <T> T started(final @Nullable T part) {
        if (part == null) {
            throw new IllegalStateException(NAME + " is not started");
        }
        return part;
    }

    /** The reader at the end, on the writer's connection. <b>Threading:</b> the rig's thread. */
    private static final class Tail implements TailReader {
        private final EventReader reader;
        private final SystemContext context;
        private @Nullable String failure;
        private long first = -1;
        private long last = -1;

        private final EventHandler handler = (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
            last = buffer.getLong(offset);
            if (first < 0) {
                first = last;
            }
        };

        Tail(final EventReader reader, final SystemContext context) {
            this.reader = reader;
            this.context = context;
        }

        @Override
        public int poll(final Listener listener) {
            first = -1;
            final int count;
            try {
                count = reader.poll(handler, SEEN_LIMIT);
            } catch (final MillraceException e) {
                failure = "the reader fails: " + e.getMessage();
                return 0;
            }
            if (count > 0) {
                listener.onSeen(first, last, context.clock().nanoTime());
            }
            return count;
        }

        @Override
        public @Nullable String failure() {
            return failure;
        }
    }

    /** A reader from the head, with a client of its own. <b>Threading:</b> the thread that uses it. */
    private static final class CatchUp implements CatchUpReader {
        private final Millrace client;
        private final EventReader reader;
        private @Nullable String failure;
        private long touched;
        private final EventHandler handler =
                (buffer, offset, length, keyHash, segmentId, eventOffset) -> touched += buffer.getLong(offset);

        CatchUp(final Millrace client, final String stream) {
            this.client = client;
            this.reader = client.openReader(stream, StreamPosition.HEAD);
        }

        @Override
        public long poll() {
            try {
                return reader.poll(handler, SEEN_LIMIT);
            } catch (final MillraceException e) {
                failure = "the reader fails: " + e.getMessage();
                return 0;
            }
        }

        @Override
        public @Nullable String failure() {
            return failure;
        }

        @Override
        public void close() {
            CloseHelper.quietCloseAll(reader, client);
        }
    }
}
