package io.millrace.perf.compare;

import io.millrace.perf.load.IntervalLog;
import io.millrace.perf.load.NullTarget;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.load.TimerSlack;
import io.millrace.perf.node.MillraceSystem;
import io.millrace.perf.node.OwnSystem;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.ProcessUse;
import io.millrace.perf.process.ProcessorShare;
import io.millrace.perf.process.ProcessorTime;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.system.Ability;
import io.millrace.perf.system.BenchSystem;
import io.millrace.perf.system.Pacing;
import io.millrace.perf.system.SkippedException;
import io.millrace.perf.system.SystemContext;
import io.millrace.perf.system.TailReader;
import io.millrace.perf.system.Target;
import io.millrace.perf.system.Transactions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.agrona.concurrent.YieldingIdleStrategy;
import org.jspecify.annotations.Nullable;

/**
 * One run of one system: start, warm up, measure, tell. What it tells is a JSON object of plain figures and a log of
 * histograms; what they mean is judged by who asked for them.
 *
 * <p><b>Threading:</b> the rig's thread, on which clients without threads of their own run too.
 */
final class Drive {
    private static final Path PROC = Path.of("/proc");
    private static final long DRAIN_NS = TimeUnit.SECONDS.toNanos(10);
    private static final int EVENTS_PER_TRANSACTION = 10;
    private static final long WARM_UP_TRANSACTIONS = 20;
    private static final long LONGEST_SEARCH_PHASE_NS = TimeUnit.SECONDS.toNanos(8);
    private static final double CEILING_BYTES_PER_SECOND = 4e9;
    private static final double RIG_ALONE_SECONDS = 0.5;

    private final Plan plan;
    private final BenchSystem system;
    private final NanoClock clock;
    private final Consumer<String> say;
    private final @Nullable String device;
    private final JsonObject told = new JsonObject();

    /**
     * Prepares a run.
     *
     * @param plan what to do.
     * @param system not started.
     * @param device name of the block device under the directory, or null.
     * @param clock of all times.
     * @param say takes lines for people.
     */
    Drive(
            final Plan plan,
            final BenchSystem system,
            final @Nullable String device,
            final NanoClock clock,
            final Consumer<String> say) {
        this.plan = plan;
        this.system = system;
        this.device = device;
        this.clock = clock;
        this.say = say;
    }

    /**
     * Does it.
     *
     * @param directory empty, on the device under test.
     * @param log takes the histograms.
     * @return the figures.
     * @throws IOException when the system fails.
     * @throws SkippedException when it cannot be measured here.
     */
    JsonObject run(final Path directory, final HistogramLog log) throws IOException, SkippedException {
        if (!system.abilities().containsAll(plan.mode().needed())) {
            throw new SkippedException("cannot do it: " + plan.mode());
        }
        if (plan.writers() > 1 && !system.abilities().contains(Ability.WRITERS)) {
            throw new SkippedException("cannot do it: more than one writer");
        }
        if (plan.streams() > 1 && !system.abilities().contains(Ability.STREAMS)) {
            throw new SkippedException("cannot do it: more than one stream");
        }
        if (system.pacing() == Pacing.SLEEP && !TimerSlack.least()) {
            say.accept("the kernel does not let this thread sleep exactly: it sends up to 50 us late");
        }
        if (plan.mode().hasRate()) {
            rigAlone();
        }
        try (Cleanup cleanup = new Cleanup()) {
            cleanup.add(system);
            final SystemContext context = new SystemContext(directory, plan.load(), clock, cleanup, say);
            system.start(context);
            told.put("claimsDurable", system.claimsDurable());
            told.put("pacing", system.pacing().name());
            measure(log, directory);
            final JsonObject described = new JsonObject();
            system.describe().forEach(described::put);
            told.put("description", described);
        }
        return told;
    }

    private void measure(final HistogramLog log, final Path directory) throws IOException {
        switch (plan.mode()) {
            case APPEND, TAIL -> append(log);
            case CLOSED -> closed(log);
            case SEARCH -> search(log);
            case WARM, COLD, BESIDE -> readBack(log, directory);
            case TRANSACTIONS -> transactions(log);
        }
    }

    private void append(final HistogramLog log) throws IOException {
        final TailReader reader = plan.mode() == Mode.TAIL ? system.openTailReader() : null;
        final Target target = system.openTarget();
        final OpenLoop loop = loop(target);
        if (reader != null) {
            loop.reader(reader);
        }
        warmUp(loop);
        check(target, reader);
        final IntervalLog acknowledged = new IntervalLog(plan.durationNs());
        final IntervalLog seen = reader == null ? null : new IntervalLog(plan.durationNs());
        loop.logs(acknowledged, seen);
        final Watch watch = new Watch();
        final OpenLoop.Phase phase = phase(loop, plan.ratePerSecond(), plan.durationNs());
        watch.tell(phase.elapsedNs());
        check(target, reader);
        tell(phase, phase.isComplete() && (reader == null || loop.seenCount() == phase.eventCount()));
        log.write("ack", acknowledged);
        if (seen != null) {
            log.write("seen", seen);
        }
        shares(log);
    }

    private void closed(final HistogramLog log) throws IOException {
        final Target target = system.openTarget();
        final OpenLoop loop = loop(target);
        phase(loop, Plan.WARM_UP_RATE, plan.warmUpNs() / 2);
        loop.runClosed(plan.warmUpNs() / 2, DRAIN_NS);
        check(target, null);
        final Watch watch = new Watch();
        final OpenLoop.Phase phase = loop.runClosed(plan.durationNs(), DRAIN_NS);
        watch.tell(phase.elapsedNs());
        check(target, null);
        tell(phase, phase.isComplete());
        log.write("ack", phase.histogram(), 0, phase.elapsedNs() / 1e9);
    }

    private void search(final HistogramLog log) throws IOException {
        final Target target = system.openTarget();
        final OpenLoop loop = loop(target);
        phase(loop, Plan.WARM_UP_RATE, plan.warmUpNs());
        check(target, null);
        final long seconds = Math.min(LONGEST_SEARCH_PHASE_NS, plan.durationNs());
        final List<Measured> measured = new ArrayList<>();
        final Watch watch = new Watch();
        final Search search = new Search(
                (ratePerSecond, phaseSeconds) -> {
                    final IntervalLog slices = new IntervalLog((long) (phaseSeconds * 1e9));
                    loop.logs(slices, null);
                    watch.restart();
                    final OpenLoop.Phase phase = phase(loop, ratePerSecond, (long) (phaseSeconds * 1e9));
                    measured.add(new Measured(phase, slices, watch.figures(phase.elapsedNs())));
                    return phase;
                },
                line -> say.accept("  " + line));
        final OpenLoop.Phase phase =
                search.run(seconds / 1e9, CEILING_BYTES_PER_SECOND / plan.eventLength(), plan.eventCount());
        final Measured found = measured.stream()
                .filter(each -> each.phase().equals(phase))
                .findFirst()
                .orElseThrow();
        told.putAll(found.figures());
        tell(phase, Search.holds(phase));
        log.write("ack", found.slices());
    }

    private void readBack(final HistogramLog log, final Path directory) throws IOException {
        final ReadBack readBack = new ReadBack(plan, system, clock, say);
        final Target target = system.openTarget();
        final OpenLoop loop = loop(target);
        final Watch watch = new Watch();
        final long events = readBack.fill(loop);
        check(target, null);
        watch.tellFill();
        if (plan.mode() != Mode.BESIDE) {
            final long[] warmNs = new long[1];
            final ReadBack.Passes passes = readBack.passes(events, directory, () -> {
                watch.restart();
                warmNs[0] = clock.nanoTime();
            });
            watch.tell(clock.nanoTime() - warmNs[0]);
            told.put("eventCount", events)
                    .put("acknowledgedCount", events)
                    .put("eventsPerSecond", passes.eventsPerSecond())
                    .put("passes", passes.count())
                    .put("complete", true);
            return;
        }
        warmUp(loop);
        final IntervalLog alone = new IntervalLog(plan.durationNs());
        loop.logs(alone, null);
        watch.restart();
        final OpenLoop.Phase before = phase(loop, plan.ratePerSecond(), plan.durationNs());
        watch.tell(before.elapsedNs());
        final IntervalLog beside = new IntervalLog(plan.durationNs());
        loop.logs(beside, null);
        try (ReadBack.Endless reader = readBack.endless(events)) {
            final OpenLoop.Phase during = phase(loop, plan.ratePerSecond(), plan.durationNs());
            told.put("readEventsPerSecond", reader.eventsPerSecond());
            check(target, null);
            tell(during, before.isComplete() && during.isComplete());
        }
        log.write("alone", alone);
        log.write("beside", beside);
    }

    private void transactions(final HistogramLog log) throws IOException {
        final Transactions transactions = system.openTransactions();
        long index = 0;
        for (int i = 0; i < WARM_UP_TRANSACTIONS; i++) {
            transactions.run(index, EVENTS_PER_TRANSACTION);
            index += EVENTS_PER_TRANSACTION;
        }
        final Histogram histogram = OpenLoop.newHistogram();
        final Watch watch = new Watch();
        final long startNs = clock.nanoTime();
        long nowNs = startNs;
        while (nowNs - startNs < plan.durationNs()) {
            transactions.run(index, EVENTS_PER_TRANSACTION);
            index += EVENTS_PER_TRANSACTION;
            final long endNs = clock.nanoTime();
            histogram.recordValue(Math.min(OpenLoop.HIGHEST_NS, endNs - nowNs));
            nowNs = endNs;
        }
        watch.tell(nowNs - startNs);
        final long events = histogram.getTotalCount() * EVENTS_PER_TRANSACTION;
        told.put("eventCount", events)
                .put("acknowledgedCount", events)
                .put("eventsPerSecond", events * 1e9 / (nowNs - startNs))
                .put("complete", true);
        log.write("ack", histogram, 0, (nowNs - startNs) / 1e9);
    }

    /** First enough events for the compilers, then the rate that is measured. */
    private void warmUp(final OpenLoop loop) {
        phase(loop, Math.max(Plan.WARM_UP_RATE, plan.ratePerSecond()), plan.warmUpNs() / 2);
        phase(loop, plan.ratePerSecond(), plan.warmUpNs() / 2);
        if (system instanceof OwnSystem ours) {
            ours.resetShares();
        }
    }

    /** The same loop against nothing, in the same process: what the rig itself adds. */
    private void rigAlone() {
        final OpenLoop alone = loop(new NullTarget());
        phase(alone, plan.ratePerSecond(), (long) (RIG_ALONE_SECONDS * 1e9));
        final OpenLoop.Phase phase = phase(alone, plan.ratePerSecond(), (long) (RIG_ALONE_SECONDS * 1e9));
        told.put("rigP50Micros", phase.histogram().getValueAtPercentile(50) / 1e3)
                .put("rigP99Micros", phase.histogram().getValueAtPercentile(99) / 1e3);
    }

    private OpenLoop loop(final Target target) {
        final OpenLoop loop = new OpenLoop(target, clock, YieldingIdleStrategy.INSTANCE);
        loop.pacing(system.pacing());
        return loop;
    }

    private static OpenLoop.Phase phase(final OpenLoop loop, final double ratePerSecond, final long durationNs) {
        return loop.run(ratePerSecond, Math.max(1, (long) (ratePerSecond * durationNs / 1e9)), DRAIN_NS);
    }

    private void tell(final OpenLoop.Phase phase, final boolean complete) {
        told.put("eventCount", phase.eventCount())
                .put("acknowledgedCount", phase.acknowledgedCount())
                .put("eventsPerSecond", phase.achievedRate())
                .put("complete", complete)
                .put("allocatedBytesPerEvent", phase.allocatedBytesPerEvent());
    }

    /** Where the node says the time of the acknowledgements went: only ours tells. */
    private void shares(final HistogramLog log) {
        if (system instanceof OwnSystem ours) {
            final var shares = ours.shares();
            log.write("queue", shares.queue(), 0, plan.durationNs() / 1e9);
            log.write("journal", shares.journal(), 0, plan.durationNs() / 1e9);
            log.write("chain", shares.chain(), 0, plan.durationNs() / 1e9);
        }
    }

    private void check(final Target target, final @Nullable TailReader reader) throws IOException {
        final String death = system instanceof OwnSystem ours ? ours.death() : null;
        if (death != null) {
            throw new IOException("the node ended during the run: " + death);
        }
        if (target.failure() != null) {
            throw new IOException(target.failure());
        }
        if (reader != null && reader.failure() != null) {
            throw new IOException(reader.failure());
        }
    }

    /** What a phase of a search left beside its result. */
    private record Measured(OpenLoop.Phase phase, IntervalLog slices, JsonObject figures) {}

    /** The machine and the device between two moments. <b>Threading:</b> the rig's thread. */
    private final class Watch {
        private DeviceStat deviceBefore = DeviceStat.UNKNOWN;
        private ProcessorShare shareBefore = ProcessorShare.read(PROC);
        private ProcessorTime systemBefore = new ProcessorTime(0, 0);
        private ProcessorTime rigBefore = new ProcessorTime(0, 0);
        private long sinceNs;
        private long naksBefore = -1;

        Watch() {
            restart();
        }

        void restart() {
            naksBefore = naks();
            deviceBefore = DeviceStat.read(Environment.root(), device);
            shareBefore = ProcessorShare.read(PROC);
            systemBefore = ofSystem();
            rigBefore = ofRig();
            sinceNs = clock.nanoTime();
        }

        private ProcessorTime ofSystem() {
            return ProcessorTime.of(PROC, system.processIds());
        }

        private ProcessorTime ofRig() {
            return ProcessorTime.of(PROC, List.of(ProcessHandle.current().pid()));
        }

        void tell(final long elapsedNs) {
            told.putAll(figures(elapsedNs));
        }

        JsonObject figures(final long elapsedNs) {
            final long watchedNs = Math.max(1, clock.nanoTime() - sinceNs);
            final ProcessorTime ofSystem = ofSystem();
            final ProcessorTime ofRig = ofRig();
            final Set<Long> ours = new HashSet<>(system.processIds());
            ours.add(ProcessHandle.current().pid());
            final double others = ProcessorShare.read(PROC).othersSince(shareBefore, ours);
            final DeviceStat stat = DeviceStat.read(Environment.root(), device).since(deviceBefore);
            long resident = 0;
            for (final long pid : system.processIds()) {
                try {
                    resident += ProcessUse.of(pid).residentBytes();
                } catch (final IOException e) {
                    say.accept("process " + pid + " is gone: its memory is not counted");
                }
            }
            return new JsonObject()
                    .put("elapsedSeconds", elapsedNs / 1e9)
                    .put("othersShare", others)
                    .put("flushes", stat.flushes())
                    .put("deviceWrites", stat.writes())
                    .put("deviceWrittenBytes", stat.writtenBytes())
                    .put("residentBytes", resident)
                    .put("systemRunning", ofSystem.runningSince(systemBefore, watchedNs))
                    .put("systemWaiting", ofSystem.waitingSince(systemBefore, watchedNs))
                    .put("rigRunning", ofRig.runningSince(rigBefore, watchedNs))
                    .put("rigWaiting", ofRig.waitingSince(rigBefore, watchedNs))
                    .put("naks", naksBefore < 0 ? -1 : naks() - naksBefore);
        }

        /** What the device did while the events that are read back were written. */
        void tellFill() {
            final DeviceStat stat = DeviceStat.read(Environment.root(), device).since(deviceBefore);
            told.put("fillFlushes", stat.flushes()).put("fillWrites", stat.writes());
        }

        private long naks() {
            return system instanceof MillraceSystem millrace && millrace.isConnected()
                    ? millrace.clientNaks() + Math.max(0, millrace.counters().naks())
                    : -1;
        }
    }
}
