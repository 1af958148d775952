package io.millrace.server.configuration;

import java.util.Locale;

/**
 * Reads and writes sizes ({@code 64KiB}) and time spans ({@code 250us}). Sizes are binary; decimal units (KB) are
 * refused, so that nobody has to guess. <b>Threading:</b> pure.
 */
public final class Units {
    private static final String[] SIZE_UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
    private static final String[] TIME_UNITS = {"ns", "us", "ms", "s", "min", "h"};
    private static final long[] TIME_FACTORS = {
        1L, 1_000L, 1_000_000L, 1_000_000_000L, 60_000_000_000L, 3_600_000_000_000L
    };

    private Units() {}

    /**
     * Reads a size.
     *
     * @param text a whole number and one of B, KiB, MiB, GiB, TiB; a number alone is bytes.
     * @return bytes.
     * @throws IllegalArgumentException with the reason.
     */
    public static long parseSize(final String text) {
        final String trimmed = text.strip();
        final int digits = digits(trimmed);
        final String unit = trimmed.substring(digits).strip();
        if (digits > 0) {
            if (unit.isEmpty()) {
                return multiply(trimmed, digits, 1);
            }
            for (int i = 0; i < SIZE_UNITS.length; i++) {
                if (SIZE_UNITS[i].equalsIgnoreCase(unit)) {
                    return multiply(trimmed, digits, 1L << (10 * i));
                }
            }
        }
        throw new IllegalArgumentException(
                "expected a size such as 64KiB (B, KiB, MiB, GiB, TiB), found \"" + text + '"');
    }

    /**
     * Reads a time span.
     *
     * @param text a whole number and one of ns, us, ms, s, min, h.
     * @return nanoseconds.
     * @throws IllegalArgumentException with the reason.
     */
    public static long parseDuration(final String text) {
        final String trimmed = text.strip();
        final int digits = digits(trimmed);
        final String unit = trimmed.substring(digits).strip();
        if (digits > 0) {
            for (int i = 0; i < TIME_UNITS.length; i++) {
                if (TIME_UNITS[i].equalsIgnoreCase(unit)) {
                    return multiply(trimmed, digits, TIME_FACTORS[i]);
                }
            }
        }
        throw new IllegalArgumentException(
                "expected a time such as 250us (ns, us, ms, s, min, h), found \"" + text + '"');
    }

    /**
     * Writes a size in the largest unit that divides it.
     *
     * @param bytes not negative.
     * @return for example {@code 64KiB}; reads back as the same number.
     */
    public static String size(final long bytes) {
        int unit = 0;
        long value = bytes;
        while (unit < SIZE_UNITS.length - 1 && value != 0 && value % 1024 == 0) {
            value /= 1024;
            unit++;
        }
        return value + SIZE_UNITS[unit];
    }

    /**
     * Writes a size for people, rounded.
     *
     * @param bytes not negative.
     * @return for example {@code 1.5 GiB}.
     */
    public static String roundSize(final long bytes) {
        int unit = 0;
        double value = bytes;
        while (unit < SIZE_UNITS.length - 1 && value >= 1024) {
            value /= 1024;
            unit++;
        }
        return unit == 0 ? bytes + " B" : String.format(Locale.ROOT, "%.1f %s", value, SIZE_UNITS[unit]);
    }

    /**
     * Writes a time span in the largest unit that divides it.
     *
     * @param durationNs not negative.
     * @return for example {@code 250us}; reads back as the same number.
     */
    public static String duration(final long durationNs) {
        for (int i = TIME_UNITS.length - 1; i > 0; i--) {
            if (durationNs != 0 && durationNs % TIME_FACTORS[i] == 0) {
                return durationNs / TIME_FACTORS[i] + TIME_UNITS[i];
            }
        }
        return durationNs + TIME_UNITS[0];
    }

    private static int digits(final String text) {
        int count = 0;
        while (count < text.length() && text.charAt(count) >= '0' && text.charAt(count) <= '9') {
            count++;
        }
        return count;
    }

    private static long multiply(final String text, final int digits, final long factor) {
        try {
            return Math.multiplyExact(Long.parseLong(text.substring(0, digits)), factor);
        } catch (final NumberFormatException | ArithmeticException e) {
            throw new IllegalArgumentException("\"" + text + "\" is too large", e);
        }
    }
}
