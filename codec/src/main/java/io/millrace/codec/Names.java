package io.millrace.codec;

import org.agrona.DirectBuffer;

/**
 * The rule for names of scopes and streams: 1 to 255 characters of {@code [A-Za-z0-9._-]}; a leading {@code _} is
 * reserved for the system. A stream is written {@code scope/stream}.
 *
 * <p><b>Threading</b>: pure functions. Nothing is allocated.
 */
public final class Names {
    /** Longest name in characters, which are as many bytes. */
    public static final int MAX_LENGTH = 255;

    private Names() {}

    /**
     * Tells whether a name follows the rule; a reserved one does.
     *
     * @param name of a scope or stream
     * @return true when 1 to {@link #MAX_LENGTH} allowed characters
     */
    public static boolean isValid(final CharSequence name) {
        return isValid(name, 0, name.length());
    }

    /**
     * Tells whether bytes of a frame are a name that follows the rule; a reserved one does.
     *
     * @param buffer to read from
     * @param index of the first byte
     * @param length in bytes; the caller knows that they lie inside the buffer
     * @return true when 1 to {@link #MAX_LENGTH} allowed characters
     */
    public static boolean isValid(final DirectBuffer buffer, final int index, final int length) {
        if (length < 1 || length > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (!isAllowed((char) (buffer.getByte(index + i) & 0xFF))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Tells whether a name is reserved for the system.
     *
     * @param name of a scope or stream
     * @return true when it begins with {@code _}
     */
    public static boolean isReserved(final CharSequence name) {
        return name.length() > 0 && name.charAt(0) == '_';
    }

    /**
     * Finds the slash of a {@code scope/stream}.
     *
     * @param scopedName as a user writes it
     * @return index of the one slash, or -1 when either side is not a valid name
     */
    public static int slashIndex(final CharSequence scopedName) {
        for (int i = 0; i < scopedName.length(); i++) {
            if (scopedName.charAt(i) == '/') {
                return isValid(scopedName, 0, i) && isValid(scopedName, i + 1, scopedName.length()) ? i : -1;
            }
        }
        return -1;
    }

    private static boolean isValid(final CharSequence text, final int from, final int to) {
        if (to - from < 1 || to - from > MAX_LENGTH) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (!isAllowed(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    private static boolean isAllowed(final char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '.'
                || c == '_'
                || c == '-';
    }
}
