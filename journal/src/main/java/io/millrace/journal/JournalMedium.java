package io.millrace.journal;

import java.nio.file.Path;

/**
 * What a journal lies on, for reports: the device that an operator can find in the rack.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param kind {@code file} or {@code block}
 * @param device name of the disk or partition under it, e.g. {@code /dev/nvme0n1}; empty when there is none
 * @param serial number of the disk, empty when the kernel does not tell
 * @param model of the disk, empty when the kernel does not tell
 * @param writeCache {@code write back}, {@code write through} or {@code unknown}, as the kernel reports it
 */
public record JournalMedium(String kind, String device, String serial, String model, String writeCache) {
    /** A journal in a file. */
    public static final String FILE = "file";

    /** A journal on a raw block device. */
    public static final String BLOCK = "block";

    /**
     * Looks at what lies under a journal.
     *
     * @param path of a file or block device
     * @return medium; what is not known is empty or unknown
     */
    public static JournalMedium of(final Path path) {
        final String kind = JournalPlace.isBlockDevice(path) ? BLOCK : FILE;
        return DeviceIdentity.under(path)
                .map(facts -> new JournalMedium(
                        kind, "/dev/" + facts.name(), facts.serial(), facts.model(), facts.writeCache()))
                .orElse(new JournalMedium(kind, "", "", "", DurabilityMode.UNKNOWN));
    }

    /**
     * Describes it to an operator.
     *
     * @return a few words
     */
    public String describe() {
        final StringBuilder text = new StringBuilder(kind.equals(BLOCK) ? "raw block device" : "file");
        if (!device.isEmpty() && kind.equals(FILE)) {
            text.append(" on ").append(device);
        }
        if (!model.isEmpty()) {
            text.append(", ").append(model);
        }
        if (!serial.isEmpty()) {
            text.append(", serial ").append(serial);
        }
        return text.toString();
    }
}
