package io.millrace.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.report.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Wrong usage is told as such. */
@Timeout(20)
final class PerfMainTest {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @Test
    void shouldExitWithTwoWhenUsageIsWrong() {
        assertEquals(2, run("bench", "latency", "--rate", "fast"));
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("'fast' is not a rate"));
        assertEquals(2, run("bench", "latency", "--colour"));
        assertEquals(2, run("bench", "latency", "--output", "xml"));
        assertEquals(2, run("bench"));
        assertEquals(2, run("nothing"));
        assertEquals("", out.toString(StandardCharsets.UTF_8));
    }

    @Test
    void shouldTakeNamesOfFaultsAsTheHelpWritesThem() {
        assertEquals(2, run("cluster", "demo", "--faults", "kill,Stop", "--rate", "fast"));
        assertTrue(err.toString(StandardCharsets.UTF_8).contains("'fast'"), err.toString(StandardCharsets.UTF_8));
        assertEquals(2, run("cluster", "demo", "--faults", "quake"));
    }

    private int run(final String... arguments) {
        final Terminal terminal = new Terminal(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false);
        return PerfMain.run(terminal, arguments);
    }
}
