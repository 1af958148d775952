package io.millrace.journal;

import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a calibration found best for a device; kept in both superblocks.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param method of durable writes, null when the device is not calibrated
 * @param writesInFlight K, 0 when the device is not calibrated
 * @param p50Ns median from the arrival of an event to its durability under the calibration's load, nanoseconds
 * @param p99Ns its 99th percentile, nanoseconds
 * @param calibratedNs when, nanoseconds since 1970
 */
public record Calibration(@Nullable SyncMethod method, int writesInFlight, long p50Ns, long p99Ns, long calibratedNs) {
    /** A device that nobody has calibrated. */
    public static final Calibration NONE = new Calibration(null, 0, 0, 0, 0);

    /**
     * Tells whether the device was calibrated.
     *
     * @return false for {@link #NONE}
     */
    public boolean isDone() {
        return method != null;
    }

    /**
     * Returns the method to use.
     *
     * @return what was found, {@code RWF_DSYNC} when nothing was
     */
    public SyncMethod methodToUse() {
        return method == null ? SyncMethod.RWF_DSYNC : method;
    }

    /**
     * Returns the K to use.
     *
     * @param context says whether a calibration goes before its own number
     * @return 1 or more
     */
    int writesInFlight(final JournalContext context) {
        return isDone() && context.calibratedWritesInFlight() ? writesInFlight : context.writesInFlight();
    }

    /**
     * Describes it to an operator.
     *
     * @return one line
     */
    public String describe() {
        if (method == null) {
            return "not calibrated";
        }
        return String.format(
                Locale.ROOT,
                "calibrated %s: %s, %d in flight, p50 %.1f p99 %.1f us",
                date(),
                method,
                writesInFlight,
                p50Ns / 1e3,
                p99Ns / 1e3);
    }

    /**
     * Returns when it was done.
     *
     * @return ISO 8601 in UTC, whole seconds; empty when it was not
     */
    public String date() {
        return method == null
                ? ""
                : Instant.ofEpochSecond(TimeUnit.NANOSECONDS.toSeconds(calibratedNs))
                        .toString();
    }
}
