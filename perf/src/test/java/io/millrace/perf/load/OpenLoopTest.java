package io.millrace.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import org.agrona.concurrent.IdleStrategy;
import org.agrona.concurrent.NoOpIdleStrategy;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The loop tells the truth about a system that stalls, refuses or loses. */
@Timeout(60)
final class OpenLoopTest {
    private static final long MICRO = 1_000;
    private static final long MILLI = 1_000_000;
    private static final IdleStrategy NO_IDLE = NoOpIdleStrategy.INSTANCE;

    private final ManualClock clock = new ManualClock(100);

    /** Acknowledges everything after a fixed time; may stop for a while, refuse, or forget events. */
    private final class Fake implements Target {
        private final long serviceNs;
        private long stallFromNs = Long.MAX_VALUE;
        private long stallToNs = Long.MAX_VALUE;
        private boolean stallBlocks;
        private long forgetFrom = Long.MAX_VALUE;
        private long offered = -1;
        private long acknowledged = -1;
        private final long[] dueNs = new long[1 << 20];

        private Fake(final long serviceNs) {
            this.serviceNs = serviceNs;
        }

        @Override
        public boolean offer(final long index) {
            if (index >= forgetFrom || (isStalled() && stallBlocks)) {
                return index >= forgetFrom;
            }
            offered = index;
            dueNs[(int) index] = clock.now() + serviceNs;
            return true;
        }

        @Override
        public int poll(final Listener listener) {
            if (isStalled()) {
                if (!stallBlocks) {
                    clock.advance(stallToNs - clock.now()); // the thread itself is held up
                }
                return 0;
            }
            final long first = acknowledged + 1;
            while (acknowledged < offered && dueNs[(int) acknowledged + 1] <= clock.now()) {
                acknowledged++;
            }
            if (acknowledged >= first) {
                listener.onAcknowledged(first, acknowledged);
            }
            return 0;
        }

        private boolean isStalled() {
            return clock.now() >= stallFromNs && clock.now() < stallToNs;
        }
    }

    @Test
    void shouldReportServiceTimeWhenSystemKeepsUp() {
        final OpenLoop.Phase phase = new OpenLoop(new Fake(50 * MICRO), clock, NO_IDLE).run(10_000, 10_000, MILLI);
        assertTrue(phase.isComplete());
        assertEquals(50, phase.histogram().getValueAtPercentile(50) / 1e3, 2);
        assertEquals(50, phase.histogram().getMaxValue() / 1e3, 2);
        assertEquals(10_000, phase.achievedRate(), 20);
    }

    @Test
    void shouldShowStallInPercentilesWhenThreadIsHeldUp() {
        final Fake fake = new Fake(10 * MICRO);
        fake.stallFromNs = 300 * MILLI;
        fake.stallToNs = 400 * MILLI;
        final OpenLoop.Phase phase = new OpenLoop(fake, clock, NO_IDLE).run(10_000, 10_000, MILLI);
        assertStallShows(phase);
    }

    @Test
    void shouldShowStallInPercentilesWhenSystemTakesNothing() {
        final Fake fake = new Fake(10 * MICRO);
        fake.stallFromNs = 300 * MILLI;
        fake.stallToNs = 400 * MILLI;
        fake.stallBlocks = true;
        final OpenLoop.Phase phase = new OpenLoop(fake, clock, NO_IDLE).run(10_000, 10_000, MILLI);
        assertStallShows(phase);
    }

    /** 100 ms of 1 s stood still: 10 % of the events waited 0 to 100 ms, evenly. */
    private static void assertStallShows(final OpenLoop.Phase phase) {
        assertTrue(phase.isComplete());
        assertEquals(10_000, phase.histogram().getTotalCount());
        assertEquals(10, phase.histogram().getValueAtPercentile(50) / 1e3, 2);
        assertEquals(50, phase.histogram().getValueAtPercentile(95) / 1e6, 2);
        assertEquals(90, phase.histogram().getValueAtPercentile(99) / 1e6, 2);
        assertEquals(100, phase.histogram().getMaxValue() / 1e6, 1);
    }

    @Test
    void shouldTakeBothLatenciesWhenAReaderWaitsAtTheEnd() {
        final Fake fake = new Fake(10 * MICRO);
        final OpenLoop loop = new OpenLoop(fake, clock, NO_IDLE);
        final IntervalLog seenLog = new IntervalLog(1_000 * MILLI);
        loop.reader(new LateReader(fake, 20 * MICRO));
        loop.logs(null, seenLog);
        final OpenLoop.Phase phase = loop.run(10_000, 10_000, MILLI);
        assertEquals(10, phase.histogram().getValueAtPercentile(50) / 1e3, 2);
        assertEquals(10_000, loop.seenCount());
        assertEquals(30, loop.seen().getValueAtPercentile(50) / 1e3, 3);
        long inSlices = 0;
        for (int i = 0; i < seenLog.size(); i++) {
            inSlices += seenLog.slice(i).getTotalCount();
        }
        assertEquals(10_000, inSlices);
    }

    @Test
    void shouldCountEventsWhenTheReaderNeverSeesThem() {
        final Fake fake = new Fake(10 * MICRO);
        final OpenLoop loop = new OpenLoop(fake, clock, NO_IDLE);
        loop.reader(listener -> 0);
        final OpenLoop.Phase phase = loop.run(10_000, 1_000, 500 * MILLI);
        assertTrue(phase.isComplete());
        assertEquals(0, loop.seenCount());
        assertEquals(1_000, loop.seen().getTotalCount(), "unseen events have waited until the end at least");
        assertEquals(600, loop.seen().getMaxValue() / 1e6, 2);
    }

    @Test
    void shouldTakeTheTimeItWasToldWhenAnAcknowledgementComesLate() {
        final Target late = new Target() {
            private long offered = -1;
            private long acknowledged = -1;
            private long offeredNs;

            @Override
            public boolean offer(final long index) {
                offered = index;
                offeredNs = clock.now();
                return true;
            }

            @Override
            public int poll(final Listener listener) {
                if (offered == acknowledged || clock.now() < offeredNs + 80 * MICRO) {
                    return 0; // the client's thread was told long ago, the rig looks only now
                }
                acknowledged = offered;
                listener.onAcknowledged(acknowledged, acknowledged, offeredNs + 5 * MICRO);
                return 1;
            }
        };
        final OpenLoop.Phase phase = new OpenLoop(late, clock, NO_IDLE).run(1_000, 100, MILLI);
        assertTrue(phase.isComplete());
        assertEquals(5, phase.histogram().getValueAtPercentile(50) / 1e3, 1);
    }

    /** Sees each event a fixed time after it was acknowledged. */
    private final class LateReader implements TailReader {
        private final Fake fake;
        private final long afterNs;
        private long seen = -1;

        private LateReader(final Fake fake, final long afterNs) {
            this.fake = fake;
            this.afterNs = afterNs;
        }

        @Override
        public int poll(final TailReader.Listener listener) {
            if (seen >= fake.acknowledged || fake.dueNs[(int) seen + 1] + afterNs > clock.now()) {
                return 0;
            }
            seen++;
            listener.onSeen(seen, seen, clock.now());
            return 1;
        }
    }

    @Test
    void shouldHideStallWhenLoopIsClosed() {
        final Fake fake = new Fake(10 * MICRO);
        fake.stallFromNs = 300 * MILLI;
        fake.stallToNs = 400 * MILLI;
        final OpenLoop.Phase phase = new OpenLoop(fake, clock, NO_IDLE).runClosed(1_000 * MILLI, 200 * MILLI);
        assertEquals(10, phase.histogram().getValueAtPercentile(99) / 1e3, 2);
        assertEquals(100, phase.histogram().getMaxValue() / 1e6, 1);
    }

    @Test
    void shouldCountEventsWhenTheyAreNeverAcknowledged() {
        final Fake fake = new Fake(10 * MICRO);
        fake.forgetFrom = 9_000;
        final OpenLoop.Phase phase = new OpenLoop(fake, clock, NO_IDLE).run(10_000, 10_000, 500 * MILLI);
        assertFalse(phase.isComplete());
        assertEquals(9_000, phase.acknowledgedCount());
        assertEquals(10_000, phase.histogram().getTotalCount());
        assertEquals(600, phase.histogram().getMaxValue() / 1e6, 2);
    }

    @Test
    void shouldEndAtOnceWhenTargetFails() {
        final Target broken = new Target() {
            @Override
            public boolean offer(final long index) {
                return false;
            }

            @Override
            public int poll(final Listener listener) {
                return 0;
            }

            @Override
            public String failure() {
                return "broken";
            }
        };
        final OpenLoop.Phase phase = new OpenLoop(broken, clock, NO_IDLE).run(10_000, 1_000_000, MILLI);
        assertEquals(0, phase.acknowledgedCount());
    }

    @Test
    void shouldGoOnWithEventNumbersWhenPhasesFollowEachOther() {
        final OpenLoop loop = new OpenLoop(new Fake(MICRO), clock, NO_IDLE);
        assertTrue(loop.run(100_000, 1_000, MILLI).isComplete());
        assertTrue(loop.runClosed(MILLI, MILLI).isComplete());
        final OpenLoop.Phase phase = loop.run(100_000, 2_000, MILLI);
        assertTrue(phase.isComplete());
        assertEquals(2_000, phase.histogram().getTotalCount());
    }

    @Test
    void shouldAllocateNothingPerEventWhenWarm() {
        final OpenLoop loop = new OpenLoop(new NullTarget(), SystemNanoClock.INSTANCE, NO_IDLE);
        loop.run(2_000_000, 200_000, 1_000 * MILLI);
        loop.run(2_000_000, 200_000, 1_000 * MILLI);
        final OpenLoop.Phase phase = loop.run(2_000_000, 400_000, 1_000 * MILLI);
        assertTrue(phase.isComplete());
        assertTrue(phase.allocatedBytesPerEvent() < 0.01, phase.allocatedBytesPerEvent() + " B an event");
    }
}
