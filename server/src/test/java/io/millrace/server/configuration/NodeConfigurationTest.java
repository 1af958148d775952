package io.millrace.server.configuration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link NodeConfiguration}: values, units, and messages that lead to the mistake. */
@Timeout(20)
final class NodeConfigurationTest {
    @TempDir
    Path directory = Path.of("");

    @Test
    void shouldHaveDefaultsInTheirRangesWhenNothingIsSet() {
        final NodeConfiguration configuration = NodeConfiguration.builder().conclude();

        assertEquals(4L << 30, configuration.number(Setting.JOURNAL_SIZE));
        assertEquals(8, configuration.integer(Setting.CHAINS));
        assertEquals(NodeConfiguration.AUTO, configuration.number(Setting.TRANSPORT_MTU));
        assertEquals("127.0.0.1", configuration.listenHost());
        assertEquals("default", configuration.origin(Setting.CHAINS));
        assertTrue(configuration.journalPath().endsWith("millrace-data/journal.millrace"));
    }

    @Test
    void shouldKeepTheNumberOfSettingsReadable() {
        assertTrue(Setting.values().length <= 40);
        assertEquals(
                Setting.values().length,
                Arrays.stream(Setting.values()).map(Setting::key).distinct().count());
    }

    @Test
    void shouldTakeValuesFromTheFileAndLetOptionsWin() throws IOException {
        final Path file = write("""
                chains = 4
                [journal]
                size = "64MiB"
                zone-size = "8MiB"
                [session]
                timeout = "250ms"
                heartbeat = "20ms"
                """);
        final NodeConfiguration configuration = NodeConfiguration.builder()
                .file(file)
                .set("journal.size", "128MiB", "--set")
                .conclude();

        assertEquals(4, configuration.integer(Setting.CHAINS));
        assertEquals(128L << 20, configuration.number(Setting.JOURNAL_SIZE));
        assertEquals(250_000_000L, configuration.number(Setting.SESSION_TIMEOUT));
        assertEquals("--set", configuration.origin(Setting.JOURNAL_SIZE));
        assertEquals(file + ":1:1", configuration.origin(Setting.CHAINS));
    }

    @Test
    void shouldNameLineColumnAndNearestKeyWhenKeyIsUnknown() throws IOException {
        final Path file = write("[journal]\n  sise = \"64MiB\"\n");

        final MillraceException failure = assertThrows(
                MillraceException.class, () -> NodeConfiguration.builder().file(file));

        assertEquals(ErrorCode.CONFIGURATION_UNKNOWN_KEY, failure.code());
        assertTrue(
                message(failure).contains(file + ":2:3: unknown setting 'journal.sise'; did you mean 'journal.size'?"),
                message(failure));
    }

    @Test
    void shouldFindTheSettingWhenOnlyItsTableIsWrong() throws IOException {
        final Path file = write("size = \"64MiB\"\n");

        final MillraceException failure = assertThrows(
                MillraceException.class, () -> NodeConfiguration.builder().file(file));

        assertTrue(message(failure).contains("did you mean 'journal.size'"), message(failure));
    }

    @Test
    void shouldRejectAnEmptyTableWhenItsNameIsUnknown() throws IOException {
        final Path file = write("[jurnal]\n");

        assertEquals(
                ErrorCode.CONFIGURATION_UNKNOWN_KEY,
                assertThrows(MillraceException.class, () -> NodeConfiguration.builder()
                                .file(file))
                        .code());
    }

    @ParameterizedTest
    @CsvSource({
        "chains = 0, 1:1",
        "chains = \"8\", 1:1",
        "chains = [1], 1:1",
        "'journal.size = \"64KB\"', 1:1",
        "'journal.size = \"5\"', 1:1",
        "'session.timeout = 5', 1:1",
        "'session.timeout = \"5 parsec\"', 1:1",
        "'idle.policy = \"sleepy\"', 1:1",
        "'listen.endpoint = \"localhost\"', 1:1",
        "'listen.endpoint = \"localhost:70000\"', 1:1",
        "'node.name = \"a b\"', 1:1",
        "node.name = true, 1:1",
        "journal.granule = 5000, 1:1",
    })
    void shouldNameFileAndPlaceWhenValueIsWrong(final String line, final String place) throws IOException {
        final Path file = write(line + "\n");

        final MillraceException failure = assertThrows(
                MillraceException.class,
                () -> NodeConfiguration.builder().file(file).conclude());

        assertEquals(ErrorCode.CONFIGURATION_VALUE, failure.code());
        assertTrue(message(failure).contains(file + ":" + place), message(failure));
    }

    @Test
    void shouldNameTheLineWhenFileIsNotToml() throws IOException {
        final Path file = write("chains = 8\nnode.name = \n");

        final MillraceException failure = assertThrows(
                MillraceException.class, () -> NodeConfiguration.builder().file(file));

        assertEquals(ErrorCode.CONFIGURATION_SYNTAX, failure.code());
        assertTrue(message(failure).contains(file + ":2:"), message(failure));
    }

    @Test
    void shouldSayThatTheFileIsMissing() {
        final Path missing = directory.resolve("none.toml");

        assertEquals(
                ErrorCode.CONFIGURATION_NOT_FOUND,
                assertThrows(MillraceException.class, () -> NodeConfiguration.builder()
                                .file(missing))
                        .code());
    }

    @ParameterizedTest
    @CsvSource({
        "transport.window, 1MiB",
        "journal.zone-size, 4GiB",
        "journal.zone-size, 2097664B",
        "session.heartbeat, 4s",
    })
    void shouldRefuseWhenTwoSettingsContradictEachOther(final String key, final String value) {
        final NodeConfiguration.Builder builder = NodeConfiguration.builder().set("journal.size", "4GiB", "--set");
        final MillraceException failure = assertThrows(
                MillraceException.class, () -> builder.set(key, value, "--set").conclude());

        assertTrue(
                failure.code() == ErrorCode.CONFIGURATION_CONFLICT || failure.code() == ErrorCode.CONFIGURATION_VALUE);
        assertTrue(message(failure).contains(key), message(failure));
    }

    @Test
    void shouldTakeTheEnvironmentAboveTheFileAndBelowOptions() throws IOException {
        final Path file = write("chains = 4\njournal.zone-size = \"8MiB\"\njournal.size = \"64MiB\"\n");
        final NodeConfiguration configuration = NodeConfiguration.builder()
                .file(file)
                .environment(Map.of(
                        "MILLRACE__CHAINS", "5",
                        "MILLRACE__JOURNAL__ZONE_SIZE", "4MiB",
                        "MILLRACE_CONNECT", "not a setting"))
                .set("chains", "6", "--set")
                .conclude();

        assertEquals(6, configuration.integer(Setting.CHAINS));
        assertEquals("--set", configuration.origin(Setting.CHAINS));
        assertEquals(4L << 20, configuration.number(Setting.JOURNAL_ZONE_SIZE));
        assertEquals("environment MILLRACE__JOURNAL__ZONE_SIZE", configuration.origin(Setting.JOURNAL_ZONE_SIZE));
        assertEquals(file + ":3:1", configuration.origin(Setting.JOURNAL_SIZE));
        assertEquals("64MiB", configuration.shown(Setting.JOURNAL_SIZE));
    }

    @ParameterizedTest
    @CsvSource({
        "MILLRACE__JOURNAL__SISE, MILLRACE__JOURNAL__SIZE",
        "MILLRACE__JOURNAL__ZONE__SIZE, MILLRACE__JOURNAL__ZONE_SIZE",
        "MILLRACE__journal__size, MILLRACE__JOURNAL__SIZE",
    })
    void shouldNameTheNearestVariableWhenOneOfTheEnvironmentIsUnknown(final String name, final String nearest) {
        final MillraceException failure = assertThrows(
                MillraceException.class, () -> NodeConfiguration.builder().environment(Map.of(name, "64MiB")));

        assertEquals(ErrorCode.CONFIGURATION_UNKNOWN_KEY, failure.code());
        assertTrue(message(failure).contains("environment " + name + ": unknown setting"), message(failure));
        assertTrue(message(failure).contains("did you mean '" + nearest + "'?"), message(failure));
    }

    @Test
    void shouldFindEveryFaultWhenNotOnlyTheFirstIsWanted() throws IOException {
        final Path file = write("chains = 0\n[journal]\n  sise = 1\nsize = true\n[jurnal]\n");
        final List<ConfigurationFault> faults = new ArrayList<>();

        final NodeConfiguration configuration = NodeConfiguration.builder(faults::add)
                .file(file)
                .environment(Map.of("MILLRACE__CHAINS", "many"))
                .set("node.nam", "x", "--set")
                .conclude();

        assertEquals(
                List.of("1:1", "3:3", "4:1", "5:1", "0:0", "0:0"),
                faults.stream()
                        .map(fault ->
                                fault.origin().line() + ":" + fault.origin().column())
                        .sorted(Comparator.comparing(place -> place.startsWith("0") ? 1 : 0))
                        .toList(),
                faults::toString);
        assertEquals("node.name", faults.get(faults.size() - 1).nearest());
        assertEquals(8, configuration.integer(Setting.CHAINS), "a faulty value changes nothing");
    }

    @ParameterizedTest
    @CsvSource({"dedicated, 3, /a", "dedicated, 0-1, '/a,/b'", "auto, 2-3, '/a,/b'"})
    void shouldFindTooFewCpusWhateverTheHostHas(final String threading, final String cpus, final String journals) {
        final List<ConfigurationFault> faults = new ArrayList<>();
        NodeConfiguration.builder(faults::add)
                .set("threading", threading, "--set")
                .set("cpus", cpus, "--set")
                .set(journals.contains(",") ? "journal.paths" : "journal.path", journals, "--set")
                .conclude();

        assertEquals(1, faults.size(), faults::toString);
        assertEquals(ErrorCode.CONFIGURATION_CONFLICT, faults.get(0).code());
        assertTrue(faults.get(0).message().contains("cpus = " + cpus), faults::toString);
    }

    @Test
    void shouldFindEveryContradictionWhenValuesAloneAreRight() {
        final List<ConfigurationFault> faults = new ArrayList<>();
        NodeConfiguration.builder(faults::add)
                .set("journal.granule", "5000", "--set")
                .set("session.heartbeat", "4s", "--set")
                .conclude();
        assertTrue(faults.size() >= 2, faults::toString);
        assertTrue(faults.stream().anyMatch(fault -> fault.code() == ErrorCode.CONFIGURATION_CONFLICT));
    }

    @Test
    void shouldKeepTheDocumentTrue() throws IOException {
        final Path document = Path.of(System.getProperty("millrace.root", ".."), "docs", "configuration.md");
        final String wanted = ConfigurationDocument.render();
        if (System.getenv("MILLRACE_UPDATE_DOCUMENTS") != null) {
            Files.createDirectories(document.getParent());
            Files.writeString(document, wanted);
        }
        assertEquals(
                wanted,
                Files.readString(document),
                "docs/configuration.md differs from Setting.java: run the test once with MILLRACE_UPDATE_DOCUMENTS=1");
    }

    @Test
    void shouldReadTheFileThatTheDocumentShows() throws IOException {
        final String document = ConfigurationDocument.render();
        final int begin = document.indexOf("```toml\n") + 8;
        final Path file = write(document.substring(begin, document.indexOf("```", begin)));

        final NodeConfiguration configuration =
                NodeConfiguration.builder().file(file).conclude();

        assertEquals(1L << 20, configuration.number(Setting.TRANSPORT_TERM_LENGTH));
    }

    private Path write(final String text) throws IOException {
        return Files.writeString(directory.resolve("millrace.toml"), text);
    }

    private static String message(final MillraceException failure) {
        return String.valueOf(failure.getMessage());
    }
}
