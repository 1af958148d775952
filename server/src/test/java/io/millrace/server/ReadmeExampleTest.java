package io.millrace.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.millrace.client.Millrace;
import io.millrace.example.ReadmeExample;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The example of README.md: what stands there is what runs here. */
@Timeout(60)
final class ReadmeExampleTest {
    private static final Path ROOT = Path.of(Objects.requireNonNull(System.getProperty("millrace.root")));
    private static final String BEGIN = "// README begin\n";
    private static final String END = "// README end";
    private static final int MAX_LINES = 12;

    @Test
    void shouldPrintTheFirstEventWhenTheExampleRuns() {
        final PrintStream before = System.out;
        final ByteArrayOutputStream printed = new ByteArrayOutputStream();
        try (NodeProcess node = NodeProcess.started()) {
            System.setOut(new PrintStream(printed, true, UTF_8));
            try {
                ReadmeExample.main(new String[] {node.endpoint()});
            } finally {
                System.setOut(before);
            }
            assertEquals("187.20", printed.toString(UTF_8).strip());
            try (Millrace millrace = NodeSystemTest.connect(node)) {
                assertEquals(2, NodeSystemTest.readTexts(millrace, "demo/ticks").size());
            }
        }
    }

    @Test
    void shouldStandInTheReadmeWhenTheExampleIsCompiled() throws IOException {
        final String source =
                Files.readString(ROOT.resolve("server/src/test/java/io/millrace/example/ReadmeExample.java"));
        final int from = source.indexOf(BEGIN) + BEGIN.length();
        final String lines =
                source.substring(from, source.indexOf(END)).stripTrailing().stripIndent() + "\n";
        assertTrue(lines.lines().count() <= MAX_LINES, "a newcomer reads at most 12 lines");
        final String readme = Files.readString(ROOT.resolve("README.md"));
        final int section = readme.indexOf("## Use it from Java");
        final int begin = readme.indexOf("```java\n", section) + "```java\n".length();
        assertTrue(section >= 0 && begin > section, "README.md, section 'Use it from Java'");
        assertEquals(lines, readme.substring(begin, readme.indexOf("```", begin)));
    }
}
