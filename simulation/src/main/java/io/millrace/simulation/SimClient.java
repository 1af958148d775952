package io.millrace.simulation;

import io.millrace.client.AckHandler;
import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.StreamInfo;
import io.millrace.client.StreamPosition;
import io.millrace.client.core.ClientConductor;
import io.millrace.client.core.Network;
import io.millrace.client.core.NodeLink;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.KeyHash;
import io.millrace.codec.MillraceException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A process with the real client in it: writes events, reads the stream, dies, and comes back as another client.
 *
 * <p><b>Threading</b>: the simulation's thread.
 */
final class SimClient implements Network, AckHandler, EventHandler {
    private static final long SHORTEST_NAP_NS = 50_000;
    private static final long LONGEST_NAP_NS = 4_000_000;
    private static final long BLOCKED_TURN_NS = 100_000;
    private static final int POLL_LIMIT = 64;

    private final World world;
    private final int place;
    private final NodeClock clock;
    private final Randomness.Stream random;
    private final List<SimLink> links = new ArrayList<>();
    private final UnsafeBuffer payload;
    private ClientConductor conductor;
    private @Nullable StreamInfo stream;
    private @Nullable EventWriter writer;
    private History.@Nullable WriterLog log;
    private @Nullable EventReader reader;
    private final Map<Long, Long> nextOffsets = new HashMap<>();
    private long idHigh;
    private long idLow;
    private long quota;
    private long readCount;
    private long nextTurnNs = Long.MAX_VALUE;
    private long pausedUntilNs;
    private long napNs = SHORTEST_NAP_NS;
    private boolean isBlocking;

    /** Starts a client. */
    SimClient(final World world, final int place) {
        this.world = world;
        this.place = place;
        random = world.randomness().stream("client " + place);
        clock = new NodeClock(world.scheduler(), random.between(1, 1L << 40), random.between(-200, 200), 0);
        payload = new UnsafeBuffer(new byte[world.scenario().longestPayload()]);
        conductor = launch();
    }

    private ClientConductor launch() {
        final Millrace.Context context = new Millrace.Context()
                .invoker(true)
                .nanoClock(clock)
                .endpoint(world.bootstrapEndpoint(random))
                .writerBufferLength(64 << 10)
                .writerMaxPendingEvents(256)
                .readerWindowLength(64 << 10)
                .requestTimeoutNs(60_000_000_000L);
        return ClientConductor.launch(context, random.next(), (concluded, high, low) -> {
            idHigh = high;
            idLow = low;
            return this;
        });
    }

    /** Returns its number among the places of the network. */
    int place() {
        return place;
    }

    /** Returns the upper half of its identity. */
    long idHigh() {
        return idHigh;
    }

    /** Returns the lower half of its identity. */
    long idLow() {
        return idLow;
    }

    /** Returns its sessions' links. */
    List<SimLink> links() {
        return links;
    }

    /** Runs something that blocks: the world turns meanwhile. */
    void block(final java.util.function.Consumer<ClientConductor> call) {
        isBlocking = true;
        try {
            call.accept(conductor);
        } finally {
            isBlocking = false;
        }
    }

    /** Has it write and read. */
    void begin(final StreamInfo info, final long events, final boolean isReader) {
        stream = info;
        quota = events;
        if (events > 0) {
            writer = conductor.openWriter(info, 0, 0);
            log = world.history().openWriter(world.scenario().keyCount());
        }
        if (isReader) {
            reader = conductor.openReader(info, StreamPosition.HEAD);
        }
        wake(0);
    }

    /** Gives it more events to write. */
    void more(final long events) {
        quota += events;
        wake(0);
    }

    /** Ends the process and starts another: what was not acknowledged is offered anew by the new writer. */
    void restart() {
        final StreamInfo info = stream;
        if (info == null) {
            return;
        }
        world.note(() -> "client " + place + ": dies and comes back");
        final boolean isReader = reader != null;
        final History.WriterLog old = log;
        final long left = old == null ? 0 : quota - old.acknowledgedCount();
        for (final SimLink link : new ArrayList<>(links)) {
            link.close();
        }
        conductor.close();
        links.clear();
        nextOffsets.clear();
        readCount = 0;
        writer = null;
        reader = null;
        log = null;
        conductor = launch();
        begin(info, left, isReader);
    }

    /** Tells whether all is acknowledged. */
    boolean isWritten() {
        final History.WriterLog current = log;
        return current == null || current.acknowledgedCount() >= quota;
    }

    /** Tells whether everything committed was read. */
    boolean isRead(final Watch watch) {
        final StreamInfo info = stream;
        if (reader == null || info == null) {
            return true;
        }
        for (int i = 0; i < info.segments().size(); i++) {
            final long segmentId = info.segments().get(i).segmentId();
            final Truth.SegmentBytes bytes = watch.segment(info.streamId(), segmentId);
            if (bytes != null && nextOffsets.getOrDefault(segmentId, 0L) < bytes.length()) {
                return false;
            }
        }
        return true;
    }

    /** Describes how far it is. */
    String progress() {
        final History.WriterLog current = log;
        final EventWriter writing = writer;
        return "client " + place + ": "
                + (current == null ? "" : current.acknowledgedCount() + " of " + quota + " acknowledged, ")
                + (writing == null ? "" : "last refusal " + writing.lastRefusal() + ", ")
                + (reader == null ? "" : "read " + nextOffsets);
    }

    /** Lets it do nothing for a while. */
    void pause(final long durationNs) {
        pausedUntilNs = Math.max(pausedUntilNs, world.scheduler().nowNs() + durationNs);
    }

    /** Wants a turn. */
    void wake(final long delayNs) {
        final long dueNs = world.scheduler().nowNs() + delayNs;
        if (stream != null && dueNs < nextTurnNs) {
            nextTurnNs = dueNs;
            world.scheduler().after(delayNs, () -> turnDue(dueNs));
        }
    }

    private void turnDue(final long dueNs) {
        if (dueNs != nextTurnNs) {
            return;
        }
        nextTurnNs = Long.MAX_VALUE;
        final long nowNs = world.scheduler().nowNs();
        if (nowNs < pausedUntilNs) {
            wake(pausedUntilNs - nowNs);
            return;
        }
        final int work;
        try {
            work = turn();
        } catch (final MillraceException e) {
            throw new Violation("client", "client " + place + " failed", e);
        }
        napNs = work > 0 ? SHORTEST_NAP_NS : Math.min(LONGEST_NAP_NS, 2 * napNs);
        wake(work > 0 ? world.turnDelayNs() : napNs);
    }

    private int turn() {
        int work = conductor.work();
        final EventWriter writing = writer;
        final History.WriterLog current = log;
        if (writing != null && current != null) {
            work += offer(writing, current);
            work += writing.poll(this, POLL_LIMIT);
        }
        if (reader != null) {
            work += reader.poll(this, POLL_LIMIT);
        }
        flush();
        return work;
    }

    private int offer(final EventWriter writing, final History.WriterLog current) {
        int count = 0;
        final int burst = world.isQuiet() ? 16 : random.below(world.scenario().burst() + 1);
        while (count < burst && current.offeredCount() < quota) {
            final int key = random.below(world.scenario().keyCount());
            final int length = random.hits(world.scenario().longPayloads())
                    ? (int) random.between(
                            History.HEADER_LENGTH, world.scenario().longestPayload())
                    : (int) random.between(History.HEADER_LENGTH, History.HEADER_LENGTH + 100);
            current.encode(payload, key, length);
            final long sequence = writing.offer(KeyHash.of(Integer.toString(key)), payload, 0, length);
            if (sequence < 0) {
                if (!Result.isRetryable(sequence)) {
                    throw new Violation("client", "writer " + current.number() + " fails: " + Result.name(sequence));
                }
                return count;
            }
            current.onOffered(key);
            count++;
        }
        return count;
    }

    private void flush() {
        for (int i = 0; i < links.size(); i++) {
            links.get(i).flush();
        }
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        final History.WriterLog current = log;
        if (current != null) {
            current.onAcknowledged(sequence);
        }
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        throw new Violation("client", "event " + sequence + " fails: " + Result.name(code));
    }

    @Override
    public void onEvent(
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long keyHash,
            final long segmentId,
            final long eventOffset) {
        world.history().requireOffered(buffer, offset, length);
        final long expected = nextOffsets.getOrDefault(segmentId, 0L);
        if (eventOffset != expected) {
            throw new Violation(
                    "history",
                    "client " + place + " reads segment " + segmentId + " at " + eventOffset + " after " + expected);
        }
        nextOffsets.put(segmentId, eventOffset + 12 + length);
        readCount++;
    }

    /** Returns the offset behind the last event read of a segment. */
    long nextOffset(final long segmentId) {
        return nextOffsets.getOrDefault(segmentId, 0L);
    }

    /** Returns why its writer was refused last, null when it goes on. */
    @Nullable
    ErrorCode lastRefusal() {
        return writer == null ? null : writer.lastRefusal();
    }

    /** Returns the events read. */
    long readCount() {
        return readCount;
    }

    @Override
    public int doWork(final long nowNs) {
        if (isBlocking) {
            flush();
            world.scheduler().runUntil(world.scheduler().nowNs() + BLOCKED_TURN_NS);
            return 1;
        }
        return 0;
    }

    @Override
    public NodeLink connect(final String endpoint, final NodeLink.Handler handler) {
        final SimLink link = new SimLink(world, this, endpoint, handler);
        links.add(link);
        return link;
    }

    /** Forgets a closed link. */
    void forget(final SimLink link) {
        links.remove(link);
    }

    @Override
    public long rebuildCount() {
        return 0;
    }

    @Override
    public long nakCount() {
        return 0;
    }

    @Override
    public long retransmitCount() {
        return 0;
    }

    @Override
    public void close() {
        // links are closed one by one
    }
}
