package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.codec.ErrorCode;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The command line against one real node: what it prints, for people and machines, and how it ends. */
@Timeout(120)
final class CliSystemTest {
    private static final Path SAMPLE = Path.of(System.getProperty("millrace.root", ".."), "samples")
            .resolve("seattle-weather-hourly-normals.csv")
            .toAbsolutePath();
    private static final int SAMPLE_EVENTS = 8_759;
    private static final int LARGEST = 8 * 1024 * 1024;
    private static NodeProcess node;
    private static CliProcess cli;

    @BeforeAll
    static void start() {
        node = NodeProcess.started();
        cli = new CliProcess(node.directory(), node.endpoint());
    }

    @AfterAll
    static void stop() {
        node.close();
    }

    @Test
    void shouldGiveBackTheFileByteForByteWhenTheStreamHasOneSegment() throws IOException {
        assertEquals(
                "true", json("stream", "create", "plant/one", "--segments", "1").get("created"));
        final Map<String, String> written =
                json("write", "plant/one", "--format", "csv", "--key-column", "date", SAMPLE.toString());
        assertEquals("MEDIA", written.get("durability"));
        assertEquals(Integer.toString(SAMPLE_EVENTS), written.get("acknowledged"));
        assertEquals("true", written.get("headerKept"));
        final CliProcess.Outcome read = cli.run("read", "plant/one", "--from", "head", "--format", "text", "--header");
        assertArrayEquals(Files.readAllBytes(SAMPLE), read.assertDone().bytes());
        assertEquals("", read.errorText(), "piped, it is silent");
    }

    @Test
    void shouldGiveBackTheSameLinesWhenStandardInputWentToFourSegments() throws IOException {
        final byte[] sample = Files.readAllBytes(SAMPLE);
        cli.run("stream", "create", "plant/four", "--segments", "4").assertDone();
        final CliProcess.Outcome written =
                cli.runWith(sample, "write", "plant/four", "-", "--format", "csv", "--key-column", "date");
        assertTrue(written.assertDone().text().contains("wrote 8,759 events"), written::toString);
        final String[] lines = cli.run("read", "plant/four", "--header")
                .assertDone()
                .text()
                .lines()
                .toArray(String[]::new);
        final String[] wanted = new String(sample, UTF_8).lines().toArray(String[]::new);
        assertEquals(wanted[0], lines[0], "the header comes first");
        Arrays.sort(lines);
        Arrays.sort(wanted);
        assertArrayEquals(wanted, lines);
        final Map<String, String> described = json("stream", "describe", "plant/four");
        final String mode = String.valueOf(described.get("durabilityMode"));
        assertTrue(mode.contains("write cache: "), mode);
        final String shown =
                cli.run("stream", "describe", "plant/four").assertDone().text();
        assertTrue(shown.contains("durable   " + mode), shown);
        for (int i = 0; i < 4; i++) {
            assertTrue(Long.parseLong(String.valueOf(described.get("segments." + i + ".length"))) > 0, "all are used");
        }
    }

    @Test
    void shouldKeepWhatEachCommandSaysTrueThroughAStreamsLife() {
        assertEquals("true", json("stream", "create", "life/events").get("created"));
        assertEquals("false", json("stream", "create", "life/events").get("created"));
        refused(ErrorCode.STREAM_CONFLICT, "stream", "create", "life/events", "--segments", "2");
        cli.runWith("a\nb".getBytes(UTF_8), "write", "life/events", "-").assertDone();
        final Map<String, String> listed = json("stream", "list", "life");
        assertEquals("life/events", listed.get("streams.0.stream"));
        assertEquals("ACTIVE", listed.get("streams.0.state"));
        assertEquals("1", listed.get("streams.0.segments"));
        refused(ErrorCode.STREAM_NOT_SEALED, "stream", "delete", "life/events");

        assertEquals("true", json("stream", "seal", "life/events").get("changed"));
        assertEquals("false", json("stream", "seal", "life/events").get("changed"));
        refused(ErrorCode.STREAM_SEALED, "write", "life/events", SAMPLE.toString());
        final Map<String, String> described = json("stream", "describe", "life/events");
        assertEquals("SEALED", described.get("state"));
        assertEquals("true", described.get("segments.0.sealed"));
        final Map<String, String> read = json("read", "life/events", "--format", "text");
        assertEquals(List.of("2", "true"), List.of(at(read, "count"), at(read, "atEnd")));
        final String position = at(json("read", "life/events", "--count", "1"), "position");
        assertEquals(
                "b",
                cli.run("read", "life/events", "--from", position).assertDone().text());

        assertEquals("true", json("stream", "delete", "life/events").get("changed"));
        refused(ErrorCode.STREAM_NOT_FOUND, "stream", "describe", "life/events");
        refused(ErrorCode.STREAM_NOT_FOUND, "write", "life/events", SAMPLE.toString());
        refused(ErrorCode.STREAM_NOT_FOUND, "read", "life/events");
    }

    @Test
    void shouldPrintTheVersionWhenAnyCommandIsAskedForIt() {
        for (final String[] command : new String[][] {{}, {"stream", "list"}, {"journal"}, {"start"}, {"version"}}) {
            final String[] asked = Arrays.copyOf(command, command.length + 1);
            asked[command.length] = "-V";
            final CliProcess.Outcome told = cli.run(asked).assertDone();
            assertTrue(told.text().matches("millrace [0-9].*\\R"), told::toString);
        }
    }

    @Test
    void shouldEndWithTheDocumentedCodeWhenAStreamOrNameIsWrong() {
        refused(ErrorCode.STREAM_NOT_FOUND, "read", "no/such");
        refused(ErrorCode.STREAM_NOT_FOUND, "stream", "seal", "no/such");
        refused(ErrorCode.BAD_NAME, "stream", "create", "_system/events");
        refused(ErrorCode.BAD_NAME, "write", "a b/c", SAMPLE.toString());
        refused(ErrorCode.BAD_SEGMENT_COUNT, "stream", "create", "plant/none", "--segments", "0");
        refused(ErrorCode.BAD_INPUT, "write", "plant/one", "no-such-file.csv");
    }

    @Test
    void shouldBeginAtThePositionWhenAStreamIsTruncated() {
        cli.run("stream", "create", "cut/events").assertDone();
        cli.runWith("one\ntwo\nsix\n".getBytes(UTF_8), "write", "cut/events", "-")
                .assertDone();
        final String id = at(json("stream", "describe", "cut/events"), "streamId");
        final String cut = id + ":0@15";
        assertEquals("true", at(json("stream", "truncate", "cut/events", "--at", cut), "changed"));
        assertEquals("false", at(json("stream", "truncate", "cut/events", "--at", cut), "changed"));
        assertEquals("two\nsix\n", cli.run("read", "cut/events").assertDone().text());
        final CliProcess.Outcome below =
                refused(ErrorCode.SEGMENT_TRUNCATED, "read", "cut/events", "--from", id + ":0@0");
        assertTrue(at(below.json(), "error.message").contains("starts at offset 15"), below::toString);
        refused(ErrorCode.OFFSET_OUT_OF_RANGE, "stream", "truncate", "cut/events", "--at", id + ":0@46");
        refused(ErrorCode.OFFSET_OUT_OF_RANGE, "stream", "truncate", "cut/events", "--at", id + ":0@31");
        refused(ErrorCode.OFFSET_OUT_OF_RANGE, "read", "cut/events", "--from", id + ":0@31");
        refused(ErrorCode.STREAM_NOT_FOUND, "stream", "truncate", "cut/events", "--at", "999:0@0");
        refused(ErrorCode.SEGMENT_NOT_FOUND, "stream", "truncate", "cut/events", "--at", id + ":7@0");
        refused(ErrorCode.BAD_INPUT, "stream", "truncate", "cut/events", "--at", "here");
        assertEquals("true", at(json("stream", "truncate", "cut/events", "--at", "TAIL"), "changed"));
        assertEquals("", cli.run("read", "cut/events").assertDone().text());
        cli.runWith("ten\n".getBytes(UTF_8), "write", "cut/events", "-").assertDone();
        assertEquals("ten\n", cli.run("read", "cut/events").assertDone().text());
        assertEquals("15", at(json("stream", "describe", "cut/events"), "readableBytes"));
    }

    @Test
    void shouldNameTheEventAndKeepThoseBeforeItWhenOneIsTooLarge() {
        cli.run("stream", "create", "large/events").assertDone();
        final byte[] input = new byte[4 + LARGEST + 2];
        Arrays.fill(input, (byte) 'x');
        input[3] = '\n';
        input[input.length - 1] = '\n';
        final CliProcess.Outcome refused = cli.runWith(input, "write", "large/events", "-", "--output", "json");
        refused.assertRefused(ErrorCode.PAYLOAD_TOO_LARGE);
        assertEquals(ErrorCode.PAYLOAD_TOO_LARGE.id(), at(refused.json(), "error.code"));
        assertTrue(at(refused.json(), "error.message").contains("standard input, line 2: "), refused::toString);
        assertEquals("1", at(refused.json(), "acknowledged"), "the line before it is durable");
        final byte[] largest = Arrays.copyOfRange(input, 5, input.length);
        cli.runWith(largest, "write", "large/events", "-").assertDone();
        final String[] lines =
                cli.run("read", "large/events").assertDone().text().lines().toArray(String[]::new);
        assertEquals(2, lines.length);
        assertEquals("xxx", lines[0]);
        assertEquals(LARGEST, lines[1].length());
    }

    @Test
    void shouldEndWithThreeWhenNobodyAnswersAndWithTwoWhenTheUsageIsWrong() throws Exception {
        final int port;
        try (DatagramSocket free = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        final String[] nobody = {"--timeout", "1", "--connect", "127.0.0.1:" + port};
        assertEquals(
                3,
                refused(ErrorCode.UNREACHABLE, with(nobody, "stream", "list")).exitCode());
        refused(ErrorCode.UNREACHABLE, with(nobody, "read", "plant/one"));
        refused(ErrorCode.BAD_ADDRESS, "stream", "list", "--connect", "nonsense");
        for (final String[] usage :
                new String[][] {{"stream", "list", "--no-such-option"}, {"read"}, {"nonsense"}, {"write", "plant/one"}
                }) {
            final CliProcess.Outcome wrong = cli.run(with(new String[] {"--output", "json"}, usage));
            assertEquals(2, wrong.exitCode(), wrong::toString);
            assertEquals("2", wrong.json().get("error.exitCode"), wrong::toString);
        }
    }

    @Test
    void shouldExplainEachCommandWhenAskedForHelp() {
        for (final String[] command : new String[][] {{"start", "--help"}, {"version", "--help"}, {"help", "write"}}) {
            final CliProcess.Outcome help = cli.run(command).assertDone();
            assertTrue(help.text().startsWith("Usage: millrace "), help::toString);
        }
        assertEquals(System.getProperty("java.version"), json("version").get("java"));
    }

    /** Runs a command that reports: exactly one object on standard output. */
    private static Map<String, String> json(final String... command) {
        return cli.run(with(new String[] {"--output", "json"}, command))
                .assertDone()
                .json();
    }

    /** Runs a command that is refused: by exit code, in words, and in exactly one object. */
    private static CliProcess.Outcome refused(final ErrorCode code, final String... command) {
        final CliProcess.Outcome refused =
                cli.run(with(new String[] {"--output", "json"}, command)).assertRefused(code);
        final Map<String, String> json = refused.json();
        assertEquals(code.id(), json.get("error.code"), refused::toString);
        assertEquals(Integer.toString(code.exitCode()), json.get("error.exitCode"), refused::toString);
        return refused;
    }

    private static String[] with(final String[] options, final String... command) {
        final String[] all = Arrays.copyOf(command, command.length + options.length);
        System.arraycopy(options, 0, all, command.length, options.length);
        return all;
    }

    private static String at(final Map<String, String> json, final String path) {
        return String.valueOf(json.get(path));
    }
}
