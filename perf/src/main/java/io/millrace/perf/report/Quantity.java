package io.millrace.perf.report;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Numbers with units on the command line: {@code 20s}, {@code 1KiB}, {@code 100k}.
 *
 * <p><b>Threading:</b> stateless.
 */
public final class Quantity {
    private static final Map<String, BigDecimal> DURATIONS = Map.of(
            "ns", BigDecimal.ONE,
            "us", BigDecimal.valueOf(1_000),
            "ms", BigDecimal.valueOf(1_000_000),
            "s", BigDecimal.valueOf(1_000_000_000L),
            "", BigDecimal.valueOf(1_000_000_000L),
            "m", BigDecimal.valueOf(60_000_000_000L),
            "h", BigDecimal.valueOf(3_600_000_000_000L));
    private static final Map<String, BigDecimal> SIZES = Map.of(
            "", BigDecimal.ONE,
            "b", BigDecimal.ONE,
            "k", BigDecimal.valueOf(1 << 10),
            "kib", BigDecimal.valueOf(1 << 10),
            "mib", BigDecimal.valueOf(1 << 20),
            "gib", BigDecimal.valueOf(1 << 30));
    private static final Map<String, BigDecimal> RATES = Map.of(
            "",
            BigDecimal.ONE,
            "/s",
            BigDecimal.ONE,
            "k",
            BigDecimal.valueOf(1_000),
            "m",
            BigDecimal.valueOf(1_000_000));

    private Quantity() {}

    /** A duration in nanoseconds; a number alone is seconds. */
    public static final class Duration implements ITypeConverter<Long> {
        /** For picocli. */
        public Duration() {}

        @Override
        public Long convert(final String text) {
            return parse(text, DURATIONS, "a duration such as 20s, 500ms or 2m");
        }
    }

    /** A size in bytes. */
    public static final class Size implements ITypeConverter<Long> {
        /** For picocli. */
        public Size() {}

        @Override
        public Long convert(final String text) {
            return parse(text, SIZES, "a size such as 100, 1KiB or 4GiB");
        }
    }

    /** A rate in events per second. */
    public static final class Rate implements ITypeConverter<Long> {
        /** For picocli. */
        public Rate() {}

        @Override
        public Long convert(final String text) {
            return parse(text, RATES, "a rate such as 10000, 500k or 1M");
        }
    }

    private static long parse(final String text, final Map<String, BigDecimal> units, final String wanted) {
        final String plain = text.trim().replace("_", "").replace(",", "");
        int end = 0;
        while (end < plain.length() && (Character.isDigit(plain.charAt(end)) || plain.charAt(end) == '.')) {
            end++;
        }
        final BigDecimal unit = units.get(plain.substring(end).trim().toLowerCase(Locale.ROOT));
        try {
            if (unit != null) {
                final long value =
                        new BigDecimal(plain.substring(0, end)).multiply(unit).longValue();
                if (value > 0) {
                    return value;
                }
            }
        } catch (final NumberFormatException e) {
            throw new TypeConversionException("'" + text + "' is not " + wanted);
        }
        throw new TypeConversionException("'" + text + "' is not " + wanted);
    }
}
