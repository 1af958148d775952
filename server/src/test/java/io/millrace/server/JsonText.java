package io.millrace.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A strict reader of JSON, so that a test knows that a text is one object and nothing else.
 *
 * <p><b>Threading</b>: one thread.
 */
final class JsonText {
    private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");

    private final String text;
    private final Map<String, String> values = new LinkedHashMap<>();
    private int at;

    private JsonText(final String text) {
        this.text = text;
    }

    /**
     * Reads a text that must be exactly one object, with at most white space around it.
     *
     * @param text all of it
     * @return each value by its path, as in {@code segments.0.length}; strings without quotes
     */
    static Map<String, String> object(final String text) {
        final JsonText json = new JsonText(text);
        json.space();
        assertEquals('{', json.peek(), () -> "an object begins: " + text);
        json.value("");
        json.space();
        assertEquals(text.length(), json.at, () -> "nothing follows the object: " + text);
        return json.values;
    }

    private void value(final String path) {
        space();
        switch (peek()) {
            case '{' -> members(path, '}');
            case '[' -> members(path, ']');
            case '"' -> values.put(path, string());
            case 't' -> word(path, "true");
            case 'f' -> word(path, "false");
            case 'n' -> word(path, "null");
            default -> number(path);
        }
    }

    private void members(final String path, final char end) {
        at++;
        space();
        for (int index = 0; peek() != end; index++) {
            if (index > 0) {
                take(',');
            }
            String name = Integer.toString(index);
            if (end == '}') {
                space();
                name = string();
                space();
                take(':');
            }
            final String inside = path.isEmpty() ? name : path + '.' + name;
            assertTrue(values.keySet().stream().noneMatch(inside::equals), () -> inside + " is there twice");
            value(inside);
            space();
        }
        at++;
    }

    private String string() {
        take('"');
        final StringBuilder found = new StringBuilder();
        while (peek() != '"') {
            final char c = text.charAt(at++);
            assertTrue(c >= ' ', () -> "a control character in a string: " + text);
            found.append(c == '\\' ? escaped() : c);
        }
        at++;
        return found.toString();
    }

    private char escaped() {
        final char c = text.charAt(at++);
        if (c == 'u') {
            at += 4;
            return (char) Integer.parseInt(text.substring(at - 4, at), 16);
        }
        final int index = "\"\\/bfnrt".indexOf(c);
        assertTrue(index >= 0, () -> "an escape that JSON does not know: \\" + c);
        return "\"\\/\b\f\n\r\t".charAt(index);
    }

    private void number(final String path) {
        final Matcher matcher = NUMBER.matcher(text).region(at, text.length());
        assertTrue(matcher.lookingAt(), () -> "a value at index " + at + " of: " + text);
        values.put(path, matcher.group());
        at = matcher.end();
    }

    private void word(final String path, final String word) {
        assertTrue(text.startsWith(word, at), () -> word + " at index " + at + " of: " + text);
        values.put(path, word);
        at += word.length();
    }

    private void take(final char wanted) {
        assertEquals(wanted, peek(), () -> "index " + at + " of: " + text);
        at++;
    }

    private char peek() {
        assertTrue(at < text.length(), () -> "the end comes too early: " + text);
        return text.charAt(at);
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }
}
