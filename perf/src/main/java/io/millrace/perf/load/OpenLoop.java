package io.millrace.perf.load;

import com.sun.management.ThreadMXBean;
import io.millrace.perf.system.Pacing;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import java.lang.management.ManagementFactory;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * Drives a {@link Target} at a fixed schedule and takes each event's latency from its <em>scheduled</em> send time, so
 * that a stall counts for every event that fell due during it. The closed-loop variant keeps one event under way and
 * takes the latency from the offer.
 *
 * <p><b>Threading:</b> one thread; the target's client runs on it.
 *
 * <p><b>Invariants:</b> event numbers go on from phase to phase; a phase ends when all its events are acknowledged or
 * its drain time is over; what was not acknowledged then is counted and enters the histogram with the time it has
 * waited so far.
 */
public final class OpenLoop implements Target.Listener, TailReader.Listener {
    /** Longest latency told apart; longer ones count as this one. */
    public static final long HIGHEST_NS = 120_000_000_000L;

    private static final int OFFERS_PER_TURN = 1024;
    private static final long LEAD_NS = 100_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /** A sleeping thread needs about this long to be back on its processor. */
    private static final long WAKE_UP_NS = 30_000;

    private static final long LONGEST_SLEEP_NS = 200_000;

    private final Target target;
    private final NanoClock clock;
    private final IdleStrategy idle;
    private Pacing pacing = Pacing.YIELD;
    private @Nullable TailReader reader;
    private @Nullable IntervalLog log;
    private @Nullable IntervalLog seenLog;
    private Histogram seen = newHistogram();
    private long seenCount;

    private long nextIndex;
    private long baseIndex;
    private long acknowledgedCount;
    private long lastAcknowledgedNs;
    private Schedule schedule = new Schedule(0, 1, 0);
    private Histogram histogram = newHistogram();
    private boolean closed;
    private long closedSentNs;

    /**
     * What one phase gave.
     *
     * @param histogram latencies in nanoseconds.
     * @param eventCount events offered or due.
     * @param acknowledgedCount events acknowledged in time.
     * @param elapsedNs from the first due time to the last acknowledgement.
     * @param ratePerSecond scheduled rate; of a closed loop the achieved one.
     * @param allocatedBytes bytes the rig's thread allocated during the phase.
     */
    public record Phase(
            Histogram histogram,
            long eventCount,
            long acknowledgedCount,
            long elapsedNs,
            double ratePerSecond,
            long allocatedBytes) {
        /** Acknowledged events per second over the elapsed time. */
        public double achievedRate() {
            return acknowledgedCount == 0 ? 0 : acknowledgedCount * 1e9 / Math.max(1L, elapsedNs);
        }

        /** Whether every event was acknowledged. */
        public boolean isComplete() {
            return acknowledgedCount == eventCount;
        }

        /**
         * This part of a run and the next one.
         *
         * @param next measured after it, in the same way.
         * @return both as one.
         */
        public Phase with(final Phase next) {
            final Histogram all = histogram.copy();
            all.add(next.histogram);
            return new Phase(
                    all,
                    eventCount + next.eventCount,
                    acknowledgedCount + next.acknowledgedCount,
                    elapsedNs + next.elapsedNs,
                    (ratePerSecond * elapsedNs + next.ratePerSecond * next.elapsedNs)
                            / Math.max(1L, elapsedNs + next.elapsedNs),
                    allocatedBytes + next.allocatedBytes);
        }

        /** Bytes of garbage per event on the rig's thread. */
        public double allocatedBytesPerEvent() {
            return (double) allocatedBytes / Math.max(1, eventCount);
        }
    }

    /**
     * Prepares the loop.
     *
     * @param target the system under test.
     * @param clock of all times here.
     * @param idle called with each turn's work count.
     */
    public OpenLoop(final Target target, final NanoClock clock, final IdleStrategy idle) {
        this.target = target;
        this.clock = clock;
        this.idle = idle;
    }

    /**
     * Chooses how the loop waits.
     *
     * @param newPacing of the system under test.
     */
    public void pacing(final Pacing newPacing) {
        pacing = newPacing;
    }

    /**
     * Adds a reader at the end of the stream: a phase ends when it, too, has seen every event.
     *
     * @param newReader opened before the first event.
     */
    public void reader(final TailReader newReader) {
        reader = newReader;
    }

    /**
     * Records the next phases by slices of time too.
     *
     * @param acknowledged of acknowledgements, or null.
     * @param seenByReader of what the reader sees, or null.
     */
    public void logs(final @Nullable IntervalLog acknowledged, final @Nullable IntervalLog seenByReader) {
        log = acknowledged;
        seenLog = seenByReader;
    }

    /** From due to seen by the reader, of the last phase, in nanoseconds. */
    public Histogram seen() {
        return seen;
    }

    /** Events of the last phase that the reader saw in time. */
    public long seenCount() {
        return seenCount;
    }

    /** A histogram of the shape all phases use, so that they can be added. */
    public static Histogram newHistogram() {
        return new Histogram(HIGHEST_NS, 3);
    }

    /**
     * Runs one open-loop phase.
     *
     * @param ratePerSecond events per second, &gt; 0.
     * @param eventCount events to send.
     * @param drainNs how long to wait for acknowledgements after the last due time.
     * @return what it gave.
     */
    public Phase run(final double ratePerSecond, final long eventCount, final long drainNs) {
        begin(eventCount);
        closed = false;
        final long allocatedBefore = THREADS.getThreadAllocatedBytes(threadId());
        schedule = new Schedule(clock.nanoTime() + LEAD_NS, ratePerSecond, eventCount);
        final long deadlineNs = schedule.scheduledNs(eventCount) + drainNs;
        lastAcknowledgedNs = schedule.startNs();
        final TailReader tail = reader;
        while (acknowledgedCount < eventCount || (tail != null && seenCount < eventCount)) {
            final long nowNs = clock.nanoTime();
            if (nowNs - deadlineNs > 0 || target.failure() != null || (tail != null && tail.failure() != null)) {
                break;
            }
            int work = offerDue(schedule.dueCount(nowNs));
            work += target.poll(this);
            if (tail != null) {
                work += tail.poll(this);
            }
            if (pacing == Pacing.SLEEP && work == 0) {
                sleep(eventCount);
            } else {
                idle.idle(work);
            }
        }
        final long allocated = THREADS.getThreadAllocatedBytes(threadId()) - allocatedBefore;
        final long acknowledged = acknowledgedCount;
        final long elapsedNs = lastAcknowledgedNs - schedule.startNs();
        giveUpTheRest(eventCount);
        return new Phase(histogram, eventCount, acknowledged, elapsedNs, ratePerSecond, allocated);
    }

    /**
     * Runs one closed-loop phase: the next event is offered when the last one was acknowledged.
     *
     * @param durationNs how long to go on.
     * @param drainNs how long to wait for the last acknowledgement.
     * @return what it gave.
     */
    public Phase runClosed(final long durationNs, final long drainNs) {
        begin(Long.MAX_VALUE);
        closed = true;
        final long allocatedBefore = THREADS.getThreadAllocatedBytes(threadId());
        final long startNs = clock.nanoTime();
        final long endNs = startNs + durationNs;
        lastAcknowledgedNs = startNs;
        long sent = 0;
        while (target.failure() == null) {
            final long nowNs = clock.nanoTime();
            int work = 0;
            if (acknowledgedCount == sent) {
                if (nowNs - endNs >= 0) {
                    break;
                }
                closedSentNs = nowNs;
                if (target.offer(nextIndex)) {
                    nextIndex++;
                    sent++;
                    work = 1; // what was offered is on its way only after the next turn: no idling before it
                }
            } else if (nowNs - endNs > drainNs) {
                break;
            }
            idle.idle(work + target.poll(this));
        }
        final long allocated = THREADS.getThreadAllocatedBytes(threadId()) - allocatedBefore;
        final long elapsedNs = lastAcknowledgedNs - startNs;
        final long acknowledged = acknowledgedCount;
        if (acknowledged < sent) {
            record(clock.nanoTime() - closedSentNs);
        }
        return new Phase(
                histogram, sent, acknowledged, elapsedNs, acknowledged * 1e9 / Math.max(1L, elapsedNs), allocated);
    }

    @Override
    public void onAcknowledged(final long firstIndex, final long lastIndex) {
        onAcknowledged(firstIndex, lastIndex, clock.nanoTime());
    }

    @Override
    public void onAcknowledged(final long firstIndex, final long lastIndex, final long acknowledgedNs) {
        for (long index = Math.max(firstIndex, baseIndex); index <= lastIndex; index++) {
            if (closed) {
                record(acknowledgedNs - closedSentNs);
            } else {
                final long dueNs = schedule.scheduledNs(index - baseIndex);
                record(histogram, log, dueNs - schedule.startNs(), acknowledgedNs - dueNs);
            }
            acknowledgedCount++;
        }
        lastAcknowledgedNs = Math.max(lastAcknowledgedNs, acknowledgedNs);
    }

    @Override
    public void onSeen(final long firstIndex, final long lastIndex, final long seenNs) {
        for (long index = Math.max(firstIndex, baseIndex); index <= lastIndex; index++) {
            final long dueNs = schedule.scheduledNs(index - baseIndex);
            record(seen, seenLog, dueNs - schedule.startNs(), seenNs - dueNs);
            seenCount++;
        }
    }

    /** Sleeps until shortly before the next event is due; with nothing to send, until an answer may have come. */
    private void sleep(final long eventCount) {
        final long nextIndexInPhase = nextIndex - baseIndex;
        final long untilDueNs = nextIndexInPhase < eventCount
                ? schedule.scheduledNs(nextIndexInPhase) - clock.nanoTime() - WAKE_UP_NS
                : LONGEST_SLEEP_NS;
        if (untilDueNs > 0) {
            LockSupport.parkNanos(Math.min(untilDueNs, LONGEST_SLEEP_NS));
        } else {
            YieldingIdleStrategy.INSTANCE.idle();
        }
    }

    private void begin(final long eventCount) {
        histogram = newHistogram();
        seen = newHistogram();
        seenCount = 0;
        baseIndex = nextIndex;
        acknowledgedCount = 0;
        schedule = new Schedule(0, 1, eventCount);
    }

    private int offerDue(final long dueCount) {
        int offered = 0;
        while (nextIndex - baseIndex < dueCount && offered < OFFERS_PER_TURN) {
            if (!target.offer(nextIndex)) {
                break;
            }
            nextIndex++;
            offered++;
        }
        return offered;
    }

    /** Events never sent or never acknowledged have waited until now at least: leaving them out would flatter. */
    private void giveUpTheRest(final long eventCount) {
        final long nowNs = clock.nanoTime();
        final long missing = eventCount - acknowledgedCount;
        for (long i = 0; i < missing; i++) {
            giveUp(histogram, log, eventCount - 1 - i, nowNs);
        }
        final long unseen = reader == null ? 0 : eventCount - seenCount;
        for (long i = 0; i < unseen; i++) {
            giveUp(seen, seenLog, eventCount - 1 - i, nowNs);
        }
    }

    private void giveUp(final Histogram into, final @Nullable IntervalLog intoLog, final long index, final long nowNs) {
        final long dueNs = schedule.scheduledNs(index);
        if (nowNs > dueNs) {
            record(into, intoLog, dueNs - schedule.startNs(), nowNs - dueNs);
        }
    }

    private void record(final long latencyNs) {
        histogram.recordValue(Math.min(HIGHEST_NS, Math.max(0, latencyNs)));
    }

    private static void record(
            final Histogram into, final @Nullable IntervalLog intoLog, final long dueNs, final long latencyNs) {
        final long clamped = Math.min(HIGHEST_NS, Math.max(0, latencyNs));
        into.recordValue(clamped);
        if (intoLog != null) {
            intoLog.record(dueNs, clamped);
        }
    }

    @SuppressWarnings("deprecation") // Thread.threadId() came after release 17
    private static long threadId() {
        return Thread.currentThread().getId();
    }
}
