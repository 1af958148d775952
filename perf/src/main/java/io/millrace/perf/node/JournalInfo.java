package io.millrace.perf.node;

import io.millrace.perf.report.JsonFields;
import io.millrace.perf.report.JsonObject;

/**
 * What a node says of its journal in its ready line.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param backend {@code uring} or {@code channel}.
 * @param durabilityMode mechanism of a durable write, with what is known of the device's honesty.
 * @param device under the journal.
 * @param calibration what is kept of it in the superblocks, in words.
 * @param durability {@code MEDIA}, {@code MEMORY} where the medium is memory, or {@code UNKNOWN}.
 */
public record JournalInfo(String backend, String durabilityMode, String device, String calibration, String durability) {
    /** A node that was not started here. */
    public static final JournalInfo UNKNOWN = new JournalInfo("unknown", "unknown", "unknown", "unknown", "UNKNOWN");

    /**
     * Reads it from a ready line.
     *
     * @param ready the line.
     * @return what it says.
     */
    public static JournalInfo of(final JsonFields ready) {
        return new JournalInfo(
                ready.get("journal.backend", "unknown"),
                ready.get("journal.durabilityMode", "unknown"),
                ready.get("journal.device", "unknown"),
                calibration(ready),
                ready.get("durability", "UNKNOWN"));
    }

    private static String calibration(final JsonFields ready) {
        final String inFlight = ready.get("journal.writesInFlight", "unknown") + " writes in flight";
        return "true".equals(ready.get("journal.calibration.calibrated"))
                ? "calibrated " + ready.get("journal.calibration.date", "") + " ("
                        + ready.get("journal.calibration.mode", "") + ", p50 "
                        + ready.get("journal.calibration.p50Micros", "") + " p99 "
                        + ready.get("journal.calibration.p99Micros", "") + " us), " + inFlight
                : "not calibrated, " + inFlight;
    }

    /** As JSON: backend, durabilityMode, device, calibration. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("backend", backend)
                .put("durabilityMode", durabilityMode)
                .put("device", device)
                .put("calibration", calibration);
    }

    @Override
    public String toString() {
        return "journal " + backend + ", " + durabilityMode + ", device " + device + ", " + calibration
                + ", durability " + durability;
    }
}
