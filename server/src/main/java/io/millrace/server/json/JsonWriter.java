package io.millrace.server.json;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Writes JSON (RFC 8259) to a {@link StringBuilder}: commas, escapes and nesting are its business, names and values the
 * caller's. Lone surrogates become {@code \}{@code uXXXX} escapes, so that the text is always valid UTF-8; numbers that
 * JSON cannot say (NaN, infinities) become {@code null}.
 *
 * <p><b>Threading:</b> one thread. <b>Invariants:</b> a value inside an object follows its name; every {@code begin}
 * has its {@code end}; both are checked.
 */
public final class JsonWriter {
    private enum Level {
        OBJECT,
        ARRAY
    }

    private static final String HEX = "0123456789abcdef";

    private final StringBuilder out;
    private final Deque<Level> levels = new ArrayDeque<>();
    private boolean needComma;
    private boolean haveName;

    /**
     * Writes to the end of a text.
     *
     * @param out what is appended to; the caller may take text out of it between two calls.
     */
    public JsonWriter(final StringBuilder out) {
        this.out = out;
    }

    /**
     * Begins an object, as a value.
     *
     * @return this.
     */
    public JsonWriter beginObject() {
        return begin(Level.OBJECT, '{');
    }

    /**
     * Begins an array, as a value.
     *
     * @return this.
     */
    public JsonWriter beginArray() {
        return begin(Level.ARRAY, '[');
    }

    /**
     * Ends the object or array that was begun last.
     *
     * @return this.
     * @throws IllegalStateException when nothing is open, or a name waits for its value.
     */
    public JsonWriter end() {
        if (levels.isEmpty() || haveName) {
            throw new IllegalStateException("nothing to end here");
        }
        out.append(levels.pop() == Level.OBJECT ? '}' : ']');
        needComma = true;
        return this;
    }

    /**
     * Writes the name of the value that follows.
     *
     * @param name of the member.
     * @return this.
     * @throws IllegalStateException outside of an object.
     */
    public JsonWriter name(final String name) {
        if (levels.peek() != Level.OBJECT || haveName) {
            throw new IllegalStateException("a name has no place here: " + name);
        }
        comma();
        quote(name);
        out.append(':');
        haveName = true;
        return this;
    }

    /**
     * Writes a text, or null.
     *
     * @param text the value.
     * @return this.
     */
    public JsonWriter value(final @Nullable CharSequence text) {
        beforeValue();
        if (text == null) {
            out.append("null");
        } else {
            quote(text);
        }
        return this;
    }

    /**
     * Writes a whole number.
     *
     * @param number the value.
     * @return this.
     */
    public JsonWriter value(final long number) {
        beforeValue();
        out.append(number);
        return this;
    }

    /**
     * Writes a number with at most three decimals.
     *
     * @param number the value; not a number and the infinities become null.
     * @return this.
     */
    public JsonWriter value(final double number) {
        beforeValue();
        if (Double.isNaN(number) || Double.isInfinite(number)) {
            out.append("null");
        } else {
            out.append(trimZeros(String.format(Locale.ROOT, "%.3f", number)));
        }
        return this;
    }

    /**
     * Writes true or false.
     *
     * @param truth the value.
     * @return this.
     */
    public JsonWriter value(final boolean truth) {
        beforeValue();
        out.append(truth);
        return this;
    }

    /**
     * Writes a member with a text.
     *
     * @param name of the member.
     * @param text its value, or null.
     * @return this.
     */
    public JsonWriter field(final String name, final @Nullable CharSequence text) {
        return name(name).value(text);
    }

    /**
     * Writes a member with a whole number.
     *
     * @param name of the member.
     * @param number its value.
     * @return this.
     */
    public JsonWriter field(final String name, final long number) {
        return name(name).value(number);
    }

    /**
     * Writes a member with a number.
     *
     * @param name of the member.
     * @param number its value.
     * @return this.
     */
    public JsonWriter field(final String name, final double number) {
        return name(name).value(number);
    }

    /**
     * Writes a member that is true or false.
     *
     * @param name of the member.
     * @param truth its value.
     * @return this.
     */
    public JsonWriter field(final String name, final boolean truth) {
        return name(name).value(truth);
    }

    private JsonWriter begin(final Level level, final char bracket) {
        beforeValue();
        levels.push(level);
        out.append(bracket);
        needComma = false;
        return this;
    }

    private void beforeValue() {
        if (levels.peek() == Level.OBJECT) {
            if (!haveName) {
                throw new IllegalStateException("a value inside an object needs a name");
            }
            haveName = false;
        } else {
            if (levels.isEmpty() && needComma) {
                throw new IllegalStateException("the text is complete");
            }
            comma();
        }
        needComma = true;
    }

    private void comma() {
        if (needComma) {
            out.append(',');
        }
        needComma = true;
    }

    private void quote(final CharSequence text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            final char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ' || c == '\u007f' || c == '\u2028' || c == '\u2029' || isLoneSurrogate(text, i)) {
                        escape(c);
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private void escape(final char c) {
        out.append("\\u");
        for (int shift = 12; shift >= 0; shift -= 4) {
            out.append(HEX.charAt((c >> shift) & 0xf));
        }
    }

    private static boolean isLoneSurrogate(final CharSequence text, final int index) {
        final char c = text.charAt(index);
        if (Character.isHighSurrogate(c)) {
            return index + 1 >= text.length() || !Character.isLowSurrogate(text.charAt(index + 1));
        }
        return Character.isLowSurrogate(c) && (index == 0 || !Character.isHighSurrogate(text.charAt(index - 1)));
    }

    private static String trimZeros(final String decimal) {
        int end = decimal.length();
        while (decimal.charAt(end - 1) == '0') {
            end--;
        }
        return decimal.substring(0, decimal.charAt(end - 1) == '.' ? end - 1 : end);
    }
}
