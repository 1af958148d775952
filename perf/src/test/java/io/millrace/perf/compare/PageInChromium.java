package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.perf.process.DebianPackages;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The page in a real browser: its script runs to the end and draws. By name only ({@code -Dtest=PageInChromium}), since
 * a browser is nothing a build should need.
 */
@Timeout(120)
final class PageInChromium {
    @TempDir
    private Path directory = Path.of("");

    @Test
    void shouldDrawEveryPictureWhenABrowserOpensIt() throws Exception {
        final String chromium = List.of("chromium", "chromium-browser", "google-chrome").stream()
                .filter(DebianPackages::isThere)
                .findFirst()
                .orElse("");
        assumeTrue(!chromium.isEmpty(), "no chromium here: apt-get install chromium");
        final Path page = directory.resolve("page.html");
        Files.writeString(page, PageTest.page());
        final Path dom = directory.resolve("dom.html");
        final Process process = new ProcessBuilder(
                        chromium,
                        "--headless",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--user-data-dir=" + directory.resolve("profile"),
                        "--virtual-time-budget=3000",
                        "--dump-dom",
                        page.toUri().toString())
                .redirectOutput(dom.toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertTrue(process.waitFor(100, TimeUnit.SECONDS), "the browser does not end");
        assertEquals(0, process.exitValue());
        final String drawn = Files.readString(dom, StandardCharsets.UTF_8);
        for (final String picture : List.of("ranges", "curves", "times", "load", "shares")) {
            assertTrue(drawn.matches("(?s).*<div id=\"" + picture + "\"><svg.*"), picture + " was not drawn");
        }
        assertTrue(drawn.contains("half of the events are durable and acknowledged within"), "no verdict");
        assertFalse(drawn.contains("NaN"), "something was drawn nowhere");
    }
}
