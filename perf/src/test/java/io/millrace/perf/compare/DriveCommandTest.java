package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.perf.report.JsonFields;
import io.millrace.perf.report.Terminal;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.agrona.concurrent.SystemNanoClock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A run tells what it did; the null system stands for all, since it needs nothing. */
@Timeout(60)
final class DriveCommandTest {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldTellFiguresAndHistogramsWhenItIsThrough() throws IOException {
        final Run run = drive("null", "append", "--rate=5000");
        assertTrue(run.isComplete());
        assertFalse(run.isDurable(), "it does not even claim it");
        assertEquals("2000", run.told().get("acknowledgedCount"));
        assertEquals(
                2000,
                run.totals().getOrDefault("ack", HistogramLog.sum(List.of())).getTotalCount());
        assertNotNull(run.told().get("rigP50Micros"));
        assertNotNull(run.told().get("description.what"));
    }

    @Test
    void shouldMeasureOneAtATimeWhenTheLoopIsClosed() throws IOException {
        final Run run = drive("null", "closed", "--rate=0");
        assertTrue(run.isComplete());
        assertTrue(run.figure("eventsPerSecond") > 0);
        assertTrue(run.totals().containsKey("ack"));
    }

    @Test
    void shouldTellWhyWhenItCannotBeMeasured() throws IOException {
        assertEquals(
                "cannot do it: tail",
                drive("null", "tail", "--rate=5000").told().get("skipped"));
        final String missing = drive("nobody", "append", "--rate=5000").told().get("skipped", "");
        assertTrue(
                missing.startsWith("no such system on the class path, there are [millrace-1, millrace-3, null]"),
                missing);
        assertEquals(
                "the limit is that of one append at a time",
                drive("limit", "search", "--rate=0").told().get("skipped"));
    }

    @Test
    void shouldTellWhyWhenItHasNotSoManyOfThem() throws IOException {
        assertEquals(
                "cannot do it: more than one stream",
                drive("null", "append", "--rate=5000", "--streams=10").told().get("skipped"));
        assertEquals(
                "cannot do it: more than one writer",
                drive("null", "append", "--rate=5000", "--writers=2").told().get("skipped"));
    }

    private Run drive(final String system, final String mode, final String... further) throws IOException {
        final Path data = Files.createTempDirectory(directory, "data");
        final Path result = data.resolveSibling(data.getFileName() + ".json");
        final Path log = data.resolveSibling(data.getFileName() + ".hlog");
        final Terminal terminal = new Terminal(
                new PrintStream(PrintStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                new PrintStream(PrintStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                false);
        final List<String> arguments = new ArrayList<>(List.of(
                "--system=" + system,
                "--mode=" + mode,
                "--duration=400ms",
                "--warmup=100ms",
                "--directory=" + data,
                "--result=" + result,
                "--log=" + log));
        arguments.addAll(List.of(further));
        assertEquals(
                0,
                new CommandLine(new DriveCommand(terminal, SystemNanoClock.INSTANCE))
                        .execute(arguments.toArray(new String[0])));
        assertTrue(JsonFields.parse(Files.readString(result).strip()) != null);
        return Run.read(result, log, true);
    }
}
