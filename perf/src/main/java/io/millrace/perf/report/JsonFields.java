package io.millrace.perf.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object in one line, as a node prints them: nested objects are flattened to
 * {@code outer.inner}, array elements to {@code name.0}, {@code name.1} …
 *
 * <p><b>Threading:</b> immutable once parsed.
 */
public final class JsonFields {
    private static final int DEPTH_LIMIT = 16;

    private final Map<String, String> fields = new LinkedHashMap<>();
    private final String text;
    private int at;

    private JsonFields(final String text) {
        this.text = text;
    }

    /**
     * Parses one object.
     *
     * @param line text that begins with an opening brace.
     * @return its fields.
     * @throws IllegalArgumentException when it is no JSON object.
     */
    public static JsonFields parse(final String line) {
        final JsonFields parsed = new JsonFields(line);
        parsed.skipSpace();
        if (parsed.peek() != '{') {
            throw parsed.wrong("an object was expected");
        }
        parsed.value("", 0);
        return parsed;
    }

    /** The text that was parsed. */
    @Override
    public String toString() {
        return text;
    }

    /**
     * A field's text.
     *
     * @param name flattened.
     * @return the text of a string, the literal of anything else, or null when it is absent or null.
     */
    @Nullable
    public String get(final String name) {
        return fields.get(name);
    }

    /**
     * A field's text.
     *
     * @param name flattened.
     * @param otherwise taken when it is absent or null.
     * @return the text.
     */
    public String get(final String name, final String otherwise) {
        return fields.getOrDefault(name, otherwise);
    }

    /**
     * A field's number.
     *
     * @param name flattened.
     * @param otherwise taken when it is absent or no whole number.
     * @return the number.
     */
    public long number(final String name, final long otherwise) {
        final String value = fields.get(name);
        try {
            return value == null ? otherwise : Long.parseLong(value);
        } catch (final NumberFormatException e) {
            return otherwise;
        }
    }

    /**
     * The fields whose names begin alike.
     *
     * @param prefix such as {@code description.}.
     * @return the rest of each name and its text, in the order they were read.
     */
    public Map<String, String> under(final String prefix) {
        final Map<String, String> found = new LinkedHashMap<>();
        fields.forEach((name, text) -> {
            if (name.startsWith(prefix)) {
                found.put(name.substring(prefix.length()), text);
            }
        });
        return found;
    }

    private void value(final String name, final int depth) {
        if (depth > DEPTH_LIMIT) {
            throw wrong("nested too deeply");
        }
        skipSpace();
        switch (peek()) {
            case '{' -> object(name, depth);
            case '[' -> array(name, depth);
            case '"' -> fields.put(name, string());
            default -> literal(name);
        }
        skipSpace();
    }

    private void object(final String name, final int depth) {
        at++;
        skipSpace();
        while (peek() != '}') {
            final String inner = string();
            skipSpace();
            expect(':');
            value(name.isEmpty() ? inner : name + "." + inner, depth + 1);
            if (peek() != '}') {
                expect(',');
                skipSpace();
            }
        }
        at++;
    }

    private void array(final String name, final int depth) {
        at++;
        skipSpace();
        int index = 0;
        while (peek() != ']') {
            value(name + "." + index++, depth + 1);
            if (peek() != ']') {
                expect(',');
            }
        }
        at++;
    }

    private void literal(final String name) {
        final int start = at;
        while (at < text.length() && ",]} \t".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        if (at == start) {
            throw wrong("a value was expected");
        }
        final String literal = text.substring(start, at);
        if (!literal.equals("null")) {
            fields.put(name, literal);
        }
    }

    private String string() {
        expect('"');
        final StringBuilder out = new StringBuilder();
        while (peek() != '"') {
            final char c = text.charAt(at++);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            final char escaped = peek();
            at++;
            switch (escaped) {
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case 'r' -> out.append('\r');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'u' -> out.append(unicode());
                default -> out.append(escaped);
            }
        }
        at++;
        return out.toString();
    }

    private char unicode() {
        if (at + 4 > text.length()) {
            throw wrong("an escape is cut off");
        }
        try {
            final char c = (char) Integer.parseInt(text.substring(at, at + 4), 16);
            at += 4;
            return c;
        } catch (final NumberFormatException e) {
            throw wrong("a wrong escape");
        }
    }

    private void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private char peek() {
        if (at >= text.length()) {
            throw wrong("the text is cut off");
        }
        return text.charAt(at);
    }

    private void expect(final char c) {
        if (peek() != c) {
            throw wrong("'" + c + "' was expected");
        }
        at++;
    }

    private IllegalArgumentException wrong(final String why) {
        return new IllegalArgumentException("not JSON, " + why + " at " + at + ": " + text);
    }
}
