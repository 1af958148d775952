package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.client.StreamConfiguration;
import io.millrace.codec.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@code journal dump} and {@code journal verify} on the journal of a real node, whole, torn and damaged. */
@Timeout(90)
final class JournalCommandsSystemTest {
    private static final int EVENTS = 60;
    private static final int INSIDE_EVENT = 200;
    private static final int GRANULE = 4096;
    private static NodeProcess node;
    private static CliProcess cli;

    @BeforeAll
    static void write() {
        node = NodeProcess.create()
                .with("journal.size=32MiB")
                .with("journal.zone-size=4MiB")
                .start();
        cli = new CliProcess(node.directory(), "none");
        try (Millrace millrace = NodeSystemTest.connect(node)) {
            millrace.streams().createStream("journal/events", StreamConfiguration.fixed(1));
            NodeSystemTest.appendAll(millrace, "journal/events", EVENTS, 100);
        }
        node.kill();
    }

    @AfterAll
    static void remove() {
        node.close();
    }

    @Test
    void shouldTellEverythingAndEndWithZeroWhenTheJournalIsSound() {
        final Map<String, String> verified = json(0, "verify", node.journal());
        assertEquals("true", verified.get("sound"));
        assertEquals("CLEAN", verified.get("tail"));
        assertTrue(verified.keySet().stream().noneMatch(path -> path.startsWith("error")), verified::toString);
        final Map<String, String> dumped = json(0, "dump", node.journal(), "--records");
        assertEquals(verified.get("recordCount"), dumped.get("recordCount"));
        final long appends = dumped.entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(".kind") && "APPEND".equals(entry.getValue()))
                .count();
        assertEquals(EVENTS, appends);
        final CliProcess.Outcome lines = cli.run(
                        "journal", "dump", node.journal().toString(), "--records")
                .assertDone();
        assertEquals(
                EVENTS,
                lines.text().lines().filter(line -> line.contains(" APPEND, ")).count());
        final CliProcess.Outcome words =
                cli.run("journal", "verify", node.journal().toString()).assertDone();
        assertTrue(words.text().contains(" is sound: "), words::toString);
    }

    @Test
    void shouldReportTheCutAndEndWithZeroWhenTheLastBatchIsTorn() throws IOException {
        final byte[] bytes = Files.readAllBytes(node.journal());
        final int end = lastByte(bytes);
        for (int i = 0; i < 16; i++) {
            bytes[end - i] = 0;
        }
        final Path torn = Files.write(node.directory().resolve("torn"), bytes);
        final String address = Long.toString(end / GRANULE * (long) GRANULE);
        for (final String command : new String[] {"verify", "dump"}) {
            final Map<String, String> told = json(0, command, torn);
            assertEquals("UNCERTAIN", told.get("tail"));
            assertEquals(address, told.get("endAddress"));
            assertEquals(ErrorCode.JOURNAL_TORN.id(), told.get("notice.code"));
        }
        final CliProcess.Outcome words =
                cli.run("journal", "verify", torn.toString()).assertDone();
        assertTrue(words.errorText().contains(ErrorCode.JOURNAL_TORN.id()), words::toString);
        assertArrayEquals(bytes, Files.readAllBytes(torn), "nothing is changed");
    }

    @Test
    void shouldNameTheBatchAndEndWithOneWhenABitFlippedInTheMiddle() throws IOException {
        final byte[] bytes = Files.readAllBytes(node.journal());
        final int at = (lastByte(bytes) / GRANULE - EVENTS / 2) * GRANULE + 60; // in a header
        bytes[at] ^= 4;
        final Path damaged = Files.write(node.directory().resolve("damaged"), bytes);
        final String address = Long.toString(at / GRANULE * (long) GRANULE);
        for (final String command : new String[] {"verify", "dump"}) {
            final Map<String, String> told = json(1, command, damaged);
            assertEquals("false", told.get("sound"));
            assertEquals(ErrorCode.JOURNAL_CORRUPT.id(), told.get("error.code"));
            assertEquals(address, told.get("endAddress"));
            assertTrue(String.valueOf(told.get("error.message")).contains("address " + address), told::toString);
            assertTrue(String.valueOf(told.get("error.message")).contains(damaged.toString()), told::toString);
        }
        cli.run("journal", "verify", damaged.toString()).assertRefused(ErrorCode.JOURNAL_CORRUPT);
        assertArrayEquals(bytes, Files.readAllBytes(damaged), "nothing is changed");
    }

    @Test
    void shouldSayWhatIsHurtAndWhatACutWouldLoseButChangeNothingWhenARepairIsAskedFor() throws IOException {
        final byte[] bytes = Files.readAllBytes(node.journal());
        int middle = (lastByte(bytes) / GRANULE - EVENTS / 2) * GRANULE;
        while (bytes[middle + INSIDE_EVENT] == 0) {
            middle -= GRANULE; // the mark of an instant without events has nothing there
        }
        final int at = middle;
        bytes[at + INSIDE_EVENT] ^= 4;
        final Path damaged = Files.write(node.directory().resolve("hurt"), bytes);
        final Map<String, String> told = json(1, "repair", damaged, "--dry-run");
        assertEquals(ErrorCode.JOURNAL_CORRUPT.id(), told.get("error.code"));
        assertEquals(Integer.toString(at), told.get("damaged.0.address"));
        assertEquals(Integer.toString(GRANULE), told.get("damaged.0.bytes"));
        assertEquals(told.get("endSequence"), told.get("damaged.0.firstBatch"));
        assertEquals(told.get("endSequence"), told.get("damaged.0.lastBatch"));
        assertEquals(null, told.get("damaged.1.address"));
        final Map<String, String> whole = json(0, "verify", node.journal());
        assertEquals(
                number(whole, "batchCount"),
                number(told, "batchCount") + 1 + number(told, "unharmedBehind.batchCount"),
                "every batch is before, in or behind the damage");
        assertEquals("1", told.get("chains.0.damagedPositions"), told::toString);
        assertEquals(
                number(told, "chains.0.lastPosition") - number(told, "chains.0.lastPositionBefore"),
                number(told, "chains.0.lostByCut"));
        cli.run("journal", "repair", damaged.toString()).assertRefused(ErrorCode.REPAIR_IMPOSSIBLE);
        final CliProcess.Outcome words = cli.run("journal", "repair", damaged.toString(), "--dry-run");
        assertEquals(1, words.exitCode(), words::toString);
        assertTrue(words.text().contains("damaged: addresses " + at + " to " + (at + GRANULE)), words::toString);
        assertArrayEquals(bytes, Files.readAllBytes(damaged), "nothing is changed");
        assertEquals(
                "nothing: the journal is sound",
                json(0, "repair", node.journal()).get("action"));
    }

    private static long number(final Map<String, String> values, final String path) {
        return Long.parseLong(values.getOrDefault(path, "-1"));
    }

    @Test
    void shouldRefuseByNameWhenThereIsNoJournalInTheFile() throws IOException {
        final Path missing = node.directory().resolve("missing");
        assertEquals(ErrorCode.DEVICE_NOT_FOUND.id(), json(5, "verify", missing).get("error.code"));
        final Path zeros = Files.write(node.directory().resolve("zeros"), new byte[1 << 20]);
        assertEquals(ErrorCode.SUPERBLOCK_BAD.id(), json(1, "verify", zeros).get("error.code"));
        assertEquals(ErrorCode.SUPERBLOCK_BAD.id(), json(1, "dump", zeros).get("error.code"));
    }

    private static Map<String, String> json(
            final int exitCode, final String command, final Path file, final String... options) {
        final String[] all = new String[options.length + 5];
        all[0] = "journal";
        all[1] = command;
        all[2] = file.toString();
        all[3] = "--output";
        all[4] = "json";
        System.arraycopy(options, 0, all, 5, options.length);
        final CliProcess.Outcome outcome = cli.run(all);
        assertEquals(exitCode, outcome.exitCode(), outcome::toString);
        return outcome.json();
    }

    private static int lastByte(final byte[] bytes) {
        int at = bytes.length - 1;
        while (bytes[at] == 0) {
            at--;
        }
        return at;
    }
}
