package io.millrace.perf.flame;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a tree as one HTML page: the data and the script that draws it are inside, nothing is fetched.
 *
 * <p><b>Threading:</b> stateless.
 *
 * <p><b>Layout</b> of the data: {@code names} is an array of strings; a node is {@code [index of its name, samples,
 * [children]]}.
 */
final class FlamePage {
    private static final String TEMPLATE = "flame.html";

    private FlamePage() {}

    /**
     * Draws a tree.
     *
     * @param tree of the samples.
     * @param title of the page.
     * @param circumstances one line under it: what was measured and where.
     * @return the whole page.
     * @throws IOException when the template is missing.
     */
    static String of(final FlameTree tree, final String title, final String circumstances) throws IOException {
        final Map<String, Integer> names = new LinkedHashMap<>();
        final StringBuilder nodes = new StringBuilder();
        node("all", tree.root(), names, nodes);
        final List<String> literals = new ArrayList<>();
        names.keySet().forEach(name -> literals.add(scriptText(name)));
        // Longest part last: what was put in is not searched for the next mark.
        final String[] parts = template().split("\\{\\{(?:title|circumstances|names|root)}}", -1);
        if (parts.length != 6) {
            throw new IOException(TEMPLATE + " has " + (parts.length - 1) + " marks, not 5");
        }
        return parts[0]
                + text(title)
                + parts[1]
                + text(title)
                + parts[2]
                + text(circumstances)
                + parts[3]
                + '['
                + String.join(",", literals)
                + ']'
                + parts[4]
                + nodes
                + parts[5];
    }

    private static void node(
            final String name, final FlameTree.Node node, final Map<String, Integer> names, final StringBuilder out) {
        final Integer index = names.computeIfAbsent(name, absent -> names.size());
        out.append('[').append(index).append(',').append(node.total()).append(",[");
        boolean isFirst = true;
        for (final Map.Entry<String, FlameTree.Node> child : node.children().entrySet()) {
            if (!isFirst) {
                out.append(',');
            }
            isFirst = false;
            node(child.getKey(), child.getValue(), names, out);
        }
        out.append("]]");
    }

    /**
     * Escapes a text that stands between tags or in a quoted attribute.
     *
     * @param text anything.
     * @return HTML.
     */
    static String text(final String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    /**
     * Writes a text as a literal of a script inside a page: nothing in it can end the literal, the line or the script.
     *
     * @param text anything.
     * @return with its quotes.
     */
    static String scriptText(final String text) {
        final StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            if (c < ' ' || c > '~' || "\"\\<>&'/".indexOf(c) >= 0) {
                out.append("\\u").append(Integer.toHexString(0x10000 | c).substring(1));
            } else {
                out.append(c);
            }
        }
        return out.append('"').toString();
    }

    private static String template() throws IOException {
        try (InputStream in = FlamePage.class.getResourceAsStream(TEMPLATE)) {
            if (in == null) {
                throw new IOException(TEMPLATE + " is not in the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
