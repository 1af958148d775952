package io.millrace.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The short form of {@code cluster demo}: three real nodes, each killed once beside a load; and a fourth one, with
 * which they are changed as operators do it.
 */
@Timeout(300)
final class ClusterDemoSystemTest {
    private static String run(final Path directory, final String faults) throws IOException, InterruptedException {
        final Path out = directory.resolve("out.json");
        final Path err = directory.resolve("err.txt");
        final Process process = new ProcessBuilder(RigProcess.command(
                        "cluster",
                        "demo",
                        "--faults=" + faults,
                        "--rate=500",
                        "--journal-size=256MiB",
                        "--directory=" + Files.createDirectory(directory.resolve("data")),
                        "--output=json"))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertTrue(process.waitFor(270, TimeUnit.SECONDS), () -> "still running: " + RigProcess.read(err));
            final String json = RigProcess.read(out);
            assertEquals(0, process.exitValue(), () -> json + RigProcess.read(err));
            assertTrue(json.contains("\"lost\":0,\"duplicated\":0,\"outOfOrder\":0,"), json);
            assertTrue(json.matches("(?s).*\"acknowledged\":([1-9][0-9]*),\"readBack\":\\1,.*"), json);
            return json;
        } finally {
            process.destroy();
        }
    }

    @Test
    void shouldLoseNothingWhenEachNodeIsKilled(@TempDir final Path directory) throws IOException, InterruptedException {
        final String json = run(directory, "KILL");
        assertTrue(json.contains("\"kills\":3,"), json);
        assertTrue(json.contains("\"plannedChanges\":0,"), json);
    }

    @Test
    void shouldLoseNothingWhenNodesAreAddedDrainedRemovedAndReplaced(@TempDir final Path directory)
            throws IOException, InterruptedException {
        final String json = run(directory, "CHANGE");
        assertTrue(json.contains("\"kills\":0,"), json);
        assertTrue(json.contains("\"plannedChanges\":11,"), json);
        assertTrue(json.matches("(?s).*\"stallMillis\":\\{\"p50\":[0-9.]+,\"p90\":[0-9.]+,\"p99\":.*"), json);
        assertTrue(json.contains("\"epochsOfRemovals\":0,"), json);
    }
}
