package io.millrace.server.metric;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Assertions;

/** A strict reader of Prometheus' text format, and the door to promtool. */
public final class PrometheusParser {
    private static final Pattern HEAD = Pattern.compile("# (HELP|TYPE) ([a-z][a-z0-9_]*) (\\S.*)");
    private static final Pattern SAMPLE =
            Pattern.compile("([a-z][a-z0-9_]*)(\\{[a-z]+=\"[^\"\\\\]*\"\\})? (-?[0-9]+(\\.[0-9]+)?(E-?[0-9]+)?)");

    private PrometheusParser() {}

    /**
     * Reads a text.
     *
     * @param text all of it
     * @return each value by its name with its label
     */
    public static Map<String, String> parse(final String text) {
        final Map<String, String> types = new HashMap<>();
        final Map<String, String> samples = new TreeMap<>();
        final List<String> helped = new ArrayList<>();
        assertTrue(text.endsWith("\n"), "the last line ends");
        for (final String line : text.split("\n", -1)) {
            if (line.startsWith("#")) {
                final Matcher head = HEAD.matcher(line);
                assertTrue(head.matches(), line);
                if ("HELP".equals(head.group(1))) {
                    assertFalse(helped.contains(head.group(2)), () -> "twice: " + line);
                    helped.add(head.group(2));
                } else {
                    assertEquals(head.group(2), helped.get(helped.size() - 1), "HELP stands before TYPE");
                    types.put(head.group(2), head.group(3));
                }
            } else if (!line.isEmpty()) {
                sample(line, types, samples);
            }
        }
        types.forEach((name, type) -> {
            if ("histogram".equals(type)) {
                assertEquals(samples.get(name + "_count"), samples.get(name + "_bucket{le=\"+Inf\"}"), name);
                assertNotNull(samples.get(name + "_sum"), name);
            }
        });
        return samples;
    }

    private static void sample(final String line, final Map<String, String> types, final Map<String, String> samples) {
        final Matcher sample = SAMPLE.matcher(line);
        assertTrue(sample.matches(), line);
        final String name = sample.group(1);
        final String family = name.replaceAll("_(bucket|sum|count)$", "");
        final String type = types.containsKey(name) ? types.get(name) : types.get(family);
        assertNotNull(type, () -> "no TYPE before: " + line);
        assertEquals("counter".equals(type), name.endsWith("_total"), line);
        final String key = name + (sample.group(2) == null ? "" : sample.group(2));
        assertFalse(samples.containsKey(key), () -> "twice: " + line);
        samples.put(key, sample.group(3));
    }

    /**
     * Fails when the text breaks a rule of the format, or promtool is here and complains.
     *
     * @param text all of it
     * @throws Exception when promtool cannot be run
     */
    public static void assertAccepted(final String text) throws Exception {
        assertFalse(parse(text).isEmpty());
        for (final String folder : System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1)) {
            if (Files.isExecutable(Path.of(folder, "promtool"))) {
                final Process promtool = new ProcessBuilder(folder + "/promtool", "check", "metrics")
                        .redirectErrorStream(true)
                        .start();
                try (OutputStream in = promtool.getOutputStream()) {
                    in.write(text.getBytes(UTF_8));
                }
                final String said = new String(promtool.getInputStream().readAllBytes(), UTF_8);
                Assertions.assertTrue(promtool.waitFor(10, TimeUnit.SECONDS), said);
                assertEquals(0, promtool.exitValue(), said);
                assertEquals("", said);
                return;
            }
        }
    }
}
