package io.millrace.perf;

/**
 * What a node says of its journal in its ready line.
 *
 * <p><b>Threading:</b> immutable.
 *
 * @param backend {@code uring} or {@code channel}.
 * @param durabilityMode mechanism of a durable write, with what is known of the device's honesty.
 * @param device under the journal.
 * @param durability {@code MEDIA}, {@code MEMORY} where the medium is memory, or {@code UNKNOWN}.
 */
record JournalInfo(String backend, String durabilityMode, String device, String durability) {
    /** A node that was not started here. */
    static final JournalInfo UNKNOWN = new JournalInfo("unknown", "unknown", "unknown", "UNKNOWN");

    /**
     * Reads it from a ready line.
     *
     * @param ready the line.
     * @return what it says.
     */
    static JournalInfo of(final JsonFields ready) {
        return new JournalInfo(
                ready.get("journal.backend", "unknown"),
                ready.get("journal.durabilityMode", "unknown"),
                ready.get("journal.device", "unknown"),
                ready.get("durability", "UNKNOWN"));
    }

    /** As JSON: backend, durabilityMode, device. */
    JsonObject toJson() {
        return new JsonObject()
                .put("backend", backend)
                .put("durabilityMode", durabilityMode)
                .put("device", device);
    }

    @Override
    public String toString() {
        return "journal " + backend + ", " + durabilityMode + ", device " + device + ", durability " + durability;
    }
}
