package io.millrace.journal;

import io.millrace.codec.Crc32c;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;

/**
 * Where a journal lies: in a file, or on a raw block device that is named by its path, by a link to it (for example in
 * {@code /dev/disk/by-id}), or by its serial number.
 *
 * <p><b>Threading</b>: any thread. <b>Invariants</b>: a file is never made where a device was named.
 */
public final class JournalPlace {
    /** What a serial number begins with, where a path could stand. */
    public static final String SERIAL_PREFIX = "serial:";

    private static final Path DEVICES = Path.of("/dev");
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final Pattern NVME_NAMESPACE = Pattern.compile("nvme[0-9]+n[0-9]+");

    private JournalPlace() {}

    /**
     * Finds what an operator named.
     *
     * @param text a path, or {@code serial:} and a serial number or world-wide name of a disk
     * @return absolute path
     * @throws MillraceException MR-6001 when no disk has the serial number, MR-6012 when several have
     */
    public static Path resolve(final String text) {
        return resolve(text, BlockFacts.SYSFS, DEVICES);
    }

    /**
     * Finds what an operator named, among a test's devices.
     *
     * @param text a path, or {@code serial:} and a serial number or world-wide name of a disk
     * @param sysfs where it is mounted
     * @param devices where device files are
     * @return absolute path
     * @throws MillraceException MR-6001, MR-6012
     */
    static Path resolve(final String text, final Path sysfs, final Path devices) {
        if (!text.startsWith(SERIAL_PREFIX)) {
            return Path.of(text).toAbsolutePath().normalize();
        }
        final String serial = text.substring(SERIAL_PREFIX.length()).strip();
        final TreeSet<String> found = new TreeSet<>();
        if (!serial.isEmpty()) {
            try {
                addDisks(sysfs.resolve("block"), serial, found);
                addNamespaces(sysfs.resolve("class/nvme"), serial, found);
            } catch (final IOException e) {
                throw new MillraceException(ErrorCode.DEVICE_IO, text + ": " + sysfs + ": " + e, e);
            }
        }
        if (found.isEmpty()) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_FOUND,
                    text + ": no disk of this host has the serial number or world-wide name '" + serial
                            + "'. List them with: lsblk -o NAME,SERIAL,WWN,MODEL,SIZE");
        }
        if (found.size() > 1) {
            throw new MillraceException(
                    ErrorCode.DEVICE_UNSUITABLE,
                    text + " fits " + String.join(", ", found) + ". Name one of them by its path in /dev/disk/by-id");
        }
        return devices.resolve(found.first().replace('!', '/'));
    }

    private static void addDisks(final Path block, final String serial, final Set<String> found) throws IOException {
        if (!Files.isDirectory(block)) {
            return;
        }
        try (DirectoryStream<Path> disks = Files.newDirectoryStream(block)) {
            for (final Path disk : disks) {
                if (BlockFacts.goesBy(disk, serial)) {
                    found.add(String.valueOf(disk.getFileName()));
                }
            }
        }
    }

    private static void addNamespaces(final Path controllers, final String serial, final Set<String> found)
            throws IOException {
        if (!Files.isDirectory(controllers)) {
            return;
        }
        try (DirectoryStream<Path> all = Files.newDirectoryStream(controllers)) {
            for (final Path controller : all) {
                if (!BlockFacts.goesBy(controller, serial)) {
                    continue;
                }
                try (DirectoryStream<Path> children = Files.newDirectoryStream(controller)) {
                    for (final Path child : children) {
                        final String name = String.valueOf(child.getFileName());
                        if (NVME_NAMESPACE.matcher(name).matches()) {
                            found.add(name);
                        }
                    }
                }
            }
        }
    }

    /**
     * Tells whether a path names a block device.
     *
     * @param path any
     * @return false also when nothing is there
     */
    public static boolean isBlockDevice(final Path path) {
        return BlockFacts.numberOf(path) != null;
    }

    /**
     * Tells how long a file or block device is, without opening it: closing it would give up this process's lock.
     *
     * @param path any
     * @return bytes; 0 when nothing is there, or it cannot be told
     */
    public static long lengthBytes(final Path path) {
        try {
            return Files.isRegularFile(path)
                    ? Files.size(path)
                    : BlockFacts.of(path).map(BlockFacts::length).orElse(0L);
        } catch (final IOException e) {
            return 0;
        }
    }

    /**
     * Tells whether a journal lies there: a file, whatever it holds, or a block device with a valid superblock.
     *
     * @param path of a file or block device
     * @return false when nothing is there, or a block device holds something else
     * @throws MillraceException MR-6004 when this process has locked it, MR-6008 unknown version, MR-6011 unreadable,
     *     MR-6012 a file in the place of a device, MR-6013 not permitted
     */
    public static boolean holdsJournal(final Path path) {
        if (!Files.exists(path)) {
            return false;
        }
        requireUsable(path);
        return !isBlockDevice(path) || hasSuperblock(path);
    }

    private static boolean hasSuperblock(final Path device) {
        JournalLock.requireNotLockedHere(device);
        final ByteBuffer head = ByteBuffer.allocate(JournalContext.HEAD_LENGTH);
        try (FileChannel channel = FileChannel.open(device, StandardOpenOption.READ)) {
            int read = 1;
            while (head.hasRemaining() && read > 0) {
                read = channel.read(head, head.position());
            }
        } catch (final AccessDeniedException e) {
            throw new MillraceException(ErrorCode.DEVICE_PERMISSION, device + ": permission denied", e);
        } catch (final IOException e) {
            throw new MillraceException(ErrorCode.DEVICE_IO, device + ": " + e.getMessage(), e);
        }
        return SuperblockPair.read(new UnsafeBuffer(head.array()), 0, new Crc32c(head), device.toString())
                        .badCount()
                < 2;
    }

    /**
     * Refuses what can hold no journal: a directory, a device that is no block device, and a file where devices are,
     * which lies in memory and was made by somebody who missed the device's name.
     *
     * @param path existing
     * @throws MillraceException MR-6012
     */
    static void requireUsable(final Path path) {
        final boolean isFile = Files.isRegularFile(path);
        if (!isFile && !isBlockDevice(path)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_UNSUITABLE, path + " is neither a file nor a block device. Check journal.path");
        }
        if (isFile && isAmongDevices(path)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_UNSUITABLE,
                    path + " is a file in memory where a device is expected. Remove it and check journal.path");
        }
    }

    /**
     * Refuses to make a file where a device was named.
     *
     * @param path that does not exist
     * @throws MillraceException MR-6001 naming the directory
     */
    static void requireNoDeviceNamed(final Path path) {
        if (isAmongDevices(path)) {
            throw new MillraceException(
                    ErrorCode.DEVICE_NOT_FOUND,
                    path + " names a device that is not there, and no file is made in its place. Check journal.path"
                            + " and cabling; list the devices with: lsblk");
        }
    }

    private static boolean isAmongDevices(final Path path) {
        final Path absolute = path.toAbsolutePath().normalize();
        return absolute.startsWith(DEVICES) && !absolute.startsWith(SHARED_MEMORY);
    }

    /**
     * Returns the length of a file or of a block device.
     *
     * @param path of an existing one
     * @return bytes
     * @throws IOException when it cannot be told
     */
    static long lengthOf(final Path path) throws IOException {
        if (!isBlockDevice(path)) {
            return Files.size(path);
        }
        final long told = BlockFacts.of(path).map(BlockFacts::length).orElse(0L);
        if (told > 0) {
            return told;
        }
        JournalLock.requireNotLockedHere(path);
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            return channel.size();
        }
    }
}
