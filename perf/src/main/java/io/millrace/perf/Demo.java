package io.millrace.perf;

import io.millrace.client.AckHandler;
import io.millrace.client.EventHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.KeyHash;
import io.millrace.perf.history.KeyedEvents;
import io.millrace.perf.history.SequenceCheck;
import io.millrace.perf.node.NodeProcess;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;

/**
 * Writes keyed events through a kill of the node and proves by reading them back that none was lost, doubled or
 * reordered.
 *
 * <p><b>Threading:</b> the rig's thread; the client runs on it in invoker mode.
 *
 * <p><b>Invariants:</b> the node is killed (SIGKILL) when half of the events are acknowledged and others are under way;
 * what is judged is what the client was told, not what the node says.
 */
final class Demo implements AckHandler, EventHandler {
    /** Stream that is written and verified. */
    static final String STREAM = "demo/events";

    private static final int KEY_COUNT = 1000;
    private static final long SEED = 0x4d69_6c6c_7261_6365L;
    private static final long NO_PROGRESS_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long READ_PATIENCE_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long QUIET_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final int POLL_LIMIT = 8 * 1024;
    private static final int TURNS_PER_LOOK = 1024;

    private final Terminal terminal;
    private final NanoClock clock;
    private final NodeProcess node;
    private final long eventCount;
    private final int segmentCount;
    private final KeyedEvents events;
    private final long[] keyHashes = new long[KEY_COUNT];
    private final long[] sentPerKey = new long[KEY_COUNT];
    private final SequenceCheck check;

    private long offered;
    private long acknowledged;
    private long failed;
    private long random = SEED;
    private int nextKey;
    private boolean prepared;
    private long killedNs;
    private long downNs;
    private long writeNs;
    private int kills;
    private long recoveryNs;

    /**
     * Prepares it.
     *
     * @param terminal shows progress.
     * @param clock of all times.
     * @param node ready.
     * @param eventCount events to write.
     * @param eventLength bytes of each.
     * @param segmentCount of the stream.
     */
    Demo(
            final Terminal terminal,
            final NanoClock clock,
            final NodeProcess node,
            final long eventCount,
            final int eventLength,
            final int segmentCount) {
        this.terminal = terminal;
        this.clock = clock;
        this.node = node;
        this.eventCount = eventCount;
        this.segmentCount = segmentCount;
        this.events = new KeyedEvents(eventLength);
        for (int key = 0; key < KEY_COUNT; key++) {
            keyHashes[key] = KeyHash.of("key-" + key);
        }
        this.check = new SequenceCheck(planned(eventCount));
    }

    /**
     * Writes everything, with the kill in the middle.
     *
     * @param millrace connected to the node.
     * @throws IOException when the node does not come back or nothing is acknowledged for a minute.
     */
    void write(final Millrace millrace) throws IOException {
        millrace.streams().createStream(STREAM, StreamConfiguration.fixed(segmentCount));
        try (EventWriter writer = millrace.openWriter(STREAM)) {
            final long startNs = clock.nanoTime();
            long progressNs = startNs;
            long lastAcknowledged = 0;
            long turns = 0;
            while (acknowledged < eventCount && failed == 0) {
                final int work = writer.poll(this, POLL_LIMIT) + offerSome(writer);
                YieldingIdleStrategy.INSTANCE.idle(work);
                if (++turns % TURNS_PER_LOOK != 0) {
                    continue;
                }
                final long nowNs = clock.nanoTime();
                superviseNode(nowNs);
                if (acknowledged > lastAcknowledged || killedNs != 0) {
                    lastAcknowledged = acknowledged;
                    progressNs = nowNs;
                } else if (nowNs - progressNs > NO_PROGRESS_NS) {
                    throw new IOException("no event was acknowledged for 60 s, " + acknowledged + " of " + eventCount
                            + " are: " + writer.lastRefusal());
                }
                showProgress("writing", acknowledged, nowNs - startNs);
            }
            writeNs = clock.nanoTime() - startNs;
            terminal.progress("");
        }
    }

    /**
     * Reads everything back and judges it.
     *
     * @param millrace connected to the node.
     * @throws IOException when events stay away for a minute.
     */
    void readBack(final Millrace millrace) throws IOException {
        try (EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
            final long startNs = clock.nanoTime();
            long progressNs = startNs;
            long turns = 0;
            boolean quiet = false;
            while (!quiet) {
                final int read = reader.poll(this, POLL_LIMIT);
                YieldingIdleStrategy.INSTANCE.idle(read);
                if (read > 0 || ++turns % TURNS_PER_LOOK == 0) {
                    final long nowNs = clock.nanoTime();
                    if (read > 0) {
                        progressNs = nowNs;
                    }
                    final long allowedNs = check.readBack() >= eventCount ? QUIET_NS : READ_PATIENCE_NS;
                    quiet = nowNs - progressNs > allowedNs;
                    showProgress("reading", check.readBack(), nowNs - startNs);
                }
            }
            terminal.progress("");
        }
    }

    /** Events acknowledged. */
    long acknowledged() {
        return acknowledged;
    }

    /** What was read back. */
    SequenceCheck check() {
        return check;
    }

    /** How often the node was killed. */
    int kills() {
        return kills;
    }

    /** From the start of the second process to its readiness, in nanoseconds. */
    long recoveryNs() {
        return recoveryNs;
    }

    /** Events written per second while there was a node. */
    double appendRatePerSecond() {
        return acknowledged * 1e9 / Math.max(1, writeNs - downNs);
    }

    /** Whether everything was acknowledged, the node was killed, and what was read back is what was written. */
    boolean isClean() {
        return acknowledged == eventCount && failed == 0 && kills > 0 && check.isClean();
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        acknowledged++;
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        failed++;
        terminal.warn("event " + sequence + " was refused: " + Result.name(code));
    }

    @Override
    public void onEvent(
            final DirectBuffer buffer,
            final int offset,
            final int length,
            final long keyHash,
            final long segmentId,
            final long eventOffset) {
        if (events.read(buffer, offset, length)) {
            check.onEvent(events.key(), events.sequence());
        } else {
            check.onDamagedEvent();
        }
    }

    private int offerSome(final EventWriter writer) throws IOException {
        int count = 0;
        while (offered < eventCount && count < TURNS_PER_LOOK) {
            if (!prepared) {
                nextKey = key();
                events.write(nextKey, sentPerKey[nextKey]);
                prepared = true;
            }
            final long sequence = writer.offer(keyHashes[nextKey], events.buffer(), 0, events.length());
            if (sequence < 0) {
                if (!Result.isRetryable(sequence)) {
                    throw new IOException("the writer refuses: " + Result.name(sequence));
                }
                break;
            }
            prepared = false;
            sentPerKey[nextKey]++;
            offered++;
            count++;
        }
        return count;
    }

    /** Kills the node once, in the middle, and starts it again on the same directory and endpoint. */
    private void superviseNode(final long nowNs) throws IOException {
        if (kills == 0 && acknowledged >= eventCount / 2) {
            killedNs = nowNs;
            terminal.say(String.format(
                    Locale.ROOT,
                    "kill -9 of the node (process %d) after %,d acknowledged events, %,d more under way",
                    node.pid(),
                    acknowledged,
                    offered - acknowledged));
            node.kill();
            kills++;
            node.start();
        } else if (killedNs != 0 && node.isReady()) {
            recoveryNs = node.readyAfterNs();
            downNs = clock.nanoTime() - killedNs;
            killedNs = 0;
            terminal.say(String.format(
                    Locale.ROOT, "the node is back after %.0f ms, its recovery included", recoveryNs / 1e6));
        }
    }

    private void showProgress(final String what, final long done, final long elapsedNs) {
        final double perSecond = done * 1e9 / Math.max(1, elapsedNs);
        terminal.progress(String.format(
                Locale.ROOT,
                "%s %,d of %,d events, %,.0f/s, %.0f s left",
                what,
                done,
                eventCount,
                perSecond,
                (eventCount - done) / Math.max(1, perSecond)));
    }

    /** The next event's key: some keys have many events, all have some. */
    private int key() {
        random = next(random);
        return keyOf(random);
    }

    private static long next(final long state) {
        long x = state;
        x ^= x << 13;
        x ^= x >>> 7;
        return x ^ (x << 17);
    }

    private static int keyOf(final long state) {
        return (int) Long.remainderUnsigned(state, KEY_COUNT);
    }

    private static long[] planned(final long eventCount) {
        final long[] perKey = new long[KEY_COUNT];
        long state = SEED;
        for (long i = 0; i < eventCount; i++) {
            state = next(state);
            perKey[keyOf(state)]++;
        }
        return perKey;
    }
}
