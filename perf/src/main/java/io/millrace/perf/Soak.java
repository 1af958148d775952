package io.millrace.perf;

import io.millrace.client.AckHandler;
import io.millrace.client.EventReader;
import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.Result;
import io.millrace.client.StreamConfiguration;
import io.millrace.client.StreamPosition;
import io.millrace.codec.KeyHash;
import io.millrace.perf.history.KeyedEvents;
import io.millrace.perf.history.RisingCheck;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.Schedule;
import io.millrace.perf.node.NodeSupervisor;
import io.millrace.perf.process.ProcessUse;
import io.millrace.perf.process.UseOverTime;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Writes, reads and truncates for as long as it is told while the node is killed, and proves all along that nothing is
 * lost, doubled or reordered.
 *
 * <p>One reader follows the tail through all kills. After each kill a second one reads what is kept from the head: it
 * must begin with exactly the events behind the last truncation, and come to everything that was acknowledged when the
 * node was found dead.
 *
 * <p><b>Threading:</b> the rig's thread; the client runs on it in invoker mode.
 *
 * <p><b>Invariants:</b> what is judged is what the client was told. Memory does not grow with time.
 */
final class Soak implements AckHandler {
    /** Stream that is written. */
    static final String STREAM = "soak/events";

    private static final int KEY_COUNT = 1000;
    private static final int SEGMENTS = 4;
    private static final int OFFERS_PER_TURN = 256;
    private static final int POLL_LIMIT = 8 * 1024;
    private static final int PENDING_LIMIT = 64 * 1024;
    private static final long TRUNCATE_EVERY_NS = TimeUnit.SECONDS.toNanos(2);
    private static final long SAMPLE_EVERY_NS = TimeUnit.SECONDS.toNanos(10);
    private static final long SAY_EVERY_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long NO_PROGRESS_NS = TimeUnit.SECONDS.toNanos(60);

    private final Terminal terminal;
    private final NanoClock clock;
    private final NodeSupervisor supervisor;
    private final double ratePerSecond;
    private final KeyedEvents events;
    private final Random random;
    private final long[] keyHashes = new long[KEY_COUNT];
    private final long[] sentPerKey = new long[KEY_COUNT];
    private final long[] ackedPerKey = new long[KEY_COUNT];
    private final int[] keyOfSequence = new int[PENDING_LIMIT];
    private final RisingCheck tail = new RisingCheck(new long[KEY_COUNT]);
    private final Histogram latency = OpenLoop.newHistogram();
    private final UseOverTime use = new UseOverTime();

    private Schedule schedule;
    private long firstSequence;
    private long offered;
    private long acknowledged;
    private long failed;
    private long truncations;
    private long verifications;
    private int knownKills;
    private long[] headPerKey = new long[KEY_COUNT];
    private @Nullable StreamPosition cut;
    private long[] cutPerKey = new long[KEY_COUNT];
    private @Nullable EventReader verifier;
    private @Nullable RisingCheck verified;
    private long[] verifyUntil = new long[KEY_COUNT];
    private long verifierLost;
    private long verifierRepeated;
    private long verifierDamaged;
    private long verifierReadBack;

    /**
     * Prepares it.
     *
     * @param terminal shows progress.
     * @param clock of all times.
     * @param supervisor kills the node; started by {@link #run}.
     * @param ratePerSecond of the events.
     * @param eventLength bytes of each.
     * @param seed of the keys.
     */
    Soak(
            final Terminal terminal,
            final NanoClock clock,
            final NodeSupervisor supervisor,
            final double ratePerSecond,
            final int eventLength,
            final long seed) {
        this.terminal = terminal;
        this.clock = clock;
        this.supervisor = supervisor;
        this.ratePerSecond = ratePerSecond;
        this.events = new KeyedEvents(eventLength);
        this.random = new Random(seed);
        this.schedule = new Schedule(0, 1, 0);
        for (int key = 0; key < KEY_COUNT; key++) {
            keyHashes[key] = KeyHash.of("key-" + key);
        }
    }

    /** The pending events a client for this may have. */
    static int pendingLimit() {
        return PENDING_LIMIT;
    }

    /**
     * Runs until the time is over and everything is acknowledged and read.
     *
     * @param millrace connected, in invoker mode.
     * @param durationNs of the writing.
     * @throws IOException when the node cannot be kept alive, or a minute passes without progress.
     */
    void run(final Millrace millrace, final long durationNs) throws IOException {
        millrace.streams().createStream(STREAM, StreamConfiguration.fixed(SEGMENTS));
        try (EventWriter writer = millrace.openWriter(STREAM);
                EventReader reader = millrace.openReader(STREAM, StreamPosition.HEAD)) {
            supervisor.start();
            try {
                loop(millrace, writer, reader, durationNs);
            } finally {
                supervisor.close();
            }
            finish(millrace, writer, reader);
        } finally {
            closeVerifier();
        }
    }

    /** Events acknowledged. */
    long acknowledged() {
        return acknowledged;
    }

    /** Events read at the tail and by the readers after each kill. */
    long readBack() {
        return tail.readBack() + verifierReadBack;
    }

    /** Acknowledged events that a reader missed. */
    long lost() {
        return tail.lost() + tail.missing(ackedPerKey) + verifierLost;
    }

    /** Events that a reader got again, or after a later one of their key. */
    long repeated() {
        return tail.repeated() + verifierRepeated;
    }

    /** Events that nobody wrote, or that were refused. */
    long damaged() {
        return tail.damaged() + verifierDamaged + failed;
    }

    /** Truncations done. */
    long truncations() {
        return truncations;
    }

    /** How often everything kept was read from the head. */
    long verifications() {
        return verifications;
    }

    /** Times from the scheduled send time to the acknowledgement, kills included. */
    Histogram latency() {
        return latency;
    }

    /** What this process, the client's, held as time passed. */
    UseOverTime use() {
        return use;
    }

    /** Whether nothing was lost, doubled, reordered or damaged. */
    boolean isClean() {
        return acknowledged == offered && acknowledged > 0 && lost() == 0 && repeated() == 0 && damaged() == 0;
    }

    @Override
    public void onAck(final long sequence, final long segmentId, final long eventNumber, final long endOffset) {
        final long index = sequence - firstSequence;
        ackedPerKey[keyOfSequence[(int) (index % PENDING_LIMIT)]]++;
        acknowledged++;
        latency.recordValue(Math.min(OpenLoop.HIGHEST_NS, Math.max(0, clock.nanoTime() - schedule.scheduledNs(index))));
    }

    @Override
    public void onFailed(final long sequence, final long segmentId, final long eventNumber, final long code) {
        failed++;
        terminal.warn("event " + sequence + " was refused: " + Result.name(code));
    }

    private void loop(
            final Millrace millrace, final EventWriter writer, final EventReader reader, final long durationNs)
            throws IOException {
        final long startNs = clock.nanoTime();
        final long endNs = startNs + durationNs;
        schedule = new Schedule(startNs, ratePerSecond, (long) (durationNs / 1e9 * ratePerSecond));
        final Progress progress = new Progress(startNs);
        long truncateNs = startNs + TRUNCATE_EVERY_NS;
        long sampleNs = startNs + SAMPLE_EVERY_NS;
        long sayNs = startNs;
        long nowNs = startNs;
        while (nowNs - endNs < 0) {
            int work = offerDue(writer, schedule.dueCount(nowNs));
            work += turn(millrace, writer, reader);
            YieldingIdleStrategy.INSTANCE.idle(work);
            nowNs = clock.nanoTime();
            progress.check(nowNs);
            if (nowNs - truncateNs >= 0 && verifier == null) {
                truncate(millrace, reader);
                truncateNs = clock.nanoTime() + TRUNCATE_EVERY_NS;
            }
            if (nowNs - sampleNs >= 0) {
                use.add(ProcessUse.of(ProcessHandle.current().pid()));
                sampleNs += SAMPLE_EVERY_NS;
            }
            if (nowNs - sayNs >= 0) {
                say(nowNs - startNs, durationNs);
                sayNs += SAY_EVERY_NS;
            }
        }
        terminal.progress("");
    }

    /** The node lives on: what is under way is acknowledged and read, and all that is kept is read once more. */
    private void finish(final Millrace millrace, final EventWriter writer, final EventReader reader)
            throws IOException {
        final Progress progress = new Progress(clock.nanoTime());
        while (acknowledged + failed < offered || tail.missing(ackedPerKey) > 0 || verifier != null) {
            YieldingIdleStrategy.INSTANCE.idle(turn(millrace, writer, reader));
            progress.check(clock.nanoTime());
        }
        beginVerification(millrace);
        while (verifier != null) {
            YieldingIdleStrategy.INSTANCE.idle(turn(millrace, writer, reader));
            progress.check(clock.nanoTime());
        }
    }

    private int turn(final Millrace millrace, final EventWriter writer, final EventReader reader) throws IOException {
        int work = writer.poll(this, POLL_LIMIT);
        work += reader.poll(
                (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
                    if (events.read(buffer, offset, length)) {
                        tail.onEvent(events.key(), events.sequence());
                    } else {
                        tail.onDamagedEvent();
                    }
                },
                POLL_LIMIT);
        if (supervisor.kills() > knownKills && supervisor.lives() > supervisor.kills() && verifier == null) {
            knownKills = supervisor.kills();
            beginVerification(millrace);
        }
        return work + verify();
    }

    private int offerDue(final EventWriter writer, final long dueCount) throws IOException {
        int count = 0;
        while (offered < dueCount && count < OFFERS_PER_TURN && offered - acknowledged < PENDING_LIMIT) {
            final int key = random.nextInt(KEY_COUNT);
            events.write(key, sentPerKey[key]);
            final long sequence = offer(writer, key);
            if (sequence < 0) {
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

    private long offer(final EventWriter writer, final int key) throws IOException {
        final long sequence = writer.offer(keyHashes[key], events.buffer(), 0, events.length());
        if (sequence < 0 && !Result.isRetryable(sequence)) {
            throw new IOException("the writer refuses: " + Result.name(sequence));
        }
        return sequence;
    }

    /** Cuts where the tail reader stood at the last call, and notes where it stands now. */
    private void truncate(final Millrace millrace, final EventReader reader) {
        final StreamPosition to = cut;
        if (to != null) {
            millrace.streams().truncate(STREAM, to);
            headPerKey = cutPerKey;
            truncations++;
        }
        cut = reader.position();
        cutPerKey = tail.next();
    }

    private void beginVerification(final Millrace millrace) {
        verifyUntil = ackedPerKey.clone();
        verified = new RisingCheck(headPerKey);
        verifier = millrace.openReader(STREAM, StreamPosition.HEAD);
    }

    private int verify() {
        final EventReader reader = verifier;
        final RisingCheck check = verified;
        if (reader == null || check == null) {
            return 0;
        }
        final int work = reader.poll(
                (buffer, offset, length, keyHash, segmentId, eventOffset) -> {
                    if (events.read(buffer, offset, length)) {
                        check.onEvent(events.key(), events.sequence());
                    } else {
                        check.onDamagedEvent();
                    }
                },
                POLL_LIMIT);
        if (check.missing(verifyUntil) == 0) {
            verifierLost += check.lost();
            verifierRepeated += check.repeated();
            verifierDamaged += check.damaged();
            verifierReadBack += check.readBack();
            verifications++;
            closeVerifier();
        }
        return work;
    }

    private void closeVerifier() {
        final EventReader reader = verifier;
        if (reader != null) {
            verifier = null;
            reader.close();
        }
    }

    private void say(final long elapsedNs, final long durationNs) {
        terminal.progress(String.format(
                Locale.ROOT,
                "%.0f of %.0f s: %,d acknowledged, %,d read, %d truncations, %d kills, lost %d, repeated %d",
                elapsedNs / 1e9,
                durationNs / 1e9,
                acknowledged,
                readBack(),
                truncations,
                supervisor.kills(),
                tail.lost() + verifierLost,
                repeated()));
    }

    /** Notices that nothing goes on. */
    private final class Progress {
        private long sum;
        private long sinceNs;

        private Progress(final long nowNs) {
            sinceNs = nowNs;
        }

        private void check(final long nowNs) throws IOException {
            final String failure = supervisor.failure();
            if (failure != null) {
                throw new IOException(failure);
            }
            final RisingCheck check = verified;
            final long newSum = acknowledged + tail.readBack() + (check == null ? 0 : check.readBack());
            if (newSum != sum) {
                sum = newSum;
                sinceNs = nowNs;
            } else if (nowNs - sinceNs > NO_PROGRESS_NS) {
                throw new IOException(String.format(
                        Locale.ROOT,
                        "nothing was acknowledged or read for 60 s: %,d offered, %,d acknowledged, %,d unread at the"
                                + " tail, %,d unread from the head",
                        offered,
                        acknowledged,
                        tail.missing(ackedPerKey),
                        check == null || verifier == null ? 0 : check.missing(verifyUntil)));
            }
        }
    }
}
