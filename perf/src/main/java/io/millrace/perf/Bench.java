package io.millrace.perf;

import io.millrace.client.EventWriter;
import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.perf.limit.LimitProbe;
import io.millrace.perf.load.ClientTarget;
import io.millrace.perf.load.NullTarget;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.node.BenchNode;
import io.millrace.perf.node.NodeCounters;
import io.millrace.perf.process.ProcessorShare;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * One measured run after the other, each from a fresh connection (and a fresh node, where the node is ours): connect,
 * warm up, measure, close.
 *
 * <p><b>Threading:</b> the rig's thread, on which the client runs in invoker mode.
 */
final class Bench {
    private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(10);
    private static final Path PROC = Path.of("/proc");
    private static final long PART_NS = TimeUnit.SECONDS.toNanos(2);
    private static final double WARM_UP_RATE = 20_000;
    private static final int WARM_UP_PARTS = 2;

    private final NanoClock clock;
    private int runCount;

    /**
     * What one run is to do.
     *
     * @param ratePerSecond of the open loop.
     * @param closedLoop one event under way instead of a rate.
     * @param eventLength bytes.
     * @param segmentCount of the stream.
     * @param warmUpNs before the measurement, not recorded.
     * @param durationNs of the measurement.
     */
    record Plan(
            double ratePerSecond,
            boolean closedLoop,
            int eventLength,
            int segmentCount,
            long warmUpNs,
            long durationNs) {
        /** Whether the client's default window, 64 Ki events, could be what limits the rate. */
        boolean isFast() {
            return !closedLoop && ratePerSecond * Math.max(100, eventLength) > 20e6;
        }

        /**
         * Room a journal needs for one run: a batch is 4 KiB at least, and more than 20,000 a second no device takes.
         */
        long journalBytes() {
            final double rate = closedLoop ? WARM_UP_RATE : Math.max(ratePerSecond, WARM_UP_RATE);
            final double bytesPerSecond = 4096 * Math.min(rate, 20_000) + rate * (eventLength + 24) * 1.05;
            return (long) ((warmUpNs + durationNs) / 1e9 * bytesPerSecond) + (256L << 20);
        }
    }

    /** Is told where the measured part of a run lies. */
    interface Watch {
        /** Nobody watches. */
        Watch NOBODY = new Watch() {
            @Override
            public void onBegin() {}

            @Override
            public void onEnd() {}
        };

        /** The warm-up is over. */
        void onBegin();

        /** Every event was acknowledged, or given up. */
        void onEnd();
    }

    /**
     * Makes the runner.
     *
     * @param clock of all measurements.
     */
    Bench(final NanoClock clock) {
        this.clock = clock;
    }

    /**
     * Does one run.
     *
     * @param node to speak to.
     * @param plan what to do.
     * @param probe measures the device between the run's parts, or null: then the run is one part.
     * @return what it gave; its limit is null.
     * @throws IOException when the node died, or the writer was refused for good.
     */
    RunResult run(final BenchNode node, final Plan plan, final @Nullable LimitProbe probe) throws IOException {
        return run(node, plan, probe, Watch.NOBODY);
    }

    /**
     * Does one run that somebody watches.
     *
     * @param node to speak to.
     * @param plan what to do.
     * @param probe measures the device between the run's parts, or null: then the run is one part.
     * @param watch told when the measurement begins and ends.
     * @return what it gave; its limit is null.
     * @throws IOException when the node died, or the writer was refused for good.
     */
    RunResult run(final BenchNode node, final Plan plan, final @Nullable LimitProbe probe, final Watch watch)
            throws IOException {
        final Millrace.Context context = new Millrace.Context()
                .endpoint(node.endpoint())
                .clientName("millrace-bench")
                .invoker(true)
                .nanoClock(clock)
                .writerBufferLength(plan.isFast() ? 16 << 20 : 4 << 20)
                .writerMaxPendingEvents(plan.isFast() ? 256 * 1024 : 64 * 1024);
        try (Millrace millrace = Millrace.connect(context)) {
            final String stream = "bench/run-" + ProcessHandle.current().pid() + "-" + ++runCount;
            millrace.streams().createStream(stream, StreamConfiguration.fixed(plan.segmentCount()));
            final RunResult result;
            try (EventWriter writer = millrace.openWriter(stream)) {
                result = measure(node, plan, probe, watch, millrace, new ClientTarget(writer, plan.eventLength()));
            }
            if (!node.isOurs()) { // not ours: leave it as it was
                millrace.streams().seal(stream);
                millrace.streams().delete(stream);
            }
            return result;
        }
    }

    private RunResult measure(
            final BenchNode node,
            final Plan plan,
            final @Nullable LimitProbe probe,
            final Watch watch,
            final Millrace millrace,
            final ClientTarget target)
            throws IOException {
        final OpenLoop loop = new OpenLoop(target, clock, YieldingIdleStrategy.INSTANCE);
        warmUp(loop, plan, probe);
        check(node, target);
        final Set<Long> ours = new HashSet<>(node.pids());
        ours.add(ProcessHandle.current().pid());
        final NodeCounters countersBefore = node.counters();
        final long naksBefore = millrace.counters().naks();
        target.resetTimes();
        watch.onBegin();
        final ProcessorShare shareBefore = ProcessorShare.read(PROC);
        final OpenLoop.Phase phase = probe == null ? phase(loop, plan, plan.durationNs()) : parts(loop, plan, probe);
        final double others = ProcessorShare.read(PROC).othersSince(shareBefore, ours);
        watch.onEnd();
        final long naks = millrace.counters().naks() - naksBefore;
        final NodeCounters counters = node.counters().since(countersBefore);
        check(node, target);
        return new RunResult(
                phase,
                null,
                others,
                naks + Math.max(0, counters.naks()),
                counters.allocatedBytes() < 0
                        ? Double.NaN
                        : (double) counters.allocatedBytes() / Math.max(1, phase.eventCount()),
                target.times());
    }

    /**
     * Runs the rig against the system that does nothing: what it adds to every latency by itself.
     *
     * @param ratePerSecond as in the measurement.
     * @return the phase, half a second long.
     */
    OpenLoop.Phase rigAlone(final double ratePerSecond) {
        final OpenLoop loop = new OpenLoop(new NullTarget(), clock, YieldingIdleStrategy.INSTANCE);
        final long count = eventCount(ratePerSecond, TimeUnit.MILLISECONDS.toNanos(500));
        loop.run(ratePerSecond, count, DRAIN_NS);
        return loop.run(ratePerSecond, count, DRAIN_NS);
    }

    /** The device is measured before, between and after the parts, so that its drift is in both figures. */
    private static OpenLoop.Phase parts(final OpenLoop loop, final Plan plan, final LimitProbe probe)
            throws IOException {
        final int count = (int) Math.max(1, plan.durationNs() / PART_NS);
        probe.deviceWrite();
        OpenLoop.Phase all = phase(loop, plan, plan.durationNs() / count);
        probe.deviceWrite();
        for (int part = 1; part < count; part++) {
            all = all.with(phase(loop, plan, plan.durationNs() / count));
            probe.deviceWrite();
        }
        return all;
    }

    private static OpenLoop.Phase phase(final OpenLoop loop, final Plan plan, final long durationNs) {
        return plan.closedLoop()
                ? loop.runClosed(durationNs, DRAIN_NS)
                : loop.run(plan.ratePerSecond(), eventCount(plan.ratePerSecond(), durationNs), DRAIN_NS);
    }

    /**
     * First enough events for the compilers, then the circumstances of the measurement itself. The pauses of the device
     * probe are among them: when the node first falls idle after load, the compiled code of its busy turn is thrown
     * away, and until it is compiled again each turn allocates what escape analysis had removed (Aeron's iterators,
     * some 600 kB), which is the compilers' and no event's.
     */
    private static void warmUp(final OpenLoop loop, final Plan plan, final @Nullable LimitProbe probe)
            throws IOException {
        final long halfNs = plan.warmUpNs() / 2;
        final double fast = Math.max(plan.ratePerSecond(), WARM_UP_RATE);
        loop.run(fast, eventCount(fast, halfNs), DRAIN_NS);
        if (probe == null) {
            phase(loop, plan, halfNs);
            return;
        }
        for (int part = 0; part < WARM_UP_PARTS; part++) {
            probe.warmUpWrite();
            phase(loop, plan, halfNs / WARM_UP_PARTS);
        }
    }

    private static long eventCount(final double ratePerSecond, final long durationNs) {
        return Math.max(1, (long) (ratePerSecond * durationNs / 1e9));
    }

    private static void check(final BenchNode node, final ClientTarget target) throws IOException {
        final @Nullable String death = node.death();
        if (death != null) {
            throw new IOException("the node ended during the run: " + death);
        }
        if (target.failure() != null) {
            throw new IOException(target.failure());
        }
    }
}
