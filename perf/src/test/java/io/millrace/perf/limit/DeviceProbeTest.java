package io.millrace.perf.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.journal.BlockDevice;
import io.millrace.journal.CompletionHandler;
import io.millrace.journal.DurabilityMode;
import io.millrace.perf.load.ManualClock;
import io.millrace.perf.load.OpenLoop;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The device's share of the limit is measured one write at a time, and a failed write ends it. */
@Timeout(60)
final class DeviceProbeTest {
    private static final int GRANULE = 4096;

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldMeasureRealWritesWhenFileIsLikeAJournal() throws IOException {
        final Path path = directory.resolve("limit-probe");
        final Histogram histogram = OpenLoop.newHistogram();
        try (ProbeFile file = ProbeFile.create(path, 64L << 20)) {
            for (int phase = 0; phase < 2; phase++) {
                try (DeviceProbe probe = new DeviceProbe(file.open(), SystemNanoClock.INSTANCE)) {
                    probe.measure(TimeUnit.MILLISECONDS.toNanos(100), histogram);
                }
            }
        }
        assertTrue(histogram.getTotalCount() > 2, histogram.getTotalCount() + " writes in 200 ms");
        assertTrue(histogram.getMinNonZeroValue() > 1_000, "faster than a system call");
        assertFalse(Files.exists(path));
    }

    @Test
    void shouldTakeTimeOfEachWriteWhenAddressesGoRound() throws IOException {
        final ManualClock clock = new ManualClock(10);
        final FakeDevice device = new FakeDevice(clock, GRANULE);
        final Histogram histogram = OpenLoop.newHistogram();
        try (DeviceProbe probe = new DeviceProbe(device, clock)) {
            probe.measure(1_000_000, histogram);
        }
        assertEquals(80, histogram.getValueAtPercentile(50) / 1e3, 1);
        assertEquals(13, histogram.getTotalCount());
        assertEquals(3L * GRANULE, device.highestAddress);
        assertTrue(device.closed);
    }

    @Test
    void shouldFailWhenWriteIsShortOrRefused() {
        final ManualClock clock = new ManualClock(10);
        for (final int result : new int[] {-5, 512, 0}) {
            try (DeviceProbe probe = new DeviceProbe(new FakeDevice(clock, result), clock)) {
                assertThrows(IOException.class, () -> probe.measure(1_000_000, OpenLoop.newHistogram()));
            }
        }
    }

    /** Completes each write after 80 us with a given result; four granules long. */
    private static final class FakeDevice implements BlockDevice {
        private final ManualClock clock;
        private final int result;
        private long highestAddress;
        private boolean underWay;
        private boolean closed;

        private FakeDevice(final ManualClock clock, final int result) {
            this.clock = clock;
            this.result = result;
        }

        @Override
        public int granule() {
            return GRANULE;
        }

        @Override
        public long length() {
            return 4L * GRANULE;
        }

        @Override
        public String description() {
            return "fake";
        }

        @Override
        public DurabilityMode durabilityMode() {
            return new DurabilityMode("none", false, "fake", DurabilityMode.UNKNOWN, DurabilityMode.UNKNOWN);
        }

        @Override
        public String backendName() {
            return "fake";
        }

        @Override
        public void register(final ByteBuffer arena) {
            assertTrue(arena.isDirect());
        }

        @Override
        public boolean submitWrite(final int arenaIndex, final int length, final long address, final long token) {
            assertFalse(underWay, "more than one write under way");
            assertEquals(GRANULE, length);
            highestAddress = Math.max(highestAddress, address);
            underWay = true;
            return true;
        }

        @Override
        public boolean submitRead(final int arenaIndex, final int length, final long address, final long token) {
            return false;
        }

        @Override
        public int flush() {
            return 1;
        }

        @Override
        public int poll(final CompletionHandler handler, final int limit) {
            clock.advance(80_000);
            underWay = false;
            handler.onCompletion(1, result);
            return 1;
        }

        @Override
        public int await(final long timeoutNs) {
            return 0;
        }

        @Override
        public boolean watch(final int fileDescriptor) {
            return false;
        }

        @Override
        public void unwatch(final int fileDescriptor) {}

        @Override
        public void sync() {}

        @Override
        public void close() {
            closed = true;
        }
    }
}
