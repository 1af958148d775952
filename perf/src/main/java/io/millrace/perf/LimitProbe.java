package io.millrace.perf;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.NanoClock;

/**
 * Measures the physical limit once: a fresh echo process for the round trip, then the device. Nothing of it runs while
 * the system under test is measured.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
final class LimitProbe implements AutoCloseable {
    /** Length of the file that is written to; the journal's zones are as long. */
    static final long FILE_LENGTH = 256L << 20;

    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(1000);
    private static final long MEASURE_NS = TimeUnit.MILLISECONDS.toNanos(2000);
    /** What an append adds to its payload on the wire: message header, fixed block, event frame. */
    private static final int FRAME_OVERHEAD = 128;

    private final NanoClock clock;
    private final int frameLength;
    private final ProbeFile file;

    /**
     * Prepares the file.
     *
     * @param directory on the file system of the journal.
     * @param eventLength bytes of an event.
     * @param clock of the measurement.
     * @throws IOException when the file cannot be made.
     */
    LimitProbe(final Path directory, final int eventLength, final NanoClock clock) throws IOException {
        this.clock = clock;
        this.frameLength = eventLength + FRAME_OVERHEAD;
        this.file = ProbeFile.create(directory.resolve("limit-probe"), FILE_LENGTH);
    }

    /**
     * Measures for about six seconds.
     *
     * @return the limit.
     * @throws IOException when the echo or the device fails.
     */
    Limit measure() throws IOException {
        final Histogram roundTrip = OpenLoop.newHistogram();
        final Histogram deviceWrite = OpenLoop.newHistogram();
        final Path proc = Path.of("/proc");
        final Set<Long> ours = new HashSet<>(Set.of(ProcessHandle.current().pid()));
        double others;
        try (EchoProbe echo = new EchoProbe(System.getProperty("java.class.path"), clock)) {
            ours.add(echo.pid());
            echo.measure(frameLength, WARM_UP_NS, OpenLoop.newHistogram());
            final ProcessorShare before = ProcessorShare.read(proc);
            echo.measure(frameLength, MEASURE_NS, roundTrip);
            others = ProcessorShare.read(proc).othersSince(before, ours);
        }
        try (DeviceProbe device = new DeviceProbe(file.open(), clock)) {
            device.measure(WARM_UP_NS, OpenLoop.newHistogram());
            final ProcessorShare before = ProcessorShare.read(proc);
            device.measure(MEASURE_NS, deviceWrite);
            others = Math.max(others, ProcessorShare.read(proc).othersSince(before, ours));
        }
        return new Limit(roundTrip, deviceWrite, others);
    }

    @Override
    public void close() {
        file.close();
    }
}
