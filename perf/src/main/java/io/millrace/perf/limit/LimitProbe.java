package io.millrace.perf.limit;

import io.millrace.perf.load.OpenLoop;
import io.millrace.perf.process.ProcessorShare;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.CloseHelper;
import org.agrona.concurrent.NanoClock;

/**
 * Measures the physical limit of one run, in the same minutes: the round trip against a fresh echo process before and
 * after it, the device between its parts, because a shared device's speed drifts from second to second. Nothing of it
 * runs while the system under test is measured.
 *
 * <p><b>Threading:</b> the rig's thread.
 */
public final class LimitProbe implements AutoCloseable {
    /** Length of the file that is written to; the journal's zones are as long. */
    public static final long FILE_LENGTH = 256L << 20;

    private static final Path PROC = Path.of("/proc");
    private static final long WARM_UP_NS = TimeUnit.MILLISECONDS.toNanos(1000);
    private static final long MEASURE_NS = TimeUnit.MILLISECONDS.toNanos(2000);
    private static final long DEVICE_NS = TimeUnit.MILLISECONDS.toNanos(500);
    /** What an append adds to its payload on the wire: message header, fixed block, event frame. */
    private static final int FRAME_OVERHEAD = 128;

    private final NanoClock clock;
    private final int frameLength;
    private final ProbeFile file;
    private final DeviceProbe device;
    private Histogram roundTrip = OpenLoop.newHistogram();
    private Histogram deviceWrite = OpenLoop.newHistogram();
    private double othersShare;

    /**
     * Makes the file and warms the device's path up.
     *
     * @param directory on the file system of the journal.
     * @param eventLength bytes of an event.
     * @param clock of the measurement.
     * @throws IOException when the file cannot be made or written.
     */
    public LimitProbe(final Path directory, final int eventLength, final NanoClock clock) throws IOException {
        this.clock = clock;
        this.frameLength = eventLength + FRAME_OVERHEAD;
        this.file = ProbeFile.create(directory.resolve("limit-probe"), FILE_LENGTH);
        DeviceProbe opened = null;
        try {
            opened = new DeviceProbe(file.open(), clock);
            opened.measure(WARM_UP_NS, OpenLoop.newHistogram());
        } catch (final IOException | RuntimeException e) {
            CloseHelper.quietCloseAll(opened, file);
            throw e;
        }
        device = opened;
    }

    /**
     * Measures round trips for about four seconds.
     *
     * @throws IOException when the echo fails.
     */
    public void roundTrip() throws IOException {
        try (EchoProbe echo = new EchoProbe(System.getProperty("java.class.path"), clock)) {
            final Set<Long> ours = Set.of(ProcessHandle.current().pid(), echo.pid());
            echo.measure(frameLength, WARM_UP_NS, OpenLoop.newHistogram());
            final ProcessorShare before = ProcessorShare.read(PROC);
            echo.measure(frameLength, MEASURE_NS, roundTrip);
            othersShare = Math.max(othersShare, ProcessorShare.read(PROC).othersSince(before, ours));
        }
    }

    /**
     * Measures durable writes for half a second; the caller watches for other processes.
     *
     * @throws IOException when the device fails.
     */
    public void deviceWrite() throws IOException {
        device.measure(DEVICE_NS, deviceWrite);
    }

    /**
     * Writes as {@link #deviceWrite} does and forgets the times.
     *
     * @throws IOException when the device fails.
     */
    public void warmUpWrite() throws IOException {
        device.measure(DEVICE_NS, OpenLoop.newHistogram());
    }

    /** The file that is written to, for another program to measure. */
    public Path path() {
        return file.path();
    }

    /**
     * Ends a run's measurement; the next begins empty.
     *
     * @return what was measured since the last call.
     */
    public Limit take() {
        final Limit taken = new Limit(roundTrip, deviceWrite, othersShare);
        roundTrip = OpenLoop.newHistogram();
        deviceWrite = OpenLoop.newHistogram();
        othersShare = 0;
        return taken;
    }

    @Override
    public void close() {
        device.close();
        file.close();
    }
}
