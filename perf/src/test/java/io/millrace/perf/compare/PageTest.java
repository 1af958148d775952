package io.millrace.perf.compare;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.w3c.dom.Document;

/** The page is whole, well-formed and needs nothing from outside. */
@Timeout(30)
final class PageTest {
    private static final Pattern OUTSIDE = Pattern.compile(
            "(?i)https?://|//[a-z0-9-]+\\.[a-z]|\\ssrc=|\\shref=|url\\(|@import|fetch\\(|XMLHttpRequest|import\\(");

    /** A page of fixed results. */
    static String page() throws Exception {
        final List<Result> results = FixedResults.results(FixedResults.cell(Workload.W1, 10_000));
        return new Report(
                        results,
                        rows(results),
                        Map.of("millrace-1", Map.of("idlePolicy", "]]><!--")),
                        null,
                        "repeat it")
                .page();
    }

    /** Rows beside ours. */
    static List<Row> rows(final List<Result> results) {
        final Row ours = results.get(0).row(results.get(0).parts().get(0));
        return results.stream()
                .map(result -> result.row(result.parts().get(0)).beside(ours))
                .toList();
    }

    @Test
    void shouldBeWellFormedWhenTextsAreNasty() throws Exception {
        final Document document = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(page().getBytes(StandardCharsets.UTF_8)));
        assertEquals("html", document.getDocumentElement().getTagName());
        final String text = document.getDocumentElement().getTextContent();
        assertTrue(text.contains("pravega <one bookie> & more"));
        assertTrue(text.contains("failed: \"no\" & <nothing>"));
        assertTrue(text.contains("repeat it"));
    }

    @Test
    void shouldNameEverySystemWhenTheTableIsRead() throws Exception {
        final String page = page();
        final String table = page.substring(page.indexOf("<tbody>"), page.indexOf("</tbody>"));
        for (final String system : List.of("millrace-1", "limit", "redis-always", "chronicle-queue", "pravega")) {
            assertTrue(table.contains("<td>" + system), system);
        }
        assertTrue(table.contains("130 µs"), "our median");
        assertTrue(table.contains("class=\"n loss\">0.50"), "a loss is shown as one: " + table);
        assertTrue(table.contains("class=\"n win\">2.00"), table);
        assertTrue(table.contains("<b class=\"no\">no</b>"), "what did not flush is not durable");
    }

    @Test
    void shouldNeedNothingFromOutsideWhenItIsOpened() throws Exception {
        final var found = OUTSIDE.matcher(page());
        assertFalse(found.find(), () -> "reaches outside: " + found.group());
    }

    @Test
    void shouldHaveItsFiguresInItWhenTheScriptRuns() throws Exception {
        final String page = page();
        assertFalse(page.contains("/*DATA*/null"), "the figures are in the page");
        assertFalse(page.contains("<!--TABLE-->"));
        assertTrue(page.contains("\"curve\":["));
        assertTrue(page.contains("\"acknowledgementShares\":["));
        assertEquals(1, page.split("]]>", -1).length - 1, "the script's end is its only one");
    }
}
