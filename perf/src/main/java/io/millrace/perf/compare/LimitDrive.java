package io.millrace.perf.compare;

import io.millrace.perf.limit.DeviceFigures;
import io.millrace.perf.limit.DeviceLoad;
import io.millrace.perf.limit.Fio;
import io.millrace.perf.limit.Limit;
import io.millrace.perf.limit.LimitProbe;
import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.process.Cleanup;
import io.millrace.perf.process.ProcessorShare;
import io.millrace.perf.report.Environment;
import io.millrace.perf.report.JsonObject;
import io.millrace.perf.report.Terminal;
import io.millrace.perf.system.SkippedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The physical limit as a run of its own: Aeron round trips to an echo process, then durable writes of one block
 * through the journal's port, one at a time each, and fio's on the same file for comparison. The limit's distribution
 * is the sum of the two, percentile by percentile: what a log that did nothing else could not undercut on this machine.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class LimitDrive {
    /** Its name in rows. */
    static final String NAME = "limit";

    private static final int QUANTILES = 20_000;
    private static final long FIO_NS = 1_000_000_000L;
    private static final Path PROC = Path.of("/proc");

    private final Plan plan;
    private final @Nullable String device;
    private final NanoClock clock;
    private final Terminal terminal;

    /**
     * Prepares a run.
     *
     * @param plan what to do: its rate does not matter, nothing is queued here.
     * @param device name of the block device under the directory, or null.
     * @param clock of all times.
     * @param terminal is told of fio's installation.
     */
    LimitDrive(final Plan plan, final @Nullable String device, final NanoClock clock, final Terminal terminal) {
        this.plan = plan;
        this.device = device;
        this.clock = clock;
        this.terminal = terminal;
    }

    /**
     * Does it.
     *
     * @param directory empty, on the device under test.
     * @param log takes the histograms.
     * @return the figures.
     * @throws IOException when a part fails.
     * @throws SkippedException when it is asked for what it cannot do.
     */
    JsonObject run(final Path directory, final HistogramLog log) throws IOException, SkippedException {
        if ((plan.mode() != Mode.APPEND && plan.mode() != Mode.CLOSED) || plan.writers() > 1 || plan.streams() > 1) {
            throw new SkippedException("the limit is that of one append at a time");
        }
        final JsonObject told = new JsonObject();
        try (Cleanup cleanup = new Cleanup()) {
            final LimitProbe probe = cleanup.add(new LimitProbe(directory, plan.eventLength(), clock));
            final ProcessorShare shareBefore = ProcessorShare.read(PROC);
            probe.roundTrip();
            final DeviceStat before = DeviceStat.read(Environment.root(), device);
            final long startNs = clock.nanoTime();
            while (clock.nanoTime() - startNs < plan.durationNs() / 2) {
                probe.deviceWrite();
            }
            final double seconds = (clock.nanoTime() - startNs) / 1e9;
            final DeviceStat stat = DeviceStat.read(Environment.root(), device).since(before);
            final JsonObject described = new JsonObject()
                    .put("what", "Aeron's round trip over UDP loopback plus one durable write, closed loop, summed");
            fio(probe, directory, cleanup, described);
            probe.roundTrip();
            final Limit limit = probe.take();
            final double others = ProcessorShare.read(PROC)
                    .othersSince(shareBefore, Set.of(ProcessHandle.current().pid()));
            final Histogram sum = sum(limit);
            final long writes = limit.deviceWrite().getTotalCount();
            described
                    .put("roundTripP50Micros", limit.roundTrip().getValueAtPercentile(50) / 1e3)
                    .put("roundTripP99Micros", limit.roundTrip().getValueAtPercentile(99) / 1e3)
                    .put("deviceWriteP50Micros", limit.deviceWrite().getValueAtPercentile(50) / 1e3)
                    .put("deviceWriteP99Micros", limit.deviceWrite().getValueAtPercentile(99) / 1e3);
            log.write("ack", sum, 0, seconds);
            told.put("claimsDurable", true)
                    .put("eventCount", writes)
                    .put("acknowledgedCount", writes)
                    .put("eventsPerSecond", 1e6 / (sum.getValueAtPercentile(50) / 1e3))
                    .put("complete", true)
                    .put("elapsedSeconds", seconds)
                    .put("othersShare", Math.max(limit.othersShare(), 0))
                    .put("othersShareWithEcho", others)
                    .put("flushes", stat.flushes())
                    .put("deviceWrites", stat.writes())
                    .put("deviceWrittenBytes", stat.writtenBytes())
                    .put("description", described);
        }
        return told;
    }

    private void fio(final LimitProbe probe, final Path directory, final Cleanup cleanup, final JsonObject described) {
        try {
            final DeviceFigures figures = Fio.find(directory, cleanup, terminal)
                    .write(probe.path(), new DeviceLoad.Load(4096, 1, LimitProbe.FILE_LENGTH), FIO_NS);
            described
                    .put("fioDsyncP50Micros", figures.p50())
                    .put("fioDsyncP99Micros", figures.p99())
                    .put("fioDsyncPerSecond", figures.operationsPerSecond());
        } catch (final IOException e) {
            described.put("fio", "skipped: " + e.getMessage());
        }
    }

    /** A histogram whose every percentile is the sum of the two. */
    static Histogram sum(final Limit limit) {
        final Histogram sum = OpenLoop.newHistogram();
        for (int i = 0; i < QUANTILES; i++) {
            final double percentile = 100.0 * (i + 0.5) / QUANTILES;
            sum.recordValue(Math.min(
                    OpenLoop.HIGHEST_NS,
                    limit.roundTrip().getValueAtPercentile(percentile)
                            + limit.deviceWrite().getValueAtPercentile(percentile)));
        }
        return sum;
    }
}
