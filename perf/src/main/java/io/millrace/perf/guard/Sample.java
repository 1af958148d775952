package io.millrace.perf.guard;

import io.millrace.perf.report.JsonFields;
import org.jspecify.annotations.Nullable;

/**
 * What one run of one side gave.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param p50 median; microseconds of a latency, the unit of a benchmark of a piece.
 * @param p99 99th percentile.
 * @param allocatedBytes of garbage for each event, both processes together; not a number when unknown.
 * @param disturbed whether others used the machine meanwhile.
 */
record Sample(double p50, double p99, double allocatedBytes, boolean disturbed) {
    /**
     * Reads the result of {@code bench latency --output json}.
     *
     * @param result of any version of the command.
     * @return what it gave.
     * @throws IllegalArgumentException when it holds no latency.
     */
    static Sample ofLatency(final JsonFields result) {
        return new Sample(
                figure(result, "ackLatencyMicros.p50"),
                figure(result, "ackLatencyMicros.p99"),
                sum(result.get("allocatedBytesPerEvent.client"), result.get("allocatedBytesPerEvent.node")),
                Boolean.parseBoolean(result.get("disturbed", "false")));
    }

    /**
     * Reads one row of {@code bench jmh --output json}.
     *
     * @param result of the command.
     * @param row its number.
     * @return what it gave; a JMH run does not know whether it was disturbed.
     */
    static Sample ofBenchmark(final JsonFields result, final int row) {
        final String prefix = "rows." + row + ".";
        return new Sample(
                figure(result, prefix + "p50"),
                figure(result, prefix + "p99"),
                sum(result.get(prefix + "allocatedBytesPerOperation"), "0"),
                false);
    }

    private static double figure(final JsonFields result, final String name) {
        final String text = result.get(name);
        if (text == null) {
            throw new IllegalArgumentException("the result has no " + name);
        }
        final double value = Double.parseDouble(text);
        if (!(value > 0)) {
            throw new IllegalArgumentException(name + " is " + text);
        }
        return value;
    }

    private static double sum(final @Nullable String first, final @Nullable String second) {
        return first == null || second == null ? Double.NaN : Double.parseDouble(first) + Double.parseDouble(second);
    }
}
