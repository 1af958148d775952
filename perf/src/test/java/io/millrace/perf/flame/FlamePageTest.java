package io.millrace.perf.flame;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page: escaping, the data's shape, nothing from elsewhere. */
@Timeout(30)
final class FlamePageTest {
    private static final String HOSTILE = "</script><img src=x onerror='a()'>\"\\\n\u2028{{root}}";

    @Test
    void shouldEscapeWhenNamesAndTitlesHoldMarkup() throws IOException {
        final FlameTree tree = new FlameTree();
        tree.add(List.of("node: main", HOSTILE), 1);
        final String page = FlamePage.of(tree, HOSTILE, HOSTILE);
        assertFalse(page.contains("<img"), "markup came through");
        assertEquals(page.indexOf("</script>"), page.lastIndexOf("</script>"), "a name ended the script");
        assertTrue(page.contains("&lt;img src=x onerror=&#39;a()&#39;&gt;"));
        assertTrue(page.contains("\\u003cimg"));
    }

    @Test
    void shouldEndNothingWhenATextStandsInAScript() {
        assertEquals("\"A.b$1\"", FlamePage.scriptText("A.b$1"));
        assertEquals(
                "\"\\u0022\\u005c\\u003c\\u002f\\u000a\\u2028\\u00e9\"", FlamePage.scriptText("\"\\</\n\u2028\u00e9"));
        assertEquals("a &amp; b &lt;c&gt; &quot;d&quot; &#39;e&#39;", FlamePage.text("a & b <c> \"d\" 'e'"));
    }

    @Test
    void shouldHoldTheWholeTreeWhenWritten() throws IOException {
        final FlameTree tree = new FlameTree();
        tree.add(List.of("client: perf", "A.run", "B.poll"), 3);
        tree.add(List.of("node: main", "A.run"), 2);
        final String page = FlamePage.of(tree, "title", "where");
        assertTrue(
                page.contains("const names = [\"all\",\"client: perf\",\"A.run\",\"B.poll\",\"node: main\"];"), page);
        assertTrue(page.contains("const root = [0,5,[[1,3,[[2,3,[[3,3,[]]]]]],[4,2,[[2,2,[]]]]]];"), page);
    }

    @Test
    void shouldFetchNothingWhenOpened() throws IOException {
        final String page = FlamePage.of(new FlameTree(), "title", "where");
        assertFalse(page.contains("://"), "an address");
        assertFalse(page.contains("src="), "a source");
        assertFalse(page.contains("@import") || page.contains("<link"), "a style sheet of others");
    }
}
