package io.millrace.architecture;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
        final Process process = new ProcessBuilder(command(
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
            assertTrue(process.waitFor(120, TimeUnit.SECONDS), () -> "still running: " + read(err));
            final String json = read(out);
            assertEquals(0, process.exitValue(), () -> json + read(err));
            assertTrue(json.contains("\"lost\":0,\"duplicatedOrOutOfOrder\":0,\"damaged\":0,"), json);
            assertTrue(json.matches("(?s).*\"kills\":[1-9].*\"verifications\":[1-9].*\"truncations\":[1-9].*"), json);
        } finally {
            process.destroy();
        }
    }

    private static List<String> command(final String... arguments) {
        final String classPath = System.getProperty("java.class.path");
        final List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java",
                "--add-opens",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "--add-opens",
                "java.base/sun.nio.ch=ALL-UNNAMED",
                "-Xmx256m",
                "-Dmillrace.node.classpath=" + classPath,
                "-cp",
                classPath,
                "io.millrace.perf.PerfMain"));
        command.addAll(List.of(arguments));
        return command;
    }

    private static String read(final Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (final IOException e) {
            return e.toString();
        }
    }
}
