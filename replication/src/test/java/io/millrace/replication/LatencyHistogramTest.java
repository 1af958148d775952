package io.millrace.replication;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link LatencyHistogram}: bounds are inclusive, nothing is lost. */
@Timeout(20)
final class LatencyHistogramTest {
    @ParameterizedTest
    @CsvSource({
        "-5, 0",
        "0, 0",
        "1, 0",
        "8192, 0",
        "8193, 1",
        "16384, 1",
        "16385, 2",
        "17179869184, 21",
        "17179869185, 22",
        "9223372036854775807, 22",
    })
    void shouldCountIntoTheFirstBucketWhoseBoundIsNotLess(final long elapsedNs, final int bucket) {
        final LatencyHistogram histogram = new LatencyHistogram();
        histogram.record(elapsedNs);
        for (int i = 0; i < LatencyHistogram.BUCKET_COUNT; i++) {
            assertEquals(i == bucket ? 1 : 0, histogram.count(i), "bucket " + i);
        }
    }

    @Test
    void shouldAddUpWhenTimesAreRecorded() {
        final LatencyHistogram histogram = new LatencyHistogram();
        histogram.record(100);
        histogram.record(-1);
        histogram.record(20_000);
        assertEquals(20_100, histogram.sumNs());
        assertEquals(8_192, LatencyHistogram.boundNs(0));
        assertEquals(Long.MAX_VALUE, LatencyHistogram.boundNs(LatencyHistogram.BUCKET_COUNT - 1));
    }
}
