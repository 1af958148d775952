package io.millrace.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.journal.faulty.FaultyDevice;
import io.millrace.perf.limit.DeviceFigures;
import io.millrace.perf.limit.DeviceLoad;
import io.millrace.perf.limit.Fio;
import io.millrace.perf.report.JsonFields;
import io.millrace.perf.report.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code bench journal}: small runs of the real thing, and the arithmetic of its report. */
@Timeout(120)
final class JournalBenchTest {
    private static final DeviceFigures OURS = new DeviceFigures(50, 200, 9_000, 36e6);
    private static final DeviceFigures PEER = new DeviceFigures(100, 100, 10_000, 40e6);

    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldReportDurableAppendsAndRecoveryWhenRunWithoutFio() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final ByteArrayOutputStream err = new ByteArrayOutputStream();
        final Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        final int exit = PerfMain.run(
                terminal,
                "bench",
                "journal",
                "--pairs=1",
                "--duration=50ms",
                "--file-size=64MiB",
                "--directory=" + directory,
                "--output=json");
        assertEquals(0, exit, err.toString(StandardCharsets.UTF_8));
        final JsonFields json = JsonFields.parse(out.toString(StandardCharsets.UTF_8));
        assertTrue(Double.parseDouble(json.get("eventsPerSecond", "0")) > 1_000, out.toString(StandardCharsets.UTF_8));
        assertTrue(Double.parseDouble(json.get("recoveryBytesPerSecond", "0")) > 1e6);
        assertTrue(Double.parseDouble(json.get("device.p50Micros", "0")) > 1);
        assertNull(json.get("ratio.p50"), "a ratio without a peer");
        assertEquals("1", json.get("runs"));
        assertTrue(json.get("durabilityMode", "").contains("DSYNC"));
        try (var left = Files.list(directory)) {
            assertEquals(0, left.count(), "files are left behind");
        }
    }

    @Test
    void shouldTakeMedianOfPairRatiosWhenRoundsDiffer() {
        final JournalBench.Pair half = new JournalBench.Pair(OURS, PEER);
        final JournalBench.Pair same = new JournalBench.Pair(PEER, PEER);
        final JournalReport report = new JournalReport(
                List.of(round(half, 0), round(same, 0), round(half, 0.04)), List.of(fill(0), fill(0.01)));
        final JsonFields json = JsonFields.parse(report.toJson().toString());
        assertEquals("0.5", json.get("ratio.p50"));
        assertEquals("2", json.get("ratio.p99"));
        assertEquals("0.9", json.get("ratio.iopsDepth8"));
        assertEquals("0.9", json.get("ratio.iopsDepth32"));
        assertEquals("0.9", json.get("ratio.bandwidth"));
        assertEquals("0.75", json.get("ratio.recoveryScan"));
        assertEquals("4000000", json.get("eventsPerSecond"));
        assertEquals("false", json.get("disturbed"));
        assertTrue(new JournalReport(List.of(round(half, 0.06)), List.of(fill(0))).isDisturbed());
        assertTrue(new JournalReport(List.of(round(half, 0)), List.of(fill(0.06))).isDisturbed());
    }

    @Test
    void shouldReadFiguresWhenFioReports() throws IOException {
        final String text = "fio: a warning\n{\"jobs\":[{\"write\":{\"bw_bytes\":1048576,\"iops\":256.5,"
                + "\"lat_ns\":{\"percentile\":{\"50.000000\":85504,\"99.000000\":123392}}}}]}";
        final DeviceFigures figures = Fio.parse(text, "write.");
        assertEquals(85.504, figures.p50(), 1e-9);
        assertEquals(123.392, figures.p99(), 1e-9);
        assertEquals(256.5, figures.operationsPerSecond(), 1e-9);
        assertEquals(1048576, figures.bytesPerSecond(), 1e-9);
        assertThrows(IOException.class, () -> Fio.parse(text, "read."));
        assertThrows(IOException.class, () -> Fio.parse("fio: no such file", "write."));
    }

    @Test
    void shouldFailWhenWriteOfTheLoadFails() {
        for (final int result : new int[] {-5, -61, 512, 0}) {
            final FaultyDevice device = new FaultyDevice(new byte[1 << 20], 1).failWrite(9, result, false);
            final DeviceLoad.Load load = new DeviceLoad.Load(4096, 4, 1 << 20);
            try (DeviceLoad loader = new DeviceLoad(device, load, SystemNanoClock.INSTANCE)) {
                assertThrows(IOException.class, () -> loader.run(TimeUnit.SECONDS.toNanos(1)), "result " + result);
            }
        }
    }

    @Test
    void shouldKeepItsDepthUnderWayWhenLoadRuns() throws IOException {
        final FaultyDevice device = new FaultyDevice(new byte[1 << 20], 1);
        final DeviceLoad.Load load = new DeviceLoad.Load(4096, 8, 1 << 20);
        try (DeviceLoad loader = new DeviceLoad(device, load, SystemNanoClock.INSTANCE)) {
            final DeviceFigures figures = loader.run(TimeUnit.MILLISECONDS.toNanos(20));
            assertTrue(figures.operationsPerSecond() > 100, figures.toString());
            assertEquals(figures.operationsPerSecond() * 4096, figures.bytesPerSecond(), 1e-3);
            assertFalse(figures.p99() < figures.p50(), figures.toString());
        }
    }

    private static JournalBench.Round round(final JournalBench.Pair pair, final double others) {
        return new JournalBench.Round(pair, pair, pair, pair, others);
    }

    private static JournalBench.Fill fill(final double others) {
        return new JournalBench.Fill(
                new AppendLoad.Appended(4e6, 0.001, 900), new AppendLoad.Recovered(30e6, 1 << 20), PEER, others);
    }
}
