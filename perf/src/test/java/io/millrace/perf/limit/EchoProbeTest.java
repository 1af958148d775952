package io.millrace.perf.limit;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.load.OpenLoop;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The round trip is really one to another process. */
@Timeout(60)
final class EchoProbeTest {
    @Test
    void shouldMeasureRoundTripsWhenEchoRunsInAnotherProcess() throws IOException {
        final Histogram histogram = OpenLoop.newHistogram();
        final long pid;
        try (EchoProbe probe = new EchoProbe(System.getProperty("java.class.path"), SystemNanoClock.INSTANCE)) {
            pid = probe.pid();
            // a busy machine may let neither process run for as long as one measurement takes
            final long deadlineNs = SystemNanoClock.INSTANCE.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            do {
                probe.measure(228, TimeUnit.MILLISECONDS.toNanos(300), histogram);
            } while (histogram.getTotalCount() <= 100 && SystemNanoClock.INSTANCE.nanoTime() < deadlineNs);
        }
        assertTrue(histogram.getTotalCount() > 100, histogram.getTotalCount() + " round trips in 30 s");
        assertTrue(histogram.getValueAtPercentile(50) > 1_000, "faster than a system call");
        final Optional<ProcessHandle> echo = ProcessHandle.of(pid);
        assertFalse(echo.isPresent() && echo.get().isAlive(), "the echo is left behind");
    }
}
