package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code config check} and {@code config show}: all errors with their places, all values with their origins. */
@Timeout(60)
final class ConfigCommandsSystemTest {
    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldNameEveryErrorWithItsPlaceWhenTheFileHasSeveral() throws IOException {
        final Path file =
                Files.writeString(directory.resolve("node.toml"), "chains = 0\n[journal]\n  sise = \"64MiB\"\n");
        final CliProcess cli = new CliProcess(directory, "none");
        final CliProcess.Outcome words = cli.run("config", "check", "--config", file.toString());
        assertEquals(2, words.exitCode(), words::toString);
        assertTrue(words.errorText().contains(file + ":1:1: chains: 0 is not in its range"), words::toString);
        assertTrue(
                words.errorText().contains(file + ":3:3: unknown setting 'journal.sise'; did you mean 'journal.size'?"),
                words::toString);
        assertTrue(words.errorText().contains("2 errors"), words::toString);

        final CliProcess.Outcome json = cli.run("config", "check", "--config", file.toString(), "--output", "json");
        assertEquals(2, json.exitCode(), json::toString);
        final Map<String, String> told = json.json();
        assertEquals("false", told.get("sound"));
        final int unknown = ErrorCode.CONFIGURATION_UNKNOWN_KEY.id().equals(told.get("faults.0.code")) ? 0 : 1;
        assertEquals("3", told.get("faults." + unknown + ".line"));
        assertEquals("3", told.get("faults." + unknown + ".column"));
        assertEquals("journal.size", told.get("faults." + unknown + ".nearest"));
        assertEquals(
                ErrorCode.CONFIGURATION_NOT_FOUND.exitCode(),
                cli.run("config", "check", "--config", "missing.toml").exitCode());
    }

    @Test
    void shouldShowEveryValueWithItsOriginAndReadItsOwnOutputBack() throws IOException {
        final Path file = Files.writeString(directory.resolve("millrace.toml"), "[limits]\nreaders = 7\n");
        final CliProcess cli = new CliProcess(directory, "none").with("MILLRACE__JOURNAL__STALL_THRESHOLD", "30ms");
        final CliProcess.Outcome shown = cli.run("config", "show", "--set", "chains=3");
        shown.assertDone();
        assertTrue(shown.text().matches("(?s).*chains = 3 +# --set\\R.*"), shown::toString);
        assertTrue(shown.text().matches("(?s).*limits.readers = 7 +# millrace.toml:2:1\\R.*"), shown::toString);
        assertTrue(
                shown.text()
                        .matches("(?s).*journal.stall-threshold = \"30ms\" +"
                                + "# environment MILLRACE__JOURNAL__STALL_THRESHOLD\\R.*"),
                shown::toString);
        Files.writeString(file, shown.text());
        assertEquals(
                "true",
                cli.run("config", "check", "--output", "json")
                        .assertDone()
                        .json()
                        .get("sound"));
        final CliProcess.Outcome wrong = new CliProcess(directory, "none")
                .with("MILLRACE__JURNAL__SIZE", "1GiB")
                .run("config", "show");
        wrong.assertRefused(ErrorCode.CONFIGURATION_UNKNOWN_KEY);
        assertTrue(wrong.errorText().contains("did you mean 'MILLRACE__JOURNAL__SIZE'?"), wrong::toString);
    }
}
