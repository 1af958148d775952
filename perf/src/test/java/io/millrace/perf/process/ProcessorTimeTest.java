package io.millrace.perf.process;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processor times of all threads of some processes. */
@Timeout(20)
final class ProcessorTimeTest {
    @Test
    void shouldSumTheThreadsOfTheProcessesThatAreThere(@TempDir final Path proc) throws IOException {
        thread(proc, "7/task/7", "1000 100 5");
        thread(proc, "7/task/8", "2000 200 5");
        thread(proc, "9/task/9", "4000 400 5");
        thread(proc, "10/task/10", "no figures");
        assertEquals(new ProcessorTime(7_000, 700), ProcessorTime.of(proc, List.of(7L, 9L, 10L, 99L)));
    }

    @Test
    void shouldTellProcessorsAndWaitingThreads() {
        final ProcessorTime now = new ProcessorTime(3_000, 700);
        assertEquals(2, now.runningSince(new ProcessorTime(1_000, 200), 1_000));
        assertEquals(0.5, now.waitingSince(new ProcessorTime(1_000, 200), 1_000));
        assertEquals(0, now.runningSince(new ProcessorTime(9_000, 900), 1_000), "a thread has ended");
    }

    private static void thread(final Path proc, final String name, final String text) throws IOException {
        final Path directory = proc.resolve(name);
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("schedstat"), text + "\n");
    }
}
