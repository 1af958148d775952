package io.millrace.journal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the kernel says of a block device in sysfs. What it does not say is empty, 0 or {@link DurabilityMode#UNKNOWN}.
 *
 * <p><b>Threading</b>: immutable.
 *
 * @param number major and minor number, as in {@code 259:0}
 * @param name as in {@code /dev}, without it
 * @param disk name of the whole disk, the name itself unless the device is a partition
 * @param length bytes, 0 when there is no medium
 * @param logicalBlockLength bytes of the smallest write
 * @param readOnly whether the kernel refuses writes
 * @param serial of the disk, may be empty
 * @param model of the disk, may be empty
 * @param writeCache {@code write back} or {@code write through}
 * @param forceUnitAccess {@code yes} or {@code no}
 * @param backingFile of a loop device, empty for all others
 */
record BlockFacts(
        String number,
        String name,
        String disk,
        long length,
        int logicalBlockLength,
        boolean readOnly,
        String serial,
        String model,
        String writeCache,
        String forceUnitAccess,
        String backingFile) {
    /** Where sysfs is mounted. */
    static final Path SYSFS = Path.of("/sys");

    private static final int SECTOR = 512;
    private static final int PAGE_HEADER = 4;
    private static final String[] SERIAL_FILES = {"serial", "device/serial"};
    private static final String[] NAME_FILES = {"wwid", "device/wwid"};

    /**
     * Reads the facts of a block device by its device file.
     *
     * @param file that is one, or a link to one
     * @return facts, hardly any where sysfs is missing; empty when it is no block device
     */
    static Optional<BlockFacts> of(final Path file) {
        final String number = numberOf(file);
        return number == null
                ? Optional.empty()
                : Optional.of(read(SYSFS, number).orElseGet(() -> unknown(number, String.valueOf(file.getFileName()))));
    }

    private static BlockFacts unknown(final String number, final String name) {
        final String unknown = DurabilityMode.UNKNOWN;
        return new BlockFacts(number, name, name, 0, 0, false, "", "", unknown, unknown, "");
    }

    /**
     * Returns the number of a block device.
     *
     * @param file any
     * @return major and minor number, null when the file is no block device
     */
    static @Nullable String numberOf(final Path file) {
        final int typeMask = 0170000;
        final int block = 0060000;
        try {
            final int mode = (Integer) Files.getAttribute(file, "unix:mode");
            return (mode & typeMask) == block ? number((Long) Files.getAttribute(file, "unix:rdev")) : null;
        } catch (final IOException | UnsupportedOperationException e) {
            return null; // nothing there, or no Unix
        }
    }

    /**
     * Splits a device number as stat(2) gives it.
     *
     * @param device number
     * @return major and minor number
     */
    static String number(final long device) {
        final long major = (device >>> 8 & 0xfff) | (device >>> 32 & ~0xfffL);
        final long minor = (device & 0xff) | (device >>> 12 & ~0xffL);
        return major + ":" + minor;
    }

    /**
     * Reads the facts of a device by its number.
     *
     * @param sysfs where it is mounted, or a test's directory
     * @param number major and minor number
     * @return facts; empty when sysfs does not know the device
     */
    static Optional<BlockFacts> read(final Path sysfs, final String number) {
        try {
            final Path link = sysfs.resolve("dev/block").resolve(number);
            if (!Files.exists(link)) {
                return Optional.empty();
            }
            final Path device = link.toRealPath();
            final boolean isPartition = Files.exists(device.resolve("partition"));
            final Path parent = device.getParent();
            final Path disk = isPartition && parent != null ? parent : device;
            final String fua = text(disk.resolve("queue/fua"));
            final String cache = text(disk.resolve("queue/write_cache"));
            return Optional.of(new BlockFacts(
                    number,
                    nameOf(device),
                    nameOf(disk),
                    number(device.resolve("size")) * SECTOR,
                    (int) number(disk.resolve("queue/logical_block_size")),
                    number(device.resolve("ro")) != 0,
                    serialOf(disk),
                    text(disk.resolve("device/model")),
                    cache.isEmpty() ? DurabilityMode.UNKNOWN : cache,
                    "1".equals(fua) ? "yes" : "0".equals(fua) ? "no" : DurabilityMode.UNKNOWN,
                    text(device.resolve("loop/backing_file"))));
        } catch (final IOException e) {
            return Optional.empty();
        }
    }

    private static String nameOf(final Path device) {
        return String.valueOf(device.getFileName()).replace('!', '/');
    }

    private static String serialOf(final Path disk) throws IOException {
        for (final String file : SERIAL_FILES) {
            final String serial = text(disk.resolve(file));
            if (!serial.isEmpty()) {
                return serial;
            }
        }
        final String page = scsiSerial(disk);
        if (!page.isEmpty()) {
            return page;
        }
        for (final String file : NAME_FILES) {
            final String name = text(disk.resolve(file));
            if (!name.isEmpty()) {
                return name;
            }
        }
        return "";
    }

    /**
     * Tells whether a disk goes by a serial number or a world-wide name.
     *
     * @param disk its directory in sysfs
     * @param wanted serial number or name
     * @return true when one of those that it tells is it
     * @throws IOException when sysfs cannot be read
     */
    static boolean goesBy(final Path disk, final String wanted) throws IOException {
        for (final String file : SERIAL_FILES) {
            if (wanted.equals(text(disk.resolve(file)))) {
                return true;
            }
        }
        for (final String file : NAME_FILES) {
            if (wanted.equals(text(disk.resolve(file)))) {
                return true;
            }
        }
        return wanted.equals(scsiSerial(disk));
    }

    /** Reads the unit serial number that a SCSI disk gives: a header of four bytes, then text. */
    private static String scsiSerial(final Path disk) throws IOException {
        final Path page = disk.resolve("device/vpd_pg80");
        if (!Files.isReadable(page)) {
            return "";
        }
        final byte[] bytes = Files.readAllBytes(page);
        return bytes.length <= PAGE_HEADER
                ? ""
                : new String(bytes, PAGE_HEADER, bytes.length - PAGE_HEADER, StandardCharsets.US_ASCII).strip();
    }

    private static String text(final Path file) throws IOException {
        if (!Files.isReadable(file) || Files.isDirectory(file)) {
            return "";
        }
        return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
    }

    private static long number(final Path file) throws IOException {
        try {
            final String text = text(file);
            return text.isEmpty() ? 0 : Long.parseLong(text);
        } catch (final NumberFormatException e) {
            return 0;
        }
    }

    /** Tells whether the device is a part of a disk. */
    boolean isPartition() {
        return !name.equals(disk);
    }
}
