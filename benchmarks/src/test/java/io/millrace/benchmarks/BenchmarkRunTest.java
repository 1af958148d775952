package io.millrace.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.journal.uring.UringDevice;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark still runs, for an instant, in this JVM: what only compiles has rotted. */
final class BenchmarkRunTest {
    @Test
    @Timeout(180)
    void shouldGiveAFigureWhenEachBenchmarkRunsForAnInstant() throws RunnerException {
        final ChainedOptionsBuilder options = new OptionsBuilder()
                .include("io\\.millrace\\..*Benchmark")
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(1))
                .param("lengthBytes", "200")
                .param("writers", "16")
                .param("entries", "1000")
                .param("batches", "1000")
                .param("medium", "file")
                .verbosity(VerboseMode.SILENT)
                .shouldFailOnError(true);
        if (UringDevice.probe() != 0) {
            options.exclude("RingBenchmark");
        }
        final Collection<RunResult> results = new Runner(options.build()).run();
        final List<BenchmarkRow> rows = BenchmarkRow.of(results);
        for (final BenchmarkRow row : rows) {
            assertTrue(row.score() > 0, row::toString);
        }
        final long expected = BenchmarkMain.names().stream()
                .filter(name -> UringDevice.probe() == 0 || !name.contains("RingBenchmark"))
                .count();
        assertEquals(
                expected,
                rows.stream().map(BenchmarkRow::name).distinct().count(),
                () -> rows + " of " + BenchmarkMain.names());
        assertTrue(expected >= 20, BenchmarkMain.names()::toString);
    }

    @Test
    @Timeout(10)
    void shouldBeOneObjectWhenRowsAreWrittenAsJson() {
        final BenchmarkRow row = new BenchmarkRow("ABenchmark.b", "n=1", 2.5, Double.NaN, 2, 3, "ns/op", 0);
        assertEquals(
                "{\"rows\":[{\"benchmark\":\"ABenchmark.b\",\"parameters\":\"n=1\",\"mean\":2.500,\"error\":null,"
                        + "\"p50\":2.000,\"p99\":3.000,\"unit\":\"ns/op\",\"allocatedBytesPerOperation\":0.000}]}",
                BenchmarkRow.json(List.of(row)));
        assertTrue(BenchmarkRow.table(List.of(row)).contains("ABenchmark.b"));
    }
}
