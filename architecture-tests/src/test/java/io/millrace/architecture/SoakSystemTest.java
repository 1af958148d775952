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

/** The rig's soak, short, with its own node process: the rig and the node fit each other. */
@Timeout(150)
final class SoakSystemTest {
    @Test
    void shouldLoseNothingWhenNodeIsKilledAgainAndAgain(@TempDir final Path directory)
            throws IOException, InterruptedException {
        final Path out = directory.resolve("out.json");
        final Path err = directory.resolve("err.txt");
        final Process process = new ProcessBuilder(RigProcess.command(
                        "bench",
                        "soak",
                        "--duration=14s",
                        "--kill-every=4s",
                        "--rate=3000",
                        "--journal=64MiB",
                        "--directory=" + Files.createDirectory(directory.resolve("data")),
                        "--output=json"))
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        try {
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> "still running: " + RigProcess.read(err));
            final String json = RigProcess.read(out);
            assertEquals(0, process.exitValue(), () -> json + RigProcess.read(err));
            assertTrue(json.contains("\"lost\":0,\"duplicatedOrOutOfOrder\":0,\"damaged\":0,"), json);
            assertTrue(json.matches("(?s).*\"kills\":[1-9].*\"verifications\":[1-9].*\"truncations\":[1-9].*"), json);
        } finally {
            process.destroy();
        }
    }
}
