package io.millrace.journal;

/**
 * How a write is made durable, and what is known about the device that promises it. Printed by the node, the tools and
 * every benchmark, because nothing is durable only because a test says so.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param mechanism of the durable write, e.g. {@code RWF_DSYNC}
 * @param survivesPowerLoss false when the medium is memory (tmpfs, the memory backend): then nothing is durable
 * @param device block device or file system under the journal, e.g. {@code vda (ext4)}
 * @param writeCache {@code write back}, {@code write through} or {@code unknown}, as the kernel reports it
 * @param forceUnitAccess {@code yes}, {@code no} or {@code unknown}: FUA writes, as the kernel reports it
 */
public record DurabilityMode(
        String mechanism, boolean survivesPowerLoss, String device, String writeCache, String forceUnitAccess) {
    /** What the kernel does not tell. */
    public static final String UNKNOWN = "unknown";

    /**
     * Describes the mode to an operator.
     *
     * @return one line
     */
    public String describe() {
        return mechanism + " on " + device + ", write cache: " + writeCache + ", FUA: " + forceUnitAccess
                + (survivesPowerLoss ? "" : ", NOT DURABLE: the medium is memory");
    }
}
