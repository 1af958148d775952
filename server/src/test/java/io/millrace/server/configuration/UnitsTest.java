package io.millrace.server.configuration;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link Units}. */
@Timeout(20)
final class UnitsTest {
    @ParameterizedTest
    @CsvSource({"0, 0", "7, 7", "1B, 1", "64KiB, 65536", "64 kib, 65536", "3MiB, 3145728", "1TiB, 1099511627776"})
    void shouldReadSizes(final String text, final long bytes) {
        assertEquals(bytes, Units.parseSize(text));
        assertEquals(bytes, Units.parseSize(Units.size(bytes)));
    }

    @ParameterizedTest
    @CsvSource({"1ns, 1", "250us, 250000", "5s, 5000000000", "2min, 120000000000", "1h, 3600000000000", "0s, 0"})
    void shouldReadDurations(final String text, final long durationNs) {
        assertEquals(durationNs, Units.parseDuration(text));
        assertEquals(durationNs, Units.parseDuration(Units.duration(durationNs)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "KiB", "64KB", "64 K", "-1", "1.5GiB", "99999999999999999999", "9999999999TiB"})
    void shouldRefuseWhenSizeIsUnclear(final String text) {
        assertThrows(IllegalArgumentException.class, () -> Units.parseSize(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "5", "5 parsec", "1.5s", "-1s", "9999999999999h"})
    void shouldRefuseWhenDurationIsUnclear(final String text) {
        assertThrows(IllegalArgumentException.class, () -> Units.parseDuration(text));
    }

    @ParameterizedTest
    @CsvSource({"10, 10 B", "1536, 1.5 KiB", "4294967296, 4.0 GiB"})
    void shouldRoundSizesForPeople(final long bytes, final String text) {
        assertEquals(text, Units.roundSize(bytes));
    }
}
