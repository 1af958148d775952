package io.millrace.server.cli;

import java.time.Instant;
import java.util.Locale;

/** Values as people read them. <b>Threading:</b> pure functions. */
final class Words {
    private static final long NANOS = 1_000_000_000L;
    private static final int HASH_DIGITS = 16;

    private Words() {}

    /**
     * Writes a time.
     *
     * @param epochNs nanoseconds since 1970.
     * @return as ISO 8601.
     */
    static String instant(final long epochNs) {
        return Instant.ofEpochSecond(Math.floorDiv(epochNs, NANOS), Math.floorMod(epochNs, NANOS))
                .toString();
    }

    /**
     * Writes a hash.
     *
     * @param hash unsigned.
     * @return 16 hexadecimal digits.
     */
    static String hash(final long hash) {
        final String digits = Long.toHexString(hash);
        return "0".repeat(HASH_DIGITS - digits.length()) + digits;
    }

    /**
     * Writes a number of bytes.
     *
     * @param bytes at least 0.
     * @return for example {@code 12.3 MB}.
     */
    static String bytes(final double bytes) {
        if (bytes < 1e3) {
            return String.format(Locale.ROOT, "%.0f B", bytes);
        }
        if (bytes < 1e6) {
            return String.format(Locale.ROOT, "%.1f kB", bytes / 1e3);
        }
        return bytes < 1e9
                ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
                : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
    }

    /**
     * Makes control characters visible.
     *
     * @param text any.
     * @return on one line.
     */
    static String visible(final String text) {
        final StringBuilder shown = new StringBuilder();
        text.chars().forEach(c -> {
            switch (c) {
                case '\r' -> shown.append("\\r");
                case '\n' -> shown.append("\\n");
                case '\t' -> shown.append("\\t");
                default -> {
                    if (c < ' ' || c == 0x7f || c == 0xfeff) {
                        shown.append(String.format(Locale.ROOT, "\\u%04x", c));
                    } else {
                        shown.append((char) c);
                    }
                }
            }
        });
        return shown.toString();
    }
}
