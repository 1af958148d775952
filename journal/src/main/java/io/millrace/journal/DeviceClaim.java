package io.millrace.journal;

import com.kenai.jffi.LastError;
import io.millrace.codec.ErrorCode;
import io.millrace.codec.MillraceException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.SaveError;

/**
 * The claim on a block device: a descriptor opened with {@code O_EXCL}, which the kernel grants to one holder at a time
 * and to nobody while a file system, swap, RAID, device mapper or another claim has the device or a part of it.
 *
 * <p><b>Threading</b>: one thread. <b>Invariants</b>: held from before the first write until after the last one.
 */
final class DeviceClaim implements AutoCloseable {
    private static final int O_RDWR = 2;
    private static final int O_EXCL = 0200;
    private static final int O_CLOEXEC = 02000000;
    private static final int EACCES = 13;
    private static final int EBUSY = 16;
    private static final int EPERM = 1;
    private static final int EROFS = 30;
    private static final Path ROOT = Path.of("/");

    private final LibC libc;
    private final int descriptor;
    private final ResourceLedger ledger;
    private boolean closed;

    private DeviceClaim(final LibC libc, final int descriptor, final ResourceLedger ledger) {
        this.libc = libc;
        this.descriptor = descriptor;
        this.ledger = ledger;
        ledger.addDescriptors(1);
    }

    /** The system calls of a claim; read errno at once. */
    public interface LibC {
        /**
         * See open(2).
         *
         * @param path of the device
         * @param flags of open
         * @param mode 0
         * @return descriptor, or -1
         */
        @SaveError
        int open(String path, int flags, int mode);

        /**
         * See close(2).
         *
         * @param fileDescriptor to close
         * @return 0, or -1
         */
        @SaveError
        int close(int fileDescriptor);
    }

    /**
     * Claims a block device.
     *
     * @param device file
     * @param facts of it
     * @param ledger that counts the descriptor
     * @return claim
     * @throws MillraceException MR-6011, MR-6012 read-only, MR-6013, MR-6021 in use, naming by what
     */
    static DeviceClaim take(final Path device, final BlockFacts facts, final ResourceLedger ledger) {
        final LibC libc = LibraryLoader.create(LibC.class).load("c");
        final int descriptor = libc.open(device.toString(), O_RDWR | O_EXCL | O_CLOEXEC, 0);
        if (descriptor >= 0) {
            return new DeviceClaim(libc, descriptor, ledger);
        }
        final int errno = LastError.getInstance().get();
        throw switch (errno) {
            case EBUSY ->
                new MillraceException(
                        ErrorCode.DEVICE_IN_USE,
                        device + " (" + facts.name() + ") is in use: " + usersOf(ROOT, facts) + ". "
                                + ErrorCode.DEVICE_IN_USE.remedy());
            case EACCES, EPERM ->
                new MillraceException(
                        ErrorCode.DEVICE_PERMISSION, device + ": permission denied (errno " + errno + ")");
            case EROFS ->
                new MillraceException(ErrorCode.DEVICE_UNSUITABLE, device + " is read-only. Make it writable first");
            default -> new MillraceException(ErrorCode.DEVICE_IO, device + ": claiming it gave errno " + errno);
        };
    }

    /**
     * Finds out who uses a device or a part of it.
     *
     * @param root below which {@code proc} and {@code sys} lie
     * @param facts of the device
     * @return words for an operator, never empty
     */
    static String usersOf(final Path root, final BlockFacts facts) {
        final List<String> users = new ArrayList<>();
        try {
            for (final String line : Files.readAllLines(root.resolve("proc/self/mountinfo"))) {
                final String[] fields = line.split(" ", -1);
                final int dash = List.of(fields).indexOf("-");
                if (fields.length > 4 && dash > 0 && dash + 2 < fields.length) {
                    final String source = fields[dash + 2];
                    if (fields[2].equals(facts.number()) || isPartOf(source, facts)) {
                        users.add(source + " is mounted at " + fields[4]);
                    }
                }
            }
            for (final String line : Files.readAllLines(root.resolve("proc/swaps"))) {
                final String source = line.split("\\s+", 2)[0];
                if (isPartOf(source, facts)) {
                    users.add(source + " is swap");
                }
            }
            final Path holders =
                    root.resolve("sys/dev/block").resolve(facts.number()).resolve("holders");
            if (Files.isDirectory(holders)) {
                try (DirectoryStream<Path> all = Files.newDirectoryStream(holders)) {
                    for (final Path holder : all) {
                        users.add("it is part of " + holder.getFileName());
                    }
                }
            }
        } catch (final IOException e) {
            users.add(String.valueOf(e.getMessage())); // only for the message
        }
        return users.isEmpty()
                ? "another program, such as a node or a calibration, has claimed it"
                : String.join("; ", users);
    }

    private static boolean isPartOf(final String source, final BlockFacts facts) {
        final String whole = "/dev/" + facts.name();
        return source.equals(whole)
                || (source.startsWith(whole) && source.substring(whole.length()).matches("p?[0-9]+"));
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            libc.close(descriptor);
            ledger.addDescriptors(-1);
        }
    }
}
