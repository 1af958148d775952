package io.millrace.perf;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.DeviceFile;
import io.millrace.journal.DurabilityMode;
import io.millrace.journal.JournalContext;
import io.millrace.perf.limit.DeviceFigures;
import io.millrace.perf.limit.DeviceLoad;
import io.millrace.perf.limit.Fio;
import io.millrace.perf.process.ProcessorShare;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.NanoClock;
import org.jspecify.annotations.Nullable;

/**
 * The journal without a network: its device port beside fio on the same file, appends into it, and its recovery beside
 * fio's sequential read. What is compared runs seconds apart, never at the same time.
 *
 * <p><b>Threading:</b> the rig's thread is the device thread.
 */
final class JournalBench {
    private static final int GRANULE = 4096;
    private static final int MEBIBYTE = 1 << 20;
    private static final int BANDWIDTH_DEPTH = 4;
    private static final int READ_DEPTH = 8;
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(300);
    private static final Path PROC = Path.of("/proc");

    private final @Nullable Fio fio;
    private final Plan plan;
    private final NanoClock clock;

    /**
     * What is to be done.
     *
     * @param fileLength bytes of the file under the device port.
     * @param journalLength bytes of the journal that is filled.
     * @param durationNs of each load on the device.
     * @param eventLength bytes of an appended event.
     */
    record Plan(long fileLength, long journalLength, long durationNs, int eventLength) {}

    /**
     * One figure of ours and fio's.
     *
     * @param ours measured through the device port.
     * @param peer fio's, or null without it.
     */
    record Pair(DeviceFigures ours, @Nullable DeviceFigures peer) {}

    /**
     * One round of the device port.
     *
     * @param depth1 4 KiB, one write under way.
     * @param depth8 4 KiB, eight.
     * @param depth32 4 KiB, thirty-two.
     * @param mebibytes 1 MiB, four.
     * @param othersShare processor share of other processes, 0 … 1.
     */
    record Round(Pair depth1, Pair depth8, Pair depth32, Pair mebibytes, double othersShare) {}

    /**
     * One journal filled and recovered.
     *
     * @param appended events per second.
     * @param recovered bytes per second.
     * @param peer fio's sequential read of the same bytes, or null without it.
     * @param othersShare processor share of other processes, 0 … 1.
     */
    record Fill(
            AppendLoad.Appended appended,
            AppendLoad.Recovered recovered,
            @Nullable DeviceFigures peer,
            double othersShare) {}

    /**
     * Prepares a bench.
     *
     * @param fio the peer, or null.
     * @param plan what to do.
     * @param clock of the measurement.
     */
    JournalBench(final @Nullable Fio fio, final Plan plan, final NanoClock clock) {
        this.fio = fio;
        this.plan = plan;
        this.clock = clock;
    }

    /**
     * Names the backend and the durability mode that are measured.
     *
     * @param file of the device port.
     * @return one line.
     */
    static String describe(final Path file) {
        try (BlockDevice device = DeviceFile.open(new JournalContext().file(file), GRANULE)) {
            final DurabilityMode mode = device.durabilityMode();
            return "backend " + device.backendName() + ", " + mode.describe();
        }
    }

    /**
     * Does one round on the device port.
     *
     * @param file made as a journal is.
     * @param oursFirst the order within the pairs.
     * @return the figures.
     * @throws IOException when a write or fio fails.
     */
    Round round(final Path file, final boolean oursFirst) throws IOException {
        final ProcessorShare before = ProcessorShare.read(PROC);
        final Pair depth1 = pair(file, GRANULE, 1, oursFirst);
        final Pair depth8 = pair(file, GRANULE, 8, oursFirst);
        final Pair depth32 = pair(file, GRANULE, 32, oursFirst);
        final Pair mebibytes = pair(file, MEBIBYTE, BANDWIDTH_DEPTH, oursFirst);
        return new Round(depth1, depth8, depth32, mebibytes, othersSince(before));
    }

    /**
     * Fills a journal and recovers it.
     *
     * @param file must not exist; removed afterwards.
     * @return the figures.
     * @throws IOException when the journal fences, loses something, or fio fails.
     */
    Fill fill(final Path file) throws IOException {
        try {
            final AppendLoad load = new AppendLoad(file, plan.eventLength(), clock);
            final ProcessorShare before = ProcessorShare.read(PROC);
            final AppendLoad.Appended appended = load.append(plan.journalLength());
            final AppendLoad.Recovered recovered = load.recover();
            final DeviceFigures peer = fio == null
                    ? null
                    : fio.read(file, new DeviceLoad.Load(MEBIBYTE, READ_DEPTH, recovered.scannedBytes()));
            return new Fill(appended, recovered, peer, othersSince(before));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private Pair pair(final Path file, final int blockLength, final int depth, final boolean oursFirst)
            throws IOException {
        final DeviceLoad.Load load = new DeviceLoad.Load(blockLength, depth, plan.fileLength());
        if (fio == null) {
            return new Pair(ours(file, load), null);
        }
        if (oursFirst) {
            final DeviceFigures ours = ours(file, load);
            return new Pair(ours, fio.write(file, load, plan.durationNs()));
        }
        final DeviceFigures peer = fio.write(file, load, plan.durationNs());
        return new Pair(ours(file, load), peer);
    }

    private DeviceFigures ours(final Path file, final DeviceLoad.Load load) throws IOException {
        final BlockDevice device = DeviceFile.open(new JournalContext().file(file), load.arenaLength());
        try (DeviceLoad loader = new DeviceLoad(device, load, clock)) {
            loader.run(WARM_UP_NS);
            return loader.run(plan.durationNs());
        }
    }

    private static double othersSince(final ProcessorShare before) {
        return ProcessorShare.read(PROC)
                .othersSince(before, Set.of(ProcessHandle.current().pid()));
    }
}
