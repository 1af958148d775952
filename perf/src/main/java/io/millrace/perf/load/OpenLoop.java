package io.millrace.perf.load;

import com.sun.management.ThreadMXBean;
import io.millrace.perf.system.Target;
import java.lang.management.ManagementFactory;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NanoClock;

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
public final class OpenLoop implements Target.Listener {
    /** Longest latency told apart; longer ones count as this one. */
    public static final long HIGHEST_NS = 120_000_000_000L;

    private static final int OFFERS_PER_TURN = 1024;
    private static final long LEAD_NS = 100_000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Target target;
    private final NanoClock clock;
    private final IdleStrategy idle;

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
        while (acknowledgedCount < eventCount) {
            final long nowNs = clock.nanoTime();
            if (nowNs - deadlineNs > 0 || target.failure() != null) {
                break;
            }
            int work = offerDue(schedule.dueCount(nowNs));
            work += target.poll(this);
            idle.idle(work);
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
            record(clock.nanoTime() - closedSentNs, 1);
        }
        return new Phase(
                histogram, sent, acknowledged, elapsedNs, acknowledged * 1e9 / Math.max(1L, elapsedNs), allocated);
    }

    @Override
    public void onAcknowledged(final long firstIndex, final long lastIndex) {
        final long nowNs = clock.nanoTime();
        for (long index = Math.max(firstIndex, baseIndex); index <= lastIndex; index++) {
            record(nowNs - (closed ? closedSentNs : schedule.scheduledNs(index - baseIndex)), 1);
            acknowledgedCount++;
        }
        lastAcknowledgedNs = nowNs;
    }

    private void begin(final long eventCount) {
        histogram = newHistogram();
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
        final long missing = eventCount - acknowledgedCount;
        final long nowNs = clock.nanoTime();
        for (long i = 0; i < missing; i++) {
            final long waitedNs = nowNs - schedule.scheduledNs(eventCount - 1 - i);
            if (waitedNs > 0) {
                record(waitedNs, 1);
            }
        }
    }

    private void record(final long latencyNs, final long count) {
        histogram.recordValueWithCount(Math.min(HIGHEST_NS, Math.max(0, latencyNs)), count);
    }

    @SuppressWarnings("deprecation") // Thread.threadId() came after release 17
    private static long threadId() {
        return Thread.currentThread().getId();
    }
}
