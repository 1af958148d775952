package io.millrace.perf.cluster;

import io.millrace.client.AckHandler;
import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.SegmentInfo;
import io.millrace.client.StreamPosition;
import io.millrace.codec.KeyHash;
import io.millrace.perf.history.KeyedEvents;
import io.millrace.perf.history.RisingCheck;
import io.millrace.perf.history.SequenceCheck;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Schedule;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * The load beside which a cluster is disturbed: keyed events at a fixed rate through one writer, read at the tail as
 * they come, and from the head at the end.
 *
 * <p><b>Threading</b>: {@link #run} on a thread of its own, with a client in invoker mode; the rig's thread calls
 * {@link #watch}, {@link #stop} and {@link #progress}, and everything else once that thread has ended.
 *
 * <p><b>Invariants</b>: the schedule does not wait for acknowledgements, but for the writer's memory; the time of an
 * event counts from when it was due.
 */
final class ClusterLoad implements AckHandler, Runnable {
    private static final int KEY_COUNT = 1_000;
    private static final int PENDING_LIMIT = 1 << 18;
    private static final int OFFERS_PER_TURN = 256;
    private static final int POLL_LIMIT = 8 * 1024;
    private static final long NO_PROGRESS_NS = TimeUnit.SECONDS.toNanos(90);
    private static final long QUIET_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long FOREVER = Long.MAX_VALUE / 4;

    private final NanoClock clock;
    private final Millrace.Context client;
    private final String stream;
    private final List<SegmentInfo> segments;
    private final double ratePerSecond;
    private final KeyedEvents events;
    private final Random random = new Random(0x6d69_6c6c);
    private final long[] keyHashes = new long[KEY_COUNT];
    private final long[] sentPerKey = new long[KEY_COUNT];
    private final long[] ackedPerKey = new long[KEY_COUNT];
    private final int[] keyOfSequence = new int[PENDING_LIMIT];
    private final RisingCheck tail = new RisingCheck(new long[KEY_COUNT]);
    private final Histogram latency = OpenLoop.newHistogram();
    private final AtomicReference<@Nullable Outage> watched = new AtomicReference<>();
    private final AtomicReference<@Nullable WriteStall> watchedStall = new AtomicReference<>();
    private Schedule schedule = new Schedule(0, 1, 0);
    private SequenceCheck history = new SequenceCheck(new long[KEY_COUNT]);
    private long firstSequence;
    private long offered;
    private long failed;
    private final AtomicLong acknowledged = new AtomicLong();
    private volatile boolean stopping;
    private volatile @Nullable Throwable failure;
    private volatile String refusal = "";

    /**
     * Prepares it.
     *
     * @param clock of all times.
     * @param client how to connect; in invoker mode.
     * @param stream scope/stream, made.
     * @param segments of it.
     * @param ratePerSecond of the events.
     * @param eventLength bytes of each.
     */
    ClusterLoad(
            final NanoClock clock,
            final Millrace.Context client,
            final String stream,
            final List<SegmentInfo> segments,
            final double ratePerSecond,
            final int eventLength) {
        this.clock = clock;
        this.client = client.writerMaxPendingEvents(PENDING_LIMIT);
        this.stream = stream;
        this.segments = List.copyOf(segments);
        this.ratePerSecond = ratePerSecond;
        events = new KeyedEvents(eventLength);
        for (int key = 0; key < KEY_COUNT; key++) {
            keyHashes[key] = KeyHash.of("key-" + key);
        }
    }

    /** Has the load note when each segment acknowledges again; the outage before is not watched any more. */
    void watch(final Outage outage) {
        watched.set(outage);
    }

    /** Has the load note how long events wait in each segment; the stall before is not watched any more. */
    void watch(final WriteStall stall) {
        watchedStall.set(stall);
    }

    /** Ends the writing; what is under way is acknowledged and everything is read before {@link #run} returns. */
    void stop() {
        stopping = true;
    }

    /** Events acknowledged so far. */
    long acknowledged() {
        return acknowledged.get();
    }

    /** Why the last offer or event was refused; empty: none was. */
    String refusal() {
        return refusal;
    }

    /**
     * Throws what ended the load too early.
     *
     * @throws IOException with the cause.
     */
    void progress() throws IOException {
        final Throwable cause = failure;
        if (cause != null) {
            throw new IOException("the load has failed: " + cause.getMessage(), cause);
        }
    }

    /** Times from when an event was due to its acknowledgement, in nanoseconds. */
    Histogram latency() {
        return latency;
    }

    /** What the reader from the head found. */
    SequenceCheck history() {
        return history;
    }

    /** What the reader at the tail found: it goes on over all faults. */
    RisingCheck tail() {
        return tail;
    }

    /** Events that were refused for good. */
    long failed() {
        return failed;
    }

    // Whatever ends this thread is the run's result.
    @SuppressWarnings("checkstyle:IllegalCatch")
    @Override
    public void run() {
        try (Millrace millrace = Millrace.connect(client);
                EventWriter writer = millrace.openWriter(stream);
                EventReader reader = millrace.openReader(stream, StreamPosition.HEAD)) {
            writeAndRead(writer, reader);
            readAll(millrace);
        } catch (final IOException | RuntimeException | Error e) {
            failure = e;
        }
    }

    private void writeAndRead(final EventWriter writer, final EventReader reader) throws IOException {
        schedule = new Schedule(clock.nanoTime(), ratePerSecond, FOREVER);
        long lastAcknowledged = 0;
        long progressNs = clock.nanoTime();
        while (!stopping || acknowledged.get() + failed < offered || tail.missing(ackedPerKey) > 0) {
            final long nowNs = clock.nanoTime();
            final Outage outage = watched.get();
            if (outage != null) {
                outage.begin(firstSequence + offered);
            }
            int work = stopping ? 0 : offerDue(writer, schedule.dueCount(nowNs));
            work += writer.poll(this, POLL_LIMIT);
            work += reader.poll(taking(tail), POLL_LIMIT);
            YieldingIdleStrategy.INSTANCE.idle(work);
            if (acknowledged.get() > lastAcknowledged || (stopping && work > 0)) {
                lastAcknowledged = acknowledged.get();
                progressNs = nowNs;
            } else if (nowNs - progressNs > NO_PROGRESS_NS) {
                throw new IOException(String.format(
                        Locale.ROOT,
                        "nothing was acknowledged or read for 90 s: %d of %d events are acknowledged, %d read; %s",
                        acknowledged.get(),
                        offered,
                        tail.readBack(),
                        writer.lastRefusal()));
            }
            refusal = String.valueOf(writer.lastRefusal());
        }
    }

    private void readAll(final Millrace millrace) throws IOException {
        history = new SequenceCheck(sentPerKey);
        try (EventReader reader = millrace.openReader(stream, StreamPosition.HEAD)) {
            final EventHandler handler = (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
                if (events.read(buffer, offset, length)) {
                    history.onEvent(events.key(), events.sequence());
                } else {
                    history.onDamagedEvent();
                }
            };
            long progressNs = clock.nanoTime();
            while (true) {
                final int read = reader.poll(handler, POLL_LIMIT);
                YieldingIdleStrategy.INSTANCE.idle(read);
                final long nowNs = clock.nanoTime();
                if (read > 0) {
                    progressNs = nowNs;
                } else if (nowNs - progressNs > (history.readBack() >= offered ? QUIET_NS : NO_PROGRESS_NS / 3)) {
                    return;
                }
            }
        }
    }

    private EventHandler taking(final RisingCheck check) {
        return (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
            if (events.read(buffer, offset, length)) {
                check.onEvent(events.key(), events.sequence());
            } else {
                check.onDamagedEvent();
            }
        };
    }

    private int offerDue(final EventWriter writer, final long dueCount) throws IOException {
        int count = 0;
        while (offered < dueCount && count < OFFERS_PER_TURN && offered - acknowledged.get() - failed < PENDING_LIMIT) {
            final int key = random.nextInt(KEY_COUNT);
            events.write(key, sentPerKey[key]);
            final long sequence = writer.offer(keyHashes[key], events.buffer(), 0, events.length());
            if (sequence < 0) {
                if (!Result.isRetryable(sequence)) {
                    throw new IOException("the writer refuses: " + Result.name(sequence));
                }
                break;
            }
            if (offered == 0) {
                firstSequence = sequence;
            }
            keyOfSequence[(int) (offered % PENDING_LIMIT)] = key;
            sentPerKey[key]++;
            offered++;
            count++;
        }
        return count;
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        final long nowNs = clock.nanoTime();
        final long index = sequence - firstSequence;
        ackedPerKey[keyOfSequence[(int) (index % PENDING_LIMIT)]]++;
        acknowledged.lazySet(acknowledged.get() + 1);
        latency.recordValue(Math.min(OpenLoop.HIGHEST_NS, Math.max(0, nowNs - schedule.scheduledNs(index))));
        final Outage outage = watched.get();
        final WriteStall stall = watchedStall.get();
        for (int i = 0; i < segments.size(); i++) {
            if (segments.get(i).segmentId() == segmentId) {
                if (outage != null) {
                    outage.onAck(i, sequence, nowNs);
                }
                if (stall != null) {
                    stall.onAck(i, schedule.scheduledNs(index), nowNs);
                }
            }
        }
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        failed++;
        refusal = "event " + sequence + ": " + Result.name(code);
    }
}
